package attacks

import (
	"fmt"
	"math"
	"slices"

	"foil/internal/artifact"
)

// An Outcome is the result of an attack on one image.
type Outcome struct {
	Checkpoint      string
	Image           int32 // row of the test images
	Label           int32
	Clean, Attacked int32   // predicted class before and after the attack
	Change          float64 // largest change of a pixel
	Loss            float64 // cross-entropy after the attack
}

// WasRight reports whether the classifier is right before the attack.
func (o Outcome) WasRight() bool { return o.Clean == o.Label }

// Right reports whether the classifier is right after the attack.
func (o Outcome) Right() bool { return o.Attacked == o.Label }

// Stood reports whether the classifier was right before and after the attack.
func (o Outcome) Stood() bool { return o.WasRight() && o.Right() }

// Success is 1 if the attack made a right prediction wrong, 0 if it did not, and NaN if the
// prediction was wrong before it.
func (o Outcome) Success() float64 {
	if !o.WasRight() {
		return math.NaN()
	}
	return Indicator(!o.Right())
}

// Worse reports whether an outcome is worse for the classifier than another one of the same image:
// its prediction is wrong where the other is right, or, if both are right or both wrong, its loss
// is larger.
func (o Outcome) Worse(than Outcome) bool {
	if o.Right() != than.Right() {
		return than.Right()
	}
	return o.Loss > than.Loss
}

// verdict lists the columns of an outcome.
var verdict = []struct {
	name  string
	class bool // the column holds class numbers
	of    func(o Outcome) float64
	set   func(o *Outcome, value float64)
}{
	{"label", true, func(o Outcome) float64 { return float64(o.Label) }, func(o *Outcome, v float64) { o.Label = int32(v) }},
	{"clean", true, func(o Outcome) float64 { return float64(o.Clean) }, func(o *Outcome, v float64) { o.Clean = int32(v) }},
	{"attacked", true, func(o Outcome) float64 { return float64(o.Attacked) }, func(o *Outcome, v float64) { o.Attacked = int32(v) }},
	{"change", false, func(o Outcome) float64 { return o.Change }, func(o *Outcome, v float64) { o.Change = v }},
	{"loss", false, func(o Outcome) float64 { return o.Loss }, func(o *Outcome, v float64) { o.Loss = v }},
}

// verdicts turns rows into the outcomes of images.
func verdicts(o *artifact.Outcomes) ([]Outcome, error) {
	if o.Unit != artifact.UnitImage {
		return nil, fmt.Errorf("its units are in the column %q, not in %q", o.Unit, artifact.UnitImage)
	}
	outcomes := make([]Outcome, 0, o.Len())
	for _, p := range o.Parts {
		for range p.Rows {
			outcomes = append(outcomes, Outcome{Checkpoint: p.Checkpoint, Image: o.Units[len(outcomes)]})
		}
	}
	for _, c := range verdict {
		i := slices.IndexFunc(o.Series, func(s artifact.OutcomeSeries) bool { return s.Column() == c.name })
		if i < 0 {
			return nil, fmt.Errorf("column %q is missing", c.name)
		}
		for row, v := range o.Series[i].Values {
			if c.class && (v != math.Trunc(v) || v < 0 || v > math.MaxInt32) { // also true for NaN
				return nil, fmt.Errorf("column %q, row %d: %g is not a class number", c.name, row, v)
			}
			c.set(&outcomes[row], v)
		}
	}
	return outcomes, nil
}

// Indicator is 1 for true and 0 for false.
func Indicator(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}
