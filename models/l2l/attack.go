package l2l

import (
	"context"
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
)

// An Attack changes images [n, c, h, w] so that a classifier takes them for something
// else than their labels, in evaluation mode. It begins at start, which may be where
// another attack on the same images has ended; nil is at the images themselves.
//
// To carry an attack over to another classifier, ask that one's Evaluator about the
// images that were made on the first.
type Attack interface {
	Attack(ctx context.Context, x []float32, labels []int32, start []float32) ([]float32, error)
}

// batched is an attack on any number of images by one on a batch, which gives images
// to be released: start itself, or others.
type batched struct {
	e   *Evaluator
	run func(ctx context.Context, x, start, labels *tensors.Tensor) (*tensors.Tensor, error)
}

func (a batched) Attack(ctx context.Context, x []float32, labels []int32, start []float32) (attacked []float32, err error) {
	n, err := a.e.check(x, labels, start)
	if err != nil {
		return nil, err
	}
	if start == nil {
		start = x
	}
	err = a.e.inBatches(ctx, n, func(first, end int) error {
		images, from, names := a.e.images(x, first, end), a.e.images(start, first, end), a.e.labels(labels, first, end)
		out, err := a.run(ctx, images, from, names)
		if err == nil {
			attacked, err = take(attacked, out, (end-first)*a.e.size())
		}
		if out != from {
			err = errors.Join(err, backend.Release(from))
		}
		return errors.Join(err, backend.Release(images, names))
	})
	return attacked, err
}

// PGD is projected gradient ascent with any number of steps; FGSM is one of them.
func (e *Evaluator) PGD(a PGD) Attack {
	return batched{e, func(ctx context.Context, x, start, labels *tensors.Tensor) (*tensors.Tensor, error) {
		at, _, err := e.climb.attack(ctx, a, x, start, labels)
		return at, err
	}}
}

// Learned is the attack of a game's attacker. What becomes of an image depends on
// those beside it: gradients are measured on the largest of the batch, and variants
// that interpolate pull an image towards the one at the other end of it. These alone
// make something of the start, the others begin at the images themselves.
func (e *Evaluator) Learned(v Variant, n *Network, w *Weights, epsilon float64) (Attack, error) {
	attacker := e.config.subject(n, w)
	exec, err := backend.Compile(e.config.Backend, func(in []*Node) []*Node {
		x, start, labels, in := in[0], in[1], in[2], in[3:]
		classifier, in := e.on.bind(x, in)
		network, _ := attacker.bind(x, in)
		return []*Node{v.Attacked(classifier, network, x, start, labels, epsilon)}
	})
	if err != nil {
		return nil, err
	}
	return batched{e, func(_ context.Context, x, start, labels *tensors.Tensor) (*tensors.Tensor, error) {
		in := append([]any{x, start, labels}, e.on.inputs()...)
		out, err := backend.Run(exec, append(in, attacker.inputs()...)...)
		if err != nil {
			return nil, err
		}
		return out[0], nil
	}}, nil
}

// CW is Carlini and Wagner's attack, one image after the other. It starts from the
// images themselves wherever others would start.
func (e *Evaluator) CW(c CW) (Attack, error) {
	a, err := newCWAttack(e.config.Backend, c, e.on)
	return oneByOne{e, a}, err
}

// oneByOne is CW on any number of images.
type oneByOne struct {
	e  *Evaluator
	cw *CWAttack
}

func (a oneByOne) Attack(ctx context.Context, x []float32, labels []int32, start []float32) (attacked []float32, err error) {
	if _, err := a.e.check(x, labels, start); err != nil {
		return nil, err
	}
	size := a.e.size()
	for i, label := range labels {
		r, err := a.cw.Run(ctx, x[i*size:(i+1)*size], a.e.config.Shape[:], label)
		if err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
		attacked = append(attacked, r.Image...)
	}
	return attacked, nil
}
