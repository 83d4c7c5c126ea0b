package adversary

import (
	"errors"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/kernels"
)

// A Step computes the losses of groups and their gradients.
//
// On the Go backend, the products of the first layers take most of the time. With AVX-512 they are
// those of models/kernels, which have the same bits, and the graph is only the rest.
type Step struct {
	groups []*Group
	inputs bool  // whether the gradients of the latent vectors are computed
	whole  *Exec // from the latent vectors on
	rest   *Exec // from the products of the first layers on; nil: there are no own products
}

// Gradients are what a Step computes. The values are valid until the next step with the same batches.
type Gradients struct {
	Losses []float64
	X      []backend.Values            // of each group's x, [h, b, l]
	Params [][NumParams]backend.Values // of each group's parameters

	outputs []*tensors.Tensor
}

// Release releases the values.
func (g *Gradients) Release() error { return backend.Release(g.outputs...) }

// NewStep prepares a step. inputs says whether the gradients of the latent vectors are wanted.
func NewStep(b compute.Backend, groups []*Group, inputs bool) (*Step, error) {
	s := &Step{groups: groups, inputs: inputs}
	if len(groups) == 0 {
		return s, nil
	}
	var err error
	if s.whole, err = backend.Compile(b, s.wholeGraph); err != nil {
		return nil, err
	}
	if backend.OwnProducts(b) {
		s.rest, err = backend.Compile(b, s.restGraph)
	}
	return s, err
}

// wholeGraph takes the parameters and the batch of each group. It returns the loss of each group,
// then the gradients of each group's parameters, then those of each group's x, if they are wanted.
func (s *Step) wholeGraph(in []*Node) []*Node {
	var losses, grads, xGrads []*Node
	for i, g := range s.groups {
		loss, xGrad, params := g.LossGradients(in[i*NumInputs : (i+1)*NumInputs])
		losses, grads = append(losses, loss), append(grads, params...)
		if s.inputs {
			xGrads = append(xGrads, xGrad)
		}
	}
	return append(append(losses, grads...), xGrads...)
}

// restGraph takes the product of the first layer, the other parameters, the targets and the users'
// weights of each group. It returns the loss of each group, then for each group the gradients of the
// product and of the other parameters.
func (s *Step) restGraph(in []*Node) []*Node {
	var losses, grads []*Node
	for i, g := range s.groups {
		part := in[i*(NumParams+2) : (i+1)*(NumParams+2)]
		loss, hiddenGrad, params := g.fromProduct(part[0], part[:NumParams], part[NumParams], part[NumParams+1])
		params[hiddenWeight] = hiddenGrad
		losses, grads = append(losses, loss), append(grads, params...)
	}
	return append(losses, grads...)
}

// Run computes the gradients for batches that are filled: one for each group. The caller must release
// the result, also after an error.
func (s *Step) Run(batches []*Batch) (*Gradients, error) {
	g := &Gradients{}
	if len(s.groups) == 0 {
		return g, nil
	}
	run := s.runWhole
	if s.rest != nil && s.areSmall(batches) {
		run = s.runOwn
	}
	if err := run(g, batches); err != nil {
		return g, err
	}
	for i := range s.groups {
		loss, err := backend.Scalar(g.outputs[i])
		if err != nil {
			return g, err
		}
		g.Losses = append(g.Losses, loss)
	}
	return g, nil
}

// areSmall reports whether SmallProduct and SmallDots have the bits of GoMLX's products.
func (s *Step) areSmall(batches []*Batch) bool {
	const least = 17 // inputs
	for i, g := range s.groups {
		if g.latent < least || g.Heads*batches[i].users*g.Hidden*g.latent >= kernels.Large {
			return false
		}
	}
	return true
}

func (s *Step) runWhole(g *Gradients, batches []*Batch) (err error) {
	var in []any
	for i, group := range s.groups {
		for _, t := range append(group.Params(), batches[i].Tensors()...) {
			in = append(in, t)
		}
	}
	if g.outputs, err = backend.Run(s.whole, in...); err != nil {
		return err
	}
	n := len(s.groups)
	for i := range s.groups {
		g.Params = append(g.Params, paramValues(g.outputs[n+i*NumParams:]))
		if s.inputs {
			g.X = append(g.X, backend.ValuesOf(g.outputs[n+n*NumParams+i]))
		}
	}
	return nil
}

func paramValues(grads []*tensors.Tensor) (v [NumParams]backend.Values) {
	for p := range v {
		v[p] = backend.ValuesOf(grads[p])
	}
	return v
}

// runOwn is runWhole with the products of models/kernels.
func (s *Step) runOwn(g *Gradients, batches []*Batch) (err error) {
	var in []any
	for i, group := range s.groups {
		b := batches[i]
		if err := b.multiply(group); err != nil {
			return err
		}
		in = append(in, b.product, group.params[hiddenBias], group.params[outWeight], group.params[outBias], b.target, b.weight)
	}
	if g.outputs, err = backend.Run(s.rest, in...); err != nil {
		return err
	}
	n := len(s.groups)
	for i, group := range s.groups {
		grads, b := g.outputs[n+i*NumParams:], batches[i]
		if err := b.multiplyBack(group, grads[hiddenWeight], s.inputs); err != nil {
			return err
		}
		params := paramValues(grads)
		params[hiddenWeight] = backend.Slice(b.weightGrad)
		g.Params = append(g.Params, params)
		if s.inputs {
			g.X = append(g.X, backend.Slice(b.xGrad))
		}
	}
	return nil
}

// multiply computes the products of the first layer, [h, b, d].
func (b *Batch) multiply(g *Group) (err error) {
	if b.product == nil {
		if b.product, err = backend.NewTensor(b.backend, g.Heads, b.users, g.Hidden); err != nil {
			return err
		}
	}
	users, d, l := b.users, g.Hidden, g.latent
	var inner error
	err = backend.ReadWrite(b.x, b.product, func(x, product []float32) {
		inner = backend.Read(g.params[hiddenWeight], func(w []float32) {
			for h := range g.Heads {
				kernels.SmallDots(users, d, l, x[h*users*l:], w[h*d*l:], product[h*users*d:])
			}
		})
	})
	return errors.Join(err, inner)
}

// multiplyBack computes the gradients of the first layer's weights and, if they are wanted, of x. v
// [h, b, d] is the gradient of the product.
func (b *Batch) multiplyBack(g *Group, v *tensors.Tensor, inputs bool) error {
	users, d, l := b.users, g.Hidden, g.latent
	if b.weightGrad == nil {
		b.weightGrad = make([]float32, g.Heads*d*l)
		if inputs {
			b.xGrad = make([]float32, g.Heads*users*l)
		}
	}
	var inner error
	err := backend.Read(v, func(v []float32) {
		inner = backend.Read(b.x, func(x []float32) {
			for h := range g.Heads {
				kernels.SmallProduct(d, l, users, kernels.Rows(v[h*users*d:], d).Turned(), kernels.Rows(x[h*users*l:], l), kernels.Rows(b.weightGrad[h*d*l:], l))
			}
		})
		if !inputs {
			return
		}
		inner = errors.Join(inner, backend.Read(g.params[hiddenWeight], func(w []float32) {
			for h := range g.Heads {
				kernels.SmallProduct(users, l, d, kernels.Rows(v[h*users*d:], d), kernels.Rows(w[h*d*l:], l), kernels.Rows(b.xGrad[h*users*l:], l))
			}
		}))
	})
	return errors.Join(err, inner)
}
