package stats

import "math"

// PairedT tests the mean of paired differences with Student's t. Repeated units and classes are
// treated as in Interval: with one difference for each unit this is the usual paired t test.
func PairedT(d Sample, level float64) Result {
	a, reason := arrange(d)
	if reason != "" {
		return undecided(undefined(reason), reason)
	}
	e, v := a.interval(level)
	return a.student(e, v)
}

// student tests the mean by its variance.
func (a *arranged) student(e Estimate, v spread) Result {
	if e.Reason != "" {
		r := undecided(e, e.Reason)
		if a.zero() && a.units > 1 {
			r.P, r.Least, r.Reason = 1, 0, ""
		}
		return r
	}
	return Result{Difference: e, P: studentP(e.Value/math.Sqrt(v.variance), v.df), Effect: a.effect(), N: a.n}
}

// effect is Cohen's d_z.
func (a *arranged) effect() float64 {
	if a.alike() != "" {
		return math.NaN()
	}
	var variance float64
	for class, members := range a.members {
		if members < 2 {
			return math.NaN()
		}
		unit := make([]float64, 0, members)
		for k := a.first[class]; k < a.first[class+1]; k++ {
			unit = append(unit, a.sum[k]/a.cells[k].n)
		}
		variance += sampleVariance(unit) / float64(len(a.members))
	}
	if variance == 0 || math.IsInf(variance, 0) {
		return math.NaN()
	}
	return a.mean / math.Sqrt(variance)
}

// sampleVariance is the variance with n-1. It does not use gonum, whose sums depend on the
// processor.
func sampleVariance(values []float64) float64 {
	var mean, rest, squares float64
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		rest += (v - mean) / n
	}
	mean += rest
	for _, v := range values {
		squares += float64((v - mean) * (v - mean)) // the conversion forbids a fused step
	}
	return squares / (n - 1)
}

// CorrectedT tests differences of folds or repeated splits, one number for each, where nothing is
// known of units. The training sets of folds overlap, so their results depend on each other, and a
// usual t test finds differences that are not there. Nadeau and Bengio (2003) correct the variance:
// (1/n + testShare) s^2 in place of s^2/n.
//
// testShare is the number of test units over the number of training units. For k folds it is
// (1/k) / ((k-1)/k) = 1/(k-1): 0.25 for five folds. For repeated splits into 90 % and 10 % it is
// 1/9. If a part is kept for validation, it counts as training: it shapes the model. For seeds on
// the same split no training set is drawn: 0 is the usual t test.
func CorrectedT(d []float64, testShare, level float64) Result {
	a, reason := arrange(Sample{Values: d})
	if reason != "" {
		return undecided(undefined(reason), reason)
	}
	if !(testShare >= 0) || math.IsInf(testShare, 0) {
		const reason = "the share of test units is not valid"
		return undecided(a.estimate().without(reason), reason)
	}
	e, v := a.interval(level)
	if e.Reason == "" {
		v.variance *= 1 + float64(float64(a.n)*testShare)
		e = e.around(level, v)
	}
	return a.student(e, v)
}
