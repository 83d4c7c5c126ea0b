// Package stats answers whether a difference between results is more than noise. It has means with
// intervals, paired tests, corrections for many comparisons, prediction intervals, and a test of
// gaps between groups. It knows numbers only: nothing of specs, artifacts or tables.
//
// # Units
//
// The values of a Sample belong to units: users or images that were drawn from a population. A unit
// can have several values, one for each block (fold or seed) that tested it. Such values are not
// independent, so every method here treats the units, and not the values, as the draws: intervals
// are robust to repeated units, resampling draws whole units, and a test flips or permutes whole
// units.
//
// # Missing values
//
// NaN means that a unit does not enter the metric. Such values are left out, and N counts the rest.
//
// # Undefined results
//
// What the data cannot tell is NaN, with a Reason in words that a caption can print. No function
// panics on data or returns a number that stands on no variance or on a single unit. Slices of
// different lengths are a mistake of the caller and panic, except in Paired.
//
// # The same bytes everywhere
//
// Random numbers come from PCG (math/rand/v2) with the seed of Resampling and the number of a chunk
// of work. Sums behind a p value or a percentile are sums of integers in float64, which are exact.
// So neither the order of the values, nor the number of goroutines, nor a processor with fused
// multiplication and addition changes a count.
package stats

import "math"

// A Sample is the values of units.
type Sample struct {
	Values []float64 // NaN: the unit does not enter
	Unit   []int32   // the unit of each value; nil: each value is of a unit of its own
	Block  []int32   // the fold or seed of each value; nil: one block
	// Class is nil for a plain mean. Otherwise the statistic is the mean over classes of the mean in
	// each class: the balanced accuracy if the values are 1 for right and 0 for wrong.
	Class []int32
}

// An Estimate is a number with an interval.
type Estimate struct {
	Value, Low, High float64
	N                int    // values that are not missing
	Units            int    // the distinct units that they are from
	Reason           string // why the value or the interval is NaN; empty if neither is
}

// A Result is the test of a difference against zero.
type Result struct {
	Difference Estimate // Difference.Reason says why the interval is missing
	P          float64  // two-sided
	// Least is the smallest p that this test can give with so few units: 0.0625 for sign flips of
	// five folds, 0 for t tests. A test whose Least is above the threshold cannot decide.
	Least float64
	Equal int // units whose difference is zero: no sign flip changes them. Of sign-flip tests alone
	// Effect is Cohen's d_z: the mean difference in standard deviations of the difference between
	// units. 0.2 says that a fifth of the spread between units separates the two rows, however many
	// units there are. A unit with several values counts with their mean. For a mean over classes,
	// the deviation is the root of the mean of the variances in the classes. NaN without spread.
	Effect float64
	N      int    // pairs that are not missing
	Exact  bool   // all sign patterns or arrangements were counted, not a random part
	Reason string // why P is NaN; empty if it is not
}

// Resampling says how often to draw, and from which stream.
type Resampling struct {
	Times int    // 9999 for a test, 2000 or more for an interval
	Seed  uint64 // the same seed gives the same results on every machine
}

// The reasons that captions print.
const (
	reasonEmpty     = "no values"
	reasonValue     = "fewer than two values"
	reasonUnit      = "fewer than two units"
	reasonClass     = "a class has fewer than two units"
	reasonGroups    = "fewer than two groups"
	reasonGroup     = "a group has fewer than two units"
	reasonTwoGroups = "a unit is in two groups"
	reasonEqual     = "all units have the same value"
	reasonAlike     = "all units of a class have the same value"
	reasonInfinite  = "a value is infinite"
	reasonLarge     = "the values are too large"
	reasonRange     = "the spread of the values is too large or too small to compute"
	reasonLevel     = "the level is not between 0 and 1"
	reasonTimes     = "too few draws for the level"
	reasonDraws     = "no draws"
)

// undefined is an estimate without a value.
func undefined(reason string) Estimate {
	return Estimate{Value: math.NaN(), Low: math.NaN(), High: math.NaN(), Reason: reason}
}

// without is the estimate without an interval.
func (e Estimate) without(reason string) Estimate {
	e.Low, e.High, e.Reason = math.NaN(), math.NaN(), reason
	return e
}

// undecided is a test without a p value.
func undecided(difference Estimate, reason string) Result {
	return Result{Difference: difference, P: math.NaN(), Least: math.NaN(), Effect: math.NaN(), N: difference.N, Reason: reason}
}

func validLevel(level float64) bool { return level > 0 && level < 1 }
