package ascent

import (
	"context"
	"fmt"
	"math"

	"foil/models/optim"
)

// CW is Carlini and Wagner's attack in the maximum norm, on one image after the other. It minimises
//
//	c max(0, z_label - largest other z) + sum(max(0, |x' - x| - tau))
//
// with Adam, where x' = (tanh(s + modifier) + 1) / 2. s is the start of the round in tanh space: the
// image itself, or the result of the last round.
//
// A round has one tau. In a round the constant c grows until x' is misclassified and either within
// epsilon or the objective is solved. After a round tau is lowered, until a round ends within
// epsilon. The constant is kept from round to round. Adam and the modifier are reset.
type CW struct {
	Epsilon                  float64 // a smaller change is a success
	Rate                     float64 // of Adam
	Iterations               int     // for each constant
	FirstConst, LargestConst float64 // LargestConst itself is not tried
	ConstFactor              float64
	FirstTau, LastTau        float64
	TauFactor                float64
}

// DefaultCW returns the authors' settings.
func DefaultCW(epsilon float64) CW {
	return CW{
		Epsilon: epsilon, Rate: 5e-3, Iterations: 50,
		FirstConst: 1e-5, LargestConst: 100, ConstFactor: 10,
		FirstTau: 1, LastTau: 1.0 / 256, TauFactor: 0.9,
	}
}

// A cwRound is the result of a round.
type cwRound struct {
	Tau, FirstConst float64
	LastConst       float64 // 0: no constant succeeded, which ends the attack
	Steps           int     // of Adam
	MaxAbs          float64 // largest change of the successful image
}

// A cwResult is the result of the attack on an image.
type cwResult struct {
	Image   []float32 // the original image if the attack failed or was not needed
	Skipped bool      // the image was misclassified from the start
	Success bool      // the image is misclassified now, within epsilon
	Rounds  []cwRound
}

const (
	tanhShrink = 0.9999 // keeps the inverse of tanh finite at 0 and 1
	solved     = 1e-4   // the objective is solved below this many constants
)

// A cwAttack is the attack on one classifier.
type cwAttack struct {
	config CW
	on     cwObjective
}

// run attacks one image [c, h, w] with its label.
func (a *cwAttack) run(ctx context.Context, image []float32, label int32) (cwResult, error) {
	o := &optimization{attack: a, image: image, label: label, start: image}
	result := cwResult{Image: image}
	tau, constant := a.config.FirstTau, a.config.FirstConst
	wrong, err := o.wrongFromTheStart()
	if wrong || err != nil {
		result.Skipped = wrong
		return result, err
	}
	for tau > a.config.LastTau {
		round, err := o.round(ctx, tau, constant)
		if err != nil {
			return result, err
		}
		result.Rounds = append(result.Rounds, round)
		switch {
		case round.LastConst == 0:
			return result, nil
		case round.MaxAbs < a.config.Epsilon:
			result.Success, result.Image = true, o.changed
			return result, nil
		}
		o.start = o.changed
		constant = round.LastConst
		tau = a.config.TauFactor * min(tau, round.MaxAbs)
	}
	return result, nil
}

// An optimization is the state of the attack on one image.
type optimization struct {
	attack   *cwAttack
	image    []float32
	label    int32
	start    []float32 // where the round starts
	space    []float32 // start in tanh space
	modifier []float32

	// The values of the objective at the modifier.
	loss     float64
	wrong    bool
	changed  []float32 // x'
	maxAbs   float64   // of x' - x
	gradient []float32
}

// wrongFromTheStart reports whether the original image is misclassified.
func (o *optimization) wrongFromTheStart() (bool, error) {
	logits, err := o.attack.on.logits(o.image)
	if err != nil {
		return false, fmt.Errorf("cw: %w", err)
	}
	return argMax(logits) != int(o.label), nil
}

// restart resets the modifier to zero, at the start of the round.
func (o *optimization) restart() {
	o.space = make([]float32, len(o.start))
	for i, v := range o.start {
		o.space[i] = float32(math.Atanh((2*float64(v) - 1) * tanhShrink))
	}
	o.modifier = make([]float32, len(o.image))
}

// round optimises with one tau until x' is good enough or the constants are used up.
func (o *optimization) round(ctx context.Context, tau, constant float64) (cwRound, error) {
	c := o.attack.config
	r := cwRound{Tau: tau, FirstConst: constant}
	o.restart()
	adam := optim.Adam{Config: optim.DefaultAdam(0)}
	moments := optim.NewMoments(len(o.modifier))
	for ; constant < c.LargestConst; constant *= c.ConstFactor {
		for range c.Iterations {
			if err := ctx.Err(); err != nil {
				return r, err
			}
			if err := o.look(tau, constant); err != nil {
				return r, err
			}
			adam.Begin()
			adam.Update(c.Rate, o.modifier, o.gradient, moments)
			r.Steps++
			if o.wrong && (o.maxAbs < c.Epsilon || o.loss < solved*constant) {
				r.LastConst, r.MaxAbs = constant, o.maxAbs
				return r, nil
			}
		}
	}
	return r, nil
}

// look evaluates the objective at the modifier.
func (o *optimization) look(tau, constant float64) error {
	v, err := o.attack.on.at(o.image, o.space, o.modifier, o.label, float32(tau), float32(constant))
	if err != nil {
		return fmt.Errorf("cw: %w", err)
	}
	o.loss, o.changed, o.gradient = v.loss, v.image, v.gradient
	o.wrong = argMax(v.logits) != int(o.label)
	o.maxAbs = 0
	for i, v := range o.changed {
		o.maxAbs = max(o.maxAbs, math.Abs(float64(v)-float64(o.image[i])))
	}
	return nil
}
