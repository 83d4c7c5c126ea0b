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
// else than their labels, in evaluation mode. It starts from the images with noise
// added; nil is none.
//
// To carry an attack over to another classifier, ask that one's Evaluator about the
// images that were made on the first.
type Attack interface {
	Attack(ctx context.Context, x []float32, labels []int32, noise []float32) ([]float32, error)
}

// batched is an attack on any number of images by one on a batch, which gives images
// to be released.
type batched struct {
	e   *Evaluator
	run func(ctx context.Context, b Batch) (*tensors.Tensor, error)
}

func (a batched) Attack(ctx context.Context, x []float32, labels []int32, noise []float32) (attacked []float32, err error) {
	n, err := a.e.check(x, labels, noise)
	if err != nil {
		return nil, err
	}
	if noise == nil {
		noise = make([]float32, len(x))
	}
	err = a.e.inBatches(ctx, n, func(start, end int) error {
		b := a.e.batch(x, labels, noise, start, end)
		out, err := a.run(ctx, b)
		if err == nil {
			attacked, err = take(attacked, out, (end-start)*a.e.size())
		}
		return errors.Join(err, backend.Release(b.X, b.Labels, b.Noise))
	})
	return attacked, err
}

// PGD is projected gradient ascent with any number of steps; FGSM is one of them.
func (e *Evaluator) PGD(a PGD) Attack {
	return batched{e, func(ctx context.Context, b Batch) (*tensors.Tensor, error) {
		start, err := b.start(e.config.Backend)
		if err != nil || a.Steps == 0 {
			return start, err
		}
		at, _, err := e.climb.attack(ctx, a, b.X, start, b.Labels)
		return at, errors.Join(err, backend.Release(start))
	}}
}

// Learned is the attack of a game's attacker. What becomes of an image depends on
// those beside it: gradients are measured on the largest of the batch, and variants
// that interpolate pull an image towards the one at the other end of it. These alone
// make something of noise, the others start from the images themselves.
func (e *Evaluator) Learned(v Variant, n *Network, w *Weights, epsilon float64) (Attack, error) {
	exec, err := backend.Compile(e.config.Backend, func(in []*Node) []*Node {
		x, start, labels, in := in[0], in[1], in[2], in[3:]
		first := len(e.config.Network.Params)
		return []*Node{v.Attacked(e.config.Network.Bind(in[:first]), n.Bind(in[first:]), x, start, labels, epsilon)}
	})
	if err != nil {
		return nil, err
	}
	return batched{e, func(_ context.Context, b Batch) (*tensors.Tensor, error) {
		start, err := b.start(e.config.Backend)
		if err != nil {
			return nil, err
		}
		in := append([]any{b.X, start, b.Labels}, e.weights.inputs()...)
		out, err := backend.Run(exec, append(in, w.inputs()...)...)
		if err = errors.Join(err, backend.Release(start)); err != nil {
			return nil, err
		}
		return out[0], nil
	}}, nil
}

// CW is Carlini and Wagner's attack, one image after the other. It starts from the
// images themselves and has no use for noise. CWAttack tells how it went.
func (e *Evaluator) CW(c CW) (Attack, error) {
	a, err := NewCWAttack(e.config.Backend, c, e.config.Network, e.weights)
	return oneByOne{e, a}, err
}

// oneByOne is CW on any number of images.
type oneByOne struct {
	e  *Evaluator
	cw *CWAttack
}

func (a oneByOne) Attack(ctx context.Context, x []float32, labels []int32, noise []float32) (attacked []float32, err error) {
	if _, err := a.e.check(x, labels, noise); err != nil {
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
