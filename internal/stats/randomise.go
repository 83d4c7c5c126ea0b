package stats

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// exactUnits is up to how many units all sign patterns are counted.
const exactUnits = 16

// Randomisation tests whether the mean of paired differences is zero. If two rows are equally good,
// the difference of a unit is as likely to be positive as negative, whatever its size. So the signs
// of the units are flipped at random, all values of a unit together, and P is the share of sign
// patterns whose mean is as far from zero as the one that was seen. Up to 16 units with a
// difference, all patterns are counted and P is exact. Beyond, P is (b+1)/(m+1) for b of m random
// patterns (Phipson and Smyth 2010), which is never zero. If b is zero, P is the bound of Bentkus and
// Dzindzalieta where that is smaller: see tailBound. Without it, P could be no smaller than 1/(m+1),
// and a correction for hundreds of comparisons would need as many more patterns.
//
// The interval holds the differences that the same test does not reject: it excludes zero exactly
// if P is at most 1 - level. Hartigan (1969) shows that its ends are order statistics of the means
// of random subsets of the units. With few units there is no such interval, as there is no such P:
// five pairs cannot give 95 %.
//
// Reference for the choice of test: Smucker, Allan and Carterette (CIKM 2007).
func Randomisation(d Sample, level float64, b Resampling) Result {
	return RandomisationAll([]Sample{d}, level, b)[0]
}

// RandomisationAll is Randomisation of many samples. Samples with the same number of units share
// their sign patterns, and each result is what Randomisation returns for the sample alone.
func RandomisationAll(samples []Sample, level float64, b Resampling) []Result {
	results := make([]Result, len(samples))
	tests := make([]*flipTest, len(samples))
	parallel(len(samples), func(i int) {
		a, reason := arrange(samples[i])
		switch {
		case reason != "":
			results[i] = undecided(undefined(reason), reason)
		case !validLevel(level):
			results[i] = undecided(a.estimate().without(reasonLevel), reasonLevel)
		case a.alone() != "":
			results[i] = undecided(a.estimate().without(a.alone()), a.alone())
		default:
			tests[i] = newFlipTest(a)
		}
	})
	share(tests, b)
	parallel(len(samples), func(i int) {
		if tests[i] != nil {
			results[i] = tests[i].result(level, b)
		}
	})
	return results
}

// A flipTest is a sample and the sums of the units that each sign pattern flips.
type flipTest struct {
	*arranged
	terms    terms      // what each unit adds to the mean
	weights  terms      // what each unit adds to the mean if all its values are one
	flipped  *subsetJob // sums of terms over the flipped units
	weighed  *subsetJob // sums of weights over the flipped units
	moved    terms      // the terms that are not zero
	patterns *subsetJob // all sign patterns of moved; nil if they are too many
}

func newFlipTest(a *arranged) *flipTest {
	value := make([]float64, a.units)
	weight := make([]float64, a.units)
	for k, c := range a.cells {
		w := a.weight(c.class)
		value[c.unit] += float64(w * a.sum[k])
		weight[c.unit] += float64(w * c.n)
	}
	t := &flipTest{arranged: a, terms: integers(value), weights: integers(weight)}
	t.moved = t.terms
	t.moved.list = slices.DeleteFunc(slices.Clone(t.terms.list), func(v float64) bool { return v == 0 })
	return t
}

// share computes the sums for all tests. Tests with the same number of units have the same sign
// patterns.
func share(tests []*flipTest, b Resampling) {
	type kind struct {
		units int
		exact bool
	}
	jobs := map[kind][]*subsetJob{}
	var order []kind
	add := func(list []float64) *subsetJob {
		k := kind{len(list), len(list) <= exactUnits}
		if _, ok := jobs[k]; !ok {
			order = append(order, k)
		}
		times := max(b.Times, 0)
		if k.exact {
			times = 1 << k.units
		}
		j := &subsetJob{list: list, sums: make([]float64, times)}
		jobs[k] = append(jobs[k], j)
		return j
	}
	weighed := map[string]*subsetJob{}
	for _, t := range tests {
		if t == nil {
			continue
		}
		t.flipped = add(t.terms.list)
		key := t.key()
		if weighed[key] == nil {
			weighed[key] = add(t.weights.list)
		}
		t.weighed = weighed[key]
		switch {
		case len(t.moved.list) == len(t.terms.list) && t.units <= exactUnits:
			t.patterns = t.flipped
		case len(t.moved.list) <= exactUnits:
			t.patterns = add(t.moved.list)
		}
	}
	for _, k := range order {
		draw := flips(b.Seed)
		if k.exact {
			draw = enumerate
		}
		subsetSums(jobs[k], draw)
	}
}

// result counts the sign patterns.
func (t *flipTest) result(level float64, b Resampling) Result {
	r := Result{Difference: t.inverted(level), Effect: t.effect(), N: t.n, Equal: t.units - len(t.moved.list)}
	seen := math.Abs(t.terms.total) - tolerance
	count := func(sums []float64) float64 {
		n := 0.0
		for _, s := range sums {
			if math.Abs(t.terms.total-2*s) >= seen {
				n++
			}
		}
		return n
	}
	switch {
	case t.patterns != nil:
		all := float64(len(t.patterns.sums))
		r.P, r.Least, r.Exact = count(t.patterns.sums)/all, min(1, 2/all), true
	case b.Times < 1:
		r.P, r.Least, r.Reason = math.NaN(), math.NaN(), reasonDraws
	default:
		all := float64(b.Times + 1)
		as := count(t.flipped.sums)
		r.P = (as + 1) / all
		if as == 0 {
			r.P = min(r.P, t.tailBound(t.terms.total))
		}
		var most float64 // the mean if all differences had one sign
		for _, v := range t.terms.list {
			most += math.Abs(v)
		}
		r.Least = min(1/all, t.tailBound(most))
	}
	return r
}

// tailBound is not below the share of all sign patterns whose sum is as far from zero as the given one.
//
// For a sum S of numbers with random signs whose squares add up to one, and a normal Z, Bentkus and
// Dzindzalieta prove P(S >= x) <= c P(Z >= x) with c = 1 / (4 P(Z >= sqrt 2)), about 3.18, whatever
// the numbers are ("A tight Gaussian bound for weighted sums of Rademacher random variables",
// Bernoulli 21, 2015). If P is b+1 of m+1 for b > 0, and at most the bound for b = 0, it remains a
// valid p value: for thresholds of 1/(m+1) and more the bound changes nothing, and below them P
// is at least the bound, which is at least the p value over all patterns.
func (t *flipTest) tailBound(sum float64) float64 {
	var squares float64
	for _, v := range t.terms.list {
		squares += float64(v * v)
	}
	return roundedUp(signTail((math.Abs(sum) - tolerance) / math.Sqrt(squares)))
}

// signTail bounds the two-sided tail of a sum of numbers with random signs whose squares add up to
// one.
func signTail(x float64) float64 { return math.Erfc(x/math.Sqrt2) / (2 * math.Erfc(1)) }

// roundedUp rounds a bound up, because the last digits of Erfc may depend on the processor.
func roundedUp(bound float64) float64 {
	const smallest = 1e-300
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(1.01*bound, 'e', 2, 64), 64)
	if err != nil || !(rounded > smallest) {
		return smallest
	}
	return rounded
}

// inverted is the interval of the differences that the test does not reject. A difference of x is rejected if few
// subsets of the units, and few of their complements, have a mean on its far side.
func (t *flipTest) inverted(level float64) Estimate {
	e := t.estimate()
	if reason := t.alike(); reason != "" {
		return e.without(reason)
	}
	// The empty subset has every difference on its far side.
	means, empty := make([]float64, 0, 2*len(t.flipped.sums)), 0
	scale := t.weights.shift - t.terms.shift
	add := func(sum, weight float64) {
		if weight == 0 {
			empty++
		} else {
			means = append(means, math.Ldexp(sum/weight, scale))
		}
	}
	for i, sum := range t.flipped.sums {
		add(sum, t.weighed.sums[i])
		add(t.terms.total-sum, t.weights.total-t.weighed.sums[i])
	}
	// The smallest number of subsets on the far side with which the test does not reject.
	exact := t.units <= exactUnits
	var most int
	if alpha := 1 - level + 1e-12; exact {
		most = int(alpha*float64(len(t.flipped.sums))) + 1
	} else {
		most = int(alpha * float64(len(t.flipped.sums)+1))
	}
	most -= empty
	switch {
	case most < 1 && exact:
		draws := "pairs"
		if t.n > t.units {
			draws = "units"
		}
		percent := strconv.FormatFloat(100*level, 'g', 6, 64)
		return e.without(fmt.Sprintf("%d %s cannot give an interval of %s %% by sign flips", t.units, draws, percent))
	case most < 1:
		return e.without(reasonTimes)
	}
	e.Low, e.High = nth(means, most-1), nth(means, len(means)-most)
	return e
}
