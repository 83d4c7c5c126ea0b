package engine

import (
	"math"

	"foil/models/kernels"
	"foil/models/nn"
)

// A linear operation is a convolution, a transposed convolution or a dense layer, with a bias, and
// perhaps with the batch norm of evaluation mode and with ReLU.
type linear struct {
	in, out      nn.Value
	weight, bias int           // parameters; bias -1: none
	norm         *nn.BatchNorm // that becomes a part of the weights; nil: none
	floor        float32       // 0: ReLU follows
	packed       bool          // it reads the packed images
	turned       bool          // it is a transposed convolution
	outs         int           // channels of the result

	convolution *kernels.Convolution
	transposed  *kernels.Transposed

	toward, back []float32 // the weights of the convolution and of the transposed convolution
	shift        []float32 // bias and norm; nil: none
}

func (o *linear) load(params [][]float32) {
	weights := params[o.weight]
	if o.toward == nil {
		o.toward, o.back = make([]float32, o.convolution.Weights()), make([]float32, o.transposed.Weights())
	}
	var scale []float32
	if o.bias >= 0 || o.norm != nil {
		o.shift = make([]float32, kernels.Layout{Channels: o.outs}.Channels16())
	}
	if o.bias >= 0 {
		copy(o.shift, params[o.bias])
	}
	if n := o.norm; n != nil {
		scale = make([]float32, o.outs)
		for c := range scale {
			factor, shift := fixedNorm(n, params, c)
			scale[c], o.shift[c] = factor, o.shift[c]*factor+shift
		}
	}
	o.convolution.Pack(weights, scale, o.toward)
	o.transposed.Pack(weights, scale, o.back)
}

// fixedNorm returns the factor and the shift of a channel by the running statistics.
func fixedNorm(n *nn.BatchNorm, params [][]float32, c int) (factor, shift float32) {
	f, s := 1/math.Sqrt(float64(params[n.Variance][c])+n.Epsilon), 0.0
	if n.Scale >= 0 {
		f *= float64(params[n.Scale][c])
		s = float64(params[n.Shift][c])
	}
	return float32(f), float32(s - float64(params[n.Mean][c])*f)
}

func (o *linear) forward(p *Pass, _ any) error {
	p.each(func(i int) {
		y := p.of(o.out, i)
		if o.turned {
			o.transposed.Image(p.of(o.in, i), o.back, o.shift, o.floor, y)
		} else {
			o.convolution.Image(o.input(p, i), o.toward, o.shift, o.floor, y)
		}
	})
	return nil
}

// input is an image that the operation reads.
func (o *linear) input(p *Pass, i int) []float32 {
	if o.packed {
		return part(p.packed, i, p.plan.packed)
	}
	return p.of(o.in, i)
}

func (o *linear) backward(p *Pass, _ any) {
	l := p.plan.layouts[o.out]
	v := p.leave(o.out)
	defer func() { p.drop(o.out, v) }()
	ours := v
	if o.floor == 0 {
		ours = p.fresh(l)
		defer func() { p.drop(o.out, ours) }()
	}
	var into []float32
	var add bool
	if p.wants(o.in) {
		into, add = p.arrive(o.in)
	}
	p.each(func(i int) {
		d := part(ours.data, i, l)
		if o.floor == 0 {
			kernels.Positive(part(v.data, i, l), p.of(o.out, i), d)
		}
		if into == nil {
			return
		}
		x := part(into, i, p.plan.layouts[o.in])
		switch {
		case o.turned && add:
			o.convolution.ImageAdd(d, o.toward, x)
		case o.turned:
			o.convolution.Image(d, o.toward, nil, kernels.NoFloor, x)
		case add:
			o.transposed.ImageAdd(d, o.back, x)
		default:
			o.transposed.Image(d, o.back, nil, kernels.NoFloor, x)
		}
	})
	if p.weights {
		o.learn(p, ours.data)
	}
}

// learn adds the gradients of the parameters for v, the gradient of the result.
func (o *linear) learn(p *Pass, v []float32) {
	into := p.net.Gradients[o.weight]
	switch {
	case o.turned: // the gradient of the convolution whose result is the input
		o.convolution.WeightGradient(p.images, v, p.values[o.in], into, p.threads)
	case o.packed:
		o.convolution.WeightGradient(p.images, p.packed, v, into, p.threads)
	default:
		o.convolution.WeightGradient(p.images, p.values[o.in], v, into, p.threads)
	}
	if o.bias >= 0 {
		addChannelSums(p, v, p.plan.layouts[o.out], p.net.Gradients[o.bias])
	}
}

// addChannelSums adds the sums of the channels over all images to sums.
func addChannelSums(p *Pass, x []float32, l kernels.Layout, sums []float32) {
	n := l.Channels16()
	each := make([]float32, p.images*n)
	p.each(func(i int) { l.Sums(part(x, i, l), each[i*n:(i+1)*n]) })
	for c := range sums {
		var sum float64
		for i := range p.images {
			sum += float64(each[i*n+c])
		}
		sums[c] += float32(sum)
	}
}
