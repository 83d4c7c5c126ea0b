package ascent

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/nn"
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

// objective builds the objective to minimise, and its gradient in the modifier. Images are [1, c,
// h, w], label [1], tau and constant scalars.
func (CW) objective(f nn.Classifier, x, space, modifier, label, tau, constant *Node) (loss, image, logits, gradient *Node) {
	image = MulScalar(AddScalar(Tanh(Add(space, modifier)), 1), 0.5)
	logits = f(image) // [1, y]
	hot := OneHot(label, logits.Shape().Dim(-1), logits.DType())
	own := ReduceAllSum(Mul(hot, logits))
	other := ReduceAllMax(Sub(logits, MulScalar(hot, 1e4)))
	margin := nn.ReLU(Sub(own, other))
	beyond := ReduceAllSum(nn.ReLU(Sub(Abs(Sub(image, x)), tau)))
	loss = Add(Mul(constant, margin), beyond)
	return loss, image, logits, Gradient(loss, modifier)[0]
}

// A cwAttack is the attack on one classifier, compiled.
type cwAttack struct {
	config CW
	exec   *Exec // the objective
	judge  *Exec // logits alone
	on     nn.Model
}

// newCWAttack compiles the attack on a network in evaluation mode.
func newCWAttack(b compute.Backend, c CW, on nn.Model) (*cwAttack, error) {
	exec, err := backend.Compile(b, func(in []*Node) []*Node {
		f := on.Classifier(in[0], in[6:])
		loss, image, logits, gradient := c.objective(f, in[0], in[1], in[2], in[3], in[4], in[5])
		return []*Node{loss, image, logits, gradient}
	})
	if err != nil {
		return nil, err
	}
	judge, err := nn.CompileLogits(b, on)
	return &cwAttack{c, exec, judge, on}, err
}

// run attacks one image [c, h, w] with its label.
func (a *cwAttack) run(ctx context.Context, image []float32, shape []int, label int32) (cwResult, error) {
	o := a.begin(image, shape, label)
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
	x        *tensors.Tensor // the image as [1, c, h, w]
	label    int32
	start    []float32       // where the round starts
	space    *tensors.Tensor // start in tanh space
	modifier []float32

	// The values of the objective at the modifier.
	loss     float64
	wrong    bool
	changed  []float32 // x'
	maxAbs   float64   // of x' - x
	gradient []float32
}

func (a *cwAttack) begin(image []float32, shape []int, label int32) *optimization {
	o := &optimization{attack: a, image: image, label: label, start: image}
	o.x = tensors.FromFlatDataAndDimensions(image, append([]int{1}, shape...)...)
	return o
}

// wrongFromTheStart reports whether the original image is misclassified.
func (o *optimization) wrongFromTheStart() (bool, error) {
	out, err := backend.Run(o.attack.judge, append([]any{o.x}, o.attack.on.Inputs()...)...)
	if err != nil {
		return false, fmt.Errorf("cw: %w", err)
	}
	logits, err := backend.Copy(out[0])
	return argMax(logits) != int(o.label), errors.Join(err, backend.Release(out...))
}

// restart resets the modifier to zero, at the start of the round.
func (o *optimization) restart() {
	space := make([]float32, len(o.start))
	for i, v := range o.start {
		space[i] = float32(math.Atanh((2*float64(v) - 1) * tanhShrink))
	}
	o.space = tensors.FromFlatDataAndDimensions(space, o.x.Shape().Dimensions...)
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
	in := []any{
		o.x, o.space, tensors.FromFlatDataAndDimensions(o.modifier, o.x.Shape().Dimensions...),
		[]int32{o.label}, float32(tau), float32(constant),
	}
	out, err := backend.Run(o.attack.exec, append(in, o.attack.on.Inputs()...)...)
	if err != nil {
		return fmt.Errorf("cw: %w", err)
	}
	o.loss, err = backend.Scalar(out[0])
	o.changed, err = copyOf(out[1], err)
	logits, err := copyOf(out[2], err)
	o.gradient, err = copyOf(out[3], err)
	if err := errors.Join(err, backend.Release(out...)); err != nil {
		return fmt.Errorf("cw: %w", err)
	}
	o.wrong = argMax(logits) != int(o.label)
	o.maxAbs = 0
	for i, v := range o.changed {
		o.maxAbs = max(o.maxAbs, math.Abs(float64(v)-float64(o.image[i])))
	}
	return nil
}

func copyOf(t *tensors.Tensor, before error) ([]float32, error) {
	values, err := backend.Copy(t)
	return values, errors.Join(before, err)
}
