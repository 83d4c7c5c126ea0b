// Package ascent attacks image classifiers by gradient ascent: it changes images within bounds so
// that a classifier misclassifies them (Jiang et al. 2021, section 4).
//
//   - An Objective is a number that an attack raises, usually Mistake, the cross-entropy. A Goal is
//     the same for graphs and for the engine.
//   - PGD and CW are the attacks of the paper. FGSM is PGD with one step. A Climb is PGD on a network.
//   - APGD, FAB and SquareAttack are those of AutoAttack (Croce and Hein 2020). A Fooling makes them
//     on the images that still stand.
//   - A Target is a classifier under attack. It makes Attacks, which take any number of images.
//   - A Verdict is the predicted class of an image and its loss, with or without an attack.
//
// Attacks use a classifier in evaluation mode, and do not change it.
package ascent

import (
	"context"
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/evaluate"
	"foil/models/graphs"
)

// An Objective is a number that an attack raises, as a function of images [b, c, h, w].
type Objective func(x *Node) *Node

// Mistake is the objective of most attacks: the cross-entropy of a classifier.
func Mistake(f graphs.Classifier, labels *Node) Objective {
	return func(x *Node) *Node { return graphs.CrossEntropy(f(x), labels) }
}

// ValueGradient returns the value of an objective at x and its gradient there. Both are constants
// for further gradients.
func ValueGradient(objective Objective, x *Node) (value, gradient *Node) {
	x = Identity(StopGradient(x)) // no gradient can be asked for in what StopGradient returns
	value = objective(x)
	return StopGradient(value), StopGradient(Gradient(value, x)[0])
}

// An Attack changes images [n, c, h, w] so that a classifier in evaluation mode misclassifies them.
// It starts at start, which may be the result of another attack on the same images. A nil start is
// the images themselves.
//
// To transfer an attack to another classifier, evaluate the attacked images with the Evaluator of
// that classifier.
type Attack interface {
	Attack(ctx context.Context, x []float32, labels []int32, start []float32) ([]float32, error)
}

// InBatches returns an attack that runs a transform batch by batch.
func InBatches(e *evaluate.Evaluator, t evaluate.Transform) Attack { return batched{e, t} }

type batched struct {
	e *evaluate.Evaluator
	t evaluate.Transform
}

func (a batched) Attack(ctx context.Context, x []float32, labels []int32, start []float32) ([]float32, error) {
	return a.e.Transform(ctx, x, labels, start, a.t)
}

// A Target is a classifier under attack.
type Target struct {
	*evaluate.Evaluator

	climb Climb
}

// NewTarget returns the classifier of an evaluator as a target.
func NewTarget(e *evaluate.Evaluator) (*Target, error) {
	climb, err := NewClimb(e, ToMistake)
	return &Target{e, climb}, err
}

// Toward returns the target with another goal of PGD. A new target has ToMistake.
func (t *Target) Toward(g Goal) (*Target, error) {
	climb, err := NewClimb(t.Evaluator, g)
	return &Target{t.Evaluator, climb}, err
}

// PGD is projected gradient ascent with any number of steps; FGSM is one of them.
func (t *Target) PGD(a PGD) Attack {
	return InBatches(t.Evaluator, func(ctx context.Context, x, start []float32, labels []int32) ([]float32, error) {
		at, _, err := t.climb.Run(ctx, a, x, start, Aim{Labels: labels})
		return at, err
	})
}

// CW is Carlini and Wagner's attack, one image after the other. It always starts from the images
// themselves.
func (t *Target) CW(c CW) (Attack, error) {
	if t.Net != nil {
		return engineCW{t.Evaluator, c}, nil
	}
	on, err := newGraphObjective(t.Evaluator)
	return oneByOne{t.Evaluator, &cwAttack{c, on}}, err
}

// oneByOne is CW on any number of images.
type oneByOne struct {
	e  *evaluate.Evaluator
	cw *cwAttack
}

func (a oneByOne) Attack(ctx context.Context, x []float32, labels []int32, start []float32) (attacked []float32, err error) {
	if _, err := a.e.Check(x, labels, start); err != nil {
		return nil, err
	}
	attacked = make([]float32, len(x))
	return attacked, a.cw.each(ctx, x, labels, attacked, 0)
}

// each attacks images and writes them to attacked. first is the number of the first one.
func (a *cwAttack) each(ctx context.Context, x []float32, labels []int32, attacked []float32, first int) error {
	for i, label := range labels {
		size := len(x) / len(labels)
		r, err := a.run(ctx, x[i*size:(i+1)*size], label)
		if err != nil {
			return fmt.Errorf("image %d: %w", first+i, err)
		}
		copy(attacked[i*size:], r.Image)
	}
	return nil
}

// A Verdict is the result of a classifier for one image.
type Verdict struct {
	Class int32   // the class with the largest logit, the first of equals
	Loss  float64 // the cross-entropy for the image's label
}

// Verdicts returns the verdicts for the logits of images with the given labels.
func Verdicts(logits []float32, labels []int32) []Verdict {
	out := make([]Verdict, len(labels))
	for i, label := range labels {
		classes := len(logits) / len(labels)
		row := logits[i*classes : (i+1)*classes]
		best := argMax(row)
		var sum float64
		for _, v := range row {
			sum += math.Exp(float64(v) - float64(row[best]))
		}
		out[i] = Verdict{int32(best), math.Log(sum) + float64(row[best]) - float64(row[label])}
	}
	return out
}

// argMax returns the index of the largest value, the first of equals.
func argMax(x []float32) (best int) {
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// Accuracy returns the share of verdicts with the right class.
func Accuracy(verdicts []Verdict, labels []int32) float64 {
	right := 0
	for i, v := range verdicts {
		if v.Class == labels[i] {
			right++
		}
	}
	return float64(right) / float64(len(labels))
}
