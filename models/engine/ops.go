package engine

import (
	"foil/models/kernels"
	"foil/models/nn"
)

// stateless is an operation without parameters.
type stateless struct{}

func (stateless) load([][]float32) {}

// add is the sum of two values, perhaps with ReLU.
type add struct {
	stateless
	x, y, out nn.Value
	floor     float32
}

func (o *add) forward(p *Pass, _ any) error {
	p.each(func(i int) { kernels.AddFloor(p.of(o.x, i), p.of(o.y, i), p.of(o.out, i), o.floor) })
	return nil
}

func (o *add) backward(p *Pass, _ any) {
	l := p.plan.layouts[o.out]
	v := p.leave(o.out)
	if o.floor == 0 {
		ours := p.fresh(l)
		p.each(func(i int) { kernels.Positive(part(v.data, i, l), p.of(o.out, i), part(ours.data, i, l)) })
		p.drop(o.out, v)
		v = ours
	}
	for _, to := range []nn.Value{o.x, o.y} {
		if p.wants(to) {
			p.share(to, v)
		}
	}
	p.drop(o.out, v)
}

// pool takes the largest value of each square.
type pool struct {
	stateless
	in, out nn.Value
	size    int
}

func (o *pool) forward(p *Pass, _ any) error {
	from, to := p.plan.layouts[o.in], p.plan.layouts[o.out]
	p.each(func(i int) { from.Pool(to, o.size, p.of(o.in, i), p.of(o.out, i)) })
	return nil
}

func (o *pool) backward(p *Pass, _ any) {
	from, to := p.plan.layouts[o.in], p.plan.layouts[o.out]
	v := p.leave(o.out)
	if p.wants(o.in) {
		d, add := p.arrive(o.in)
		p.each(func(i int) {
			from.PoolGradient(to, o.size, part(v.data, i, to), p.of(o.in, i), p.of(o.out, i), part(d, i, from), add)
		})
	}
	p.drop(o.out, v)
}

// join puts the channels of y behind those of x.
type join struct {
	stateless
	x, y, out nn.Value
}

func (o *join) forward(p *Pass, _ any) error {
	p.each(func(i int) {
		first := 0
		for _, v := range []nn.Value{o.x, o.y} {
			l := p.plan.layouts[v]
			p.plan.layouts[o.out].Put(first, p.of(o.out, i), l, p.of(v, i))
			first += l.Channels
		}
	})
	return nil
}

func (o *join) backward(p *Pass, _ any) {
	l := p.plan.layouts[o.out]
	v := p.leave(o.out)
	first := 0
	for _, from := range []nn.Value{o.x, o.y} {
		to := p.plan.layouts[from]
		if p.wants(from) {
			d, add := p.arrive(from)
			p.each(func(i int) { l.Take(first, part(v.data, i, l), to, part(d, i, to), add) })
		}
		first += to.Channels
	}
	p.drop(o.out, v)
}

// tanh is the hyperbolic tangent of scale x.
type tanh struct {
	in, out nn.Value
	scale   int // the parameter; -1: 1
	params  [][]float32
}

func (o *tanh) load(params [][]float32) { o.params = params }

func (o *tanh) factor() float32 {
	if o.scale < 0 {
		return 1
	}
	return o.params[o.scale][0]
}

func (o *tanh) forward(p *Pass, _ any) error {
	l, f := p.plan.layouts[o.in], o.factor()
	p.each(func(i int) { l.Tanh(p.of(o.in, i), p.of(o.out, i), f) })
	return nil
}

func (o *tanh) backward(p *Pass, _ any) {
	l, f := p.plan.layouts[o.in], o.factor()
	v := p.leave(o.out)
	sums := make([]float64, p.images)
	d, add := p.arrive(o.in)
	p.each(func(i int) {
		if !add {
			clear(part(d, i, l)) // also the lanes of the last block, which have no channel
		}
		sums[i] = l.TanhGradient(part(v.data, i, l), p.of(o.in, i), p.of(o.out, i), part(d, i, l), f, add)
	})
	if p.weights && o.scale >= 0 {
		var sum float64
		for _, s := range sums {
			sum += s
		}
		p.net.Gradients[o.scale][0] += float32(sum)
	}
	p.drop(o.out, v)
}

// mean is the mean over rows and columns.
type mean struct {
	stateless
	in, out nn.Value
}

func (o *mean) forward(p *Pass, _ any) error {
	l := p.plan.layouts[o.in]
	p.each(func(i int) {
		y := p.of(o.out, i)
		l.Sums(p.of(o.in, i), y)
		kernels.Scale(1/float32(l.Height*l.Width), y)
	})
	return nil
}

func (o *mean) backward(p *Pass, _ any) {
	l, flat := p.plan.layouts[o.in], p.plan.layouts[o.out]
	v := p.leave(o.out)
	if p.wants(o.in) {
		d, add := p.arrive(o.in)
		factor := 1 / float32(l.Height*l.Width)
		p.each(func(i int) { l.Fill(part(d, i, l), part(v.data, i, flat), factor, add) })
	}
	p.drop(o.out, v)
}

// flatten lists the values of each image by channels, rows and columns.
type flatten struct {
	stateless
	in, out nn.Value
}

func (o *flatten) forward(p *Pass, _ any) error {
	l := p.plan.layouts[o.in]
	p.each(func(i int) { l.Store(p.of(o.in, i), p.of(o.out, i)[:l.Channels*l.Height*l.Width]) })
	return nil
}

func (o *flatten) backward(p *Pass, _ any) {
	l, flat := p.plan.layouts[o.in], p.plan.layouts[o.out]
	v := p.leave(o.out)
	if p.wants(o.in) {
		g := p.fresh(l)
		p.each(func(i int) {
			clear(part(g.data, i, l))
			l.Load(part(v.data, i, flat)[:l.Channels*l.Height*l.Width], part(g.data, i, l))
		})
		p.share(o.in, g)
		p.drop(o.in, g)
	}
	p.drop(o.out, v)
}

// drop multiplies features by the mask of the pass, if there is one.
type drop struct {
	stateless
	in, out nn.Value
}

func (o *drop) forward(p *Pass, _ any) error {
	width := p.plan.layouts[o.in].Channels
	p.each(func(i int) { p.masked(i, width, p.of(o.in, i), p.of(o.out, i)) })
	return nil
}

func (o *drop) backward(p *Pass, _ any) {
	l := p.plan.layouts[o.in]
	v := p.leave(o.out)
	g := p.fresh(l)
	p.each(func(i int) { p.masked(i, l.Channels, part(v.data, i, l), part(g.data, i, l)) })
	p.share(o.in, g)
	p.drop(o.in, g)
	p.drop(o.out, v)
}

// masked writes features, multiplied by the mask of an image, to y.
func (p *Pass) masked(i, width int, x, y []float32) {
	copy(y, x)
	if p.mask == nil {
		return
	}
	for c, m := range p.mask[i*width : (i+1)*width] {
		y[c] *= m
	}
}
