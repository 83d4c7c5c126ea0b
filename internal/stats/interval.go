package stats

import (
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// Mean is the mean of the values, or the mean over classes of their means. It is NaN without values.
func (s Sample) Mean() float64 {
	a, reason := arrange(s)
	if reason != "" {
		return math.NaN()
	}
	return a.mean
}

// Interval is the mean with a t interval. It says how far the mean of other units from the same
// population may be, tested by the same trained models. The values of a unit may depend on each
// other: the variance is the cluster-robust one, with the units as clusters, and G-1 degrees of
// freedom for G units. If every unit has one value, this is the usual t interval. For a mean over
// classes, it is Welch's: a variance for each class, and Satterthwaite's degrees of freedom.
//
// With strongly skewed values and few units the interval covers less than its level: for
// exponential values about 92 % instead of 95 % with 20 units, and 94 % with 100.
func (s Sample) Interval(level float64) Estimate {
	a, reason := arrange(s)
	if reason != "" {
		return undefined(reason)
	}
	e, _ := a.interval(level)
	return e
}

// interval is the t interval, with the variance of the mean.
func (a *arranged) interval(level float64) (Estimate, spread) {
	e := a.estimate()
	v, reason := a.variance()
	if !validLevel(level) {
		reason = reasonLevel
	}
	if reason != "" {
		return e.without(reason), v
	}
	return e.around(level, v), v
}

// A spread is the variance of an estimate, with the degrees of freedom behind it.
type spread struct{ variance, df float64 }

// around puts a t interval around the value.
func (e Estimate) around(level float64, v spread) Estimate {
	half := studentQuantile(level, v.df) * math.Sqrt(v.variance)
	e.Low, e.High = e.Value-half, e.Value+half
	if math.IsInf(half, 0) || math.IsNaN(half) {
		return e.without(reasonRange)
	}
	return e
}

// variance is the cluster-robust variance of the mean.
func (a *arranged) variance() (spread, string) {
	undefined := spread{math.NaN(), math.NaN()}
	if reason := a.alone(); reason != "" {
		return undefined, reason
	}
	if reason := a.alike(); reason != "" {
		return undefined, reason
	}
	influence := make([]float64, a.units)
	var ofClass, df float64
	for class, members := range a.members {
		if members < 2 {
			return undefined, reasonClass
		}
		g := float64(members)
		scale := a.weight(class) * math.Sqrt(g/(g-1))
		var sum float64
		for k := a.first[class]; k < a.first[class+1]; k++ {
			c := a.cells[k]
			e := scale * (a.sum[k] - float64(c.n*a.means[class]))
			sum += float64(e * e)
			influence[c.unit] += e
		}
		ofClass += sum
		df += float64(sum*sum) / (g - 1)
	}
	var sum float64
	for _, e := range influence {
		sum += float64(e * e)
	}
	v := spread{sum, ofClass * ofClass / df}
	if !(v.variance > 0) || math.IsInf(v.variance, 0) || !(v.df > 0) || math.IsInf(v.df, 0) {
		return undefined, reasonRange
	}
	return v, ""
}

// BlockInterval is the mean with a t interval that is robust to blocks as well as to units. It says
// how far the mean may be with other units and other folds or seeds. It is wider than Interval where
// the trained models of the folds or seeds differ. The variance is the two-way one of Cameron,
// Gelbach and Miller (2011): by units plus by blocks minus by units in blocks, with one degree of
// freedom less than the smaller number of clusters. If each unit is in one block, it is the
// variance by blocks. It does not know that training sets of folds overlap: CorrectedT does.
func (s Sample) BlockInterval(level float64) Estimate {
	a, reason := arrange(s)
	if reason != "" {
		return undefined(reason)
	}
	e, v := a.interval(level)
	if e.Reason != "" {
		return e
	}
	type pair struct{ unit, block int32 }
	blocks, reason := byCluster(a, func(r row) int32 { return r.block })
	if reason != "" {
		return e.without("fewer than two folds or seeds")
	}
	both, _ := byCluster(a, func(r row) pair { return pair{r.unit, r.block} })
	units, _ := byCluster(a, func(r row) int32 { return r.unit })
	two := spread{units.variance + blocks.variance - both.variance, min(v.df, blocks.df)}
	if two.variance <= 0 { // by chance
		two.variance = max(units.variance, blocks.variance)
	}
	return e.around(level, two)
}

// byCluster is the variance of the mean with the given clusters. A cluster may have values of
// several classes.
func byCluster[K comparable](a *arranged, of func(row) K) (spread, string) {
	index := map[K]int{}
	var influence []float64
	for _, r := range a.rows {
		k, ok := index[of(r)]
		if !ok {
			k = len(influence)
			index[of(r)] = k
			influence = append(influence, 0)
		}
		class := a.cells[r.cell].class
		influence[k] += float64(a.weight(class) * (r.value - a.means[class]))
	}
	g := float64(len(influence))
	if g < 2 {
		return spread{}, reasonUnit
	}
	var sum float64
	for _, e := range influence {
		sum += float64(e * e)
	}
	return spread{sum * g / (g - 1), g - 1}, ""
}

// studentQuantile is the half-width of the middle part of Student's distribution.
func studentQuantile(level, df float64) float64 {
	return distuv.StudentsT{Sigma: 1, Nu: df}.Quantile((1 + level) / 2)
}

// studentP is the two-sided p value of t. The incomplete beta function keeps the digits of small p
// values that one minus a distribution function loses.
func studentP(t, df float64) float64 {
	if math.IsInf(t, 0) {
		return 0
	}
	return mathext.RegIncBeta(df/2, 0.5, df/(df+float64(t*t)))
}
