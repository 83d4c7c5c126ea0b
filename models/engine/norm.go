package engine

import (
	"errors"
	"math"

	"foil/models/kernels"
	"foil/models/nn"
)

// A norm operation is batch norm with the activation that follows it, or an activation by itself.
type norm struct {
	layer   nn.BatchNorm // with Mean -1: an activation by itself
	in, out nn.Value
	trains  bool    // it normalises with the statistics of the batch
	slope   int     // the parameter of PReLU; -1: fixed
	fixed   float32 // the slope without a parameter: 1 for no activation, 0 for ReLU

	params [][]float32
	scale  []float32 // of evaluation mode, by channel
	shift  []float32
}

// A normState is what a norm keeps in a pass: values by channel, and sums by image and channel.
type normState struct {
	act          kernels.Activation
	mean         []float32
	inverse      []float64 // 1 / deviation
	of, with, to []float32 // factors of the gradient
	sums         [3][]float32
}

func (o *norm) newState(images int) any {
	n := kernels.Layout{Channels: o.layer.Channels}.Channels16()
	s := &normState{
		act:  kernels.Activation{Scale: make([]float32, n), Shift: make([]float32, n)},
		mean: make([]float32, n), inverse: make([]float64, n),
		of: make([]float32, n), with: make([]float32, n), to: make([]float32, n),
	}
	for i := range s.sums {
		s.sums[i] = make([]float32, images*n)
	}
	return s
}

func (o *norm) load(params [][]float32) {
	o.params = params
	n := kernels.Layout{Channels: o.layer.Channels}.Channels16()
	o.scale, o.shift = make([]float32, n), make([]float32, n)
	for c := range o.layer.Channels {
		if o.layer.Mean < 0 {
			o.scale[c] = 1
		} else if !o.trains {
			o.scale[c], o.shift[c] = fixedNorm(&o.layer, params, c)
		}
	}
}

// gentle is the slope below zero.
func (o *norm) gentle() float32 {
	if o.slope >= 0 {
		return o.params[o.slope][0]
	}
	return o.fixed
}

func (o *norm) forward(p *Pass, state any) error {
	s := state.(*normState)
	l := p.plan.layouts[o.in]
	s.act.Slope = o.gentle()
	if o.trains {
		if err := o.measure(p, s, l); err != nil {
			return err
		}
	} else {
		copy(s.act.Scale, o.scale)
		copy(s.act.Shift, o.shift)
	}
	p.each(func(i int) {
		x, y := p.of(o.in, i), p.of(o.out, i)
		switch s.act.Slope {
		case 0:
			l.Affine(x, y, s.act.Scale, s.act.Shift, 0)
		case 1:
			l.Affine(x, y, s.act.Scale, s.act.Shift, kernels.NoFloor)
		default:
			l.AffineSlope(x, y, s.act.Scale, s.act.Shift, s.act.Slope)
		}
	})
	return nil
}

// measure finds the statistics of the batch and moves the running ones. The moments of single images
// become those of the batch as in Chan et al. (1979).
func (o *norm) measure(p *Pass, s *normState, l kernels.Layout) error {
	pixels := l.Height * l.Width
	count := p.images * pixels
	if count == 1 {
		return errors.New(nn.OneValuePerChannel)
	}
	n := l.Channels16()
	means, squares := s.sums[0], s.sums[1]
	p.each(func(i int) { l.Moments(p.of(o.in, i), means[i*n:(i+1)*n], squares[i*n:(i+1)*n]) })
	for c := range o.layer.Channels {
		var mean, square float64
		for i := range p.images {
			mean += float64(means[i*n+c])
		}
		mean /= float64(p.images)
		for i := range p.images {
			d := float64(means[i*n+c]) - mean
			square += float64(squares[i*n+c]) + float64(pixels)*d*d
		}
		inverse := 1 / math.Sqrt(square/float64(count)+o.layer.Epsilon)
		factor, shift := inverse, 0.0
		if o.layer.Scale >= 0 {
			factor *= float64(o.params[o.layer.Scale][c])
			shift = float64(o.params[o.layer.Shift][c])
		}
		s.mean[c], s.inverse[c] = float32(mean), inverse
		s.act.Scale[c], s.act.Shift[c] = float32(factor), float32(shift-mean*factor)
		toward(&o.params[o.layer.Mean][c], mean)
		toward(&o.params[o.layer.Variance][c], square/float64(count-1))
	}
	return nil
}

// toward moves a running statistic.
func toward(running *float32, batch float64) {
	*running = float32((1-nn.NormMomentum)*float64(*running) + nn.NormMomentum*batch)
}

// backward: with d = x - mean, n values per channel, a = scale / deviation and u the gradient before
// the activation, the gradient in x is
//
//	a u - a sum(u d) / (n deviation²) d - a sum(u) / n
//
// because mean and variance are functions of x, too. In evaluation mode it is a u.
func (o *norm) backward(p *Pass, state any) {
	s := state.(*normState)
	l := p.plan.layouts[o.in]
	v := p.leave(o.out)
	defer func() { p.drop(o.out, v) }()
	copy(s.of, s.act.Scale)
	if o.trains || p.weights {
		o.sum(p, s, v.data, l)
	}
	if !p.wants(o.in) {
		return
	}
	d, add := p.arrive(o.in)
	p.each(func(i int) {
		l.NormGradient(s.act, part(v.data, i, l), p.of(o.in, i), part(d, i, l), s.mean, s.of, s.with, s.to, add)
	})
}

// sum finds the sums that the gradients need, and adds those of the parameters.
func (o *norm) sum(p *Pass, s *normState, v []float32, l kernels.Layout) {
	n := l.Channels16()
	p.each(func(i int) {
		a, b := i*n, (i+1)*n
		l.NormSums(s.act, part(v, i, l), p.of(o.in, i), s.mean, s.sums[0][a:b], s.sums[1][a:b], s.sums[2][a:b])
	})
	var slope float64
	count := float64(p.images * l.Height * l.Width)
	for c := range o.layer.Channels {
		var sum, dot float64
		for i := range p.images {
			sum += float64(s.sums[0][i*n+c])
			dot += float64(s.sums[1][i*n+c])
			slope += float64(s.sums[2][i*n+c])
		}
		if o.trains {
			a := float64(s.act.Scale[c])
			s.with[c] = float32(-a * dot * s.inverse[c] * s.inverse[c] / count)
			s.to[c] = float32(-a * sum / count)
			if o.layer.Scale >= 0 && p.weights {
				p.net.Gradients[o.layer.Scale][c] += float32(dot * s.inverse[c])
				p.net.Gradients[o.layer.Shift][c] += float32(sum)
			}
		}
	}
	if o.slope >= 0 && p.weights {
		p.net.Gradients[o.slope][0] += float32(slope)
	}
}
