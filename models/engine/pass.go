package engine

import (
	"fmt"

	"foil/models/kernels"
	"foil/models/nn"
)

// A Pass holds the values of a pass through a network. It is for one goroutine at a time.
type Pass struct {
	net     *Net
	plan    *plan
	threads int
	room    int // largest number of images
	images  int
	mask    []float32 // of dropout

	packed []float32   // the images as the first convolutions read them
	values [][]float32 // by value, in their layouts; nil: only inside an operation
	states []any       // of the operations, by their index
	output []float32
	change []float32 // the gradient in the images

	grads   []*gradient
	spare   map[kernels.Layout][]*gradient
	weights bool // Backward computes the gradients of the parameters
	inImage bool // Backward computes the gradient in the images
}

// A gradient is that of a value, in its layout. Several values may share one.
type gradient struct {
	data  []float32
	users int
}

func newPass(n *Net, plan *plan, images int) *Pass {
	p := &Pass{
		net: n, plan: plan, room: images, images: images,
		values: make([][]float32, len(plan.layouts)), grads: make([]*gradient, len(plan.layouts)),
		states: make([]any, len(plan.ops)), spare: map[kernels.Layout][]*gradient{},
	}
	for v, used := range plan.used {
		if used {
			p.values[v] = make([]float32, images*plan.layouts[v].Size())
		}
	}
	if plan.packs {
		p.packed = make([]float32, images*plan.packed.Size())
	}
	for i, o := range plan.ops {
		if s, ok := o.(stateful); ok {
			p.states[i] = s.newState(images)
		}
	}
	return p
}

// Done gives the pass back for others.
func (p *Pass) Done() {
	n := p.net
	n.lock.Lock()
	defer n.lock.Unlock()
	n.free[p.plan.mode] = append(n.free[p.plan.mode], p)
}

// Forward computes the network for images [b, c, h, w]. It returns the logits [b, y] of a classifier,
// or the change [b, c, h, w] of an attacker, which are valid until the next call of Forward, and not
// after Done.
func (p *Pass) Forward(x []float32) ([]float32, error) {
	images, err := p.net.count(x)
	if err != nil {
		return nil, err
	}
	if images > p.room {
		return nil, fmt.Errorf("engine: %d images for a pass that holds %d: pass fewer to Forward", images, p.room)
	}
	p.images = images
	err = p.forward(x)
	return p.output, err
}

// Output is the result of Forward.
func (p *Pass) Output() []float32 { return p.output }

func (p *Pass) forward(x []float32) error {
	size := p.net.size()
	p.each(func(i int) {
		image := x[i*size : (i+1)*size]
		if p.plan.packs {
			p.plan.packed.Load(image, p.packed[i*p.plan.packed.Size():])
		}
		if p.plan.used[nn.Images] {
			p.plan.layouts[nn.Images].Load(image, p.of(nn.Images, i))
		}
	})
	for i, o := range p.plan.ops {
		if err := o.forward(p, p.states[i]); err != nil {
			return err
		}
	}
	last := nn.Value(len(p.plan.layouts) - 1)
	l := p.plan.layouts[last]
	n := p.net.Outputs()
	p.output = grown(p.output, p.images*n)
	p.each(func(i int) { l.Store(p.of(last, i), p.output[i*n:(i+1)*n]) })
	return nil
}

// Want says which gradients Backward computes.
type Want int

const (
	OfImages  Want = 1 << iota
	OfWeights      // only in training mode: in evaluation mode, batch norm is a part of the weights
)

// Backward computes gradients for d, the gradient of the result of Forward. Those of the parameters
// are added to the Gradients of the Net. It returns the gradient in the images [b, c, h, w], or nil.
// It is valid until the next call of Backward, and not after Done.
func (p *Pass) Backward(d []float32, want Want) []float32 {
	p.inImage, p.weights = want&OfImages != 0, want&OfWeights != 0
	last := nn.Value(len(p.plan.layouts) - 1)
	l := p.plan.layouts[last]
	n := p.net.Outputs()
	g, _ := p.arrive(last)
	p.each(func(i int) {
		clear(part(g, i, l)) // also the lanes of the last block that Load leaves alone
		l.Load(d[i*n:(i+1)*n], part(g, i, l))
	})
	for i := len(p.plan.ops) - 1; i >= 0; i-- {
		p.plan.ops[i].backward(p, p.states[i])
	}
	v := p.leave(nn.Images)
	if !p.inImage {
		if v != nil { // an operation has made it on the way to a parameter
			p.drop(nn.Images, v)
		}
		return nil
	}
	l = p.plan.layouts[nn.Images]
	size := p.net.size()
	p.change = grown(p.change, p.images*size)
	p.each(func(i int) { l.Store(v.data[i*l.Size():], p.change[i*size:(i+1)*size]) })
	p.drop(nn.Images, v)
	return p.change
}

// each calls f for every image, on all threads of the pass.
func (p *Pass) each(f func(i int)) {
	kernels.InParallel(p.images, p.threads, func(from, to int) {
		for i := from; i < to; i++ {
			f(i)
		}
	})
}

// of returns an image of a value.
func (p *Pass) of(v nn.Value, i int) []float32 { return part(p.values[v], i, p.plan.layouts[v]) }

// part returns image i.
func part(x []float32, i int, l kernels.Layout) []float32 {
	return x[i*l.Size() : (i+1)*l.Size()]
}

// wants reports whether the gradient of a value is needed.
func (p *Pass) wants(v nn.Value) bool { return v != nn.Images || p.inImage }

// arrive returns the gradient of a value for an operation to write to, or to add to if add is set.
func (p *Pass) arrive(v nn.Value) (to []float32, add bool) {
	l := p.plan.layouts[v]
	g := p.grads[v]
	if g == nil {
		p.grads[v] = p.fresh(l)
		return p.grads[v].data, false
	}
	if g.users > 1 { // another value still needs it as it is
		own := p.fresh(l)
		copy(own.data[:p.images*l.Size()], g.data)
		g.users--
		p.grads[v] = own
	}
	return p.grads[v].data, true
}

// share makes the gradient g of one value that of another one, too, or adds it.
func (p *Pass) share(v nn.Value, g *gradient) {
	if p.grads[v] == nil {
		g.users++
		p.grads[v] = g
		return
	}
	to, _ := p.arrive(v)
	l := p.plan.layouts[v]
	p.each(func(i int) { kernels.Sum(part(to, i, l), part(g.data, i, l), part(to, i, l)) })
}

// leave returns the complete gradient of a value. The caller must drop it.
func (p *Pass) leave(v nn.Value) *gradient {
	g := p.grads[v]
	p.grads[v] = nil
	return g
}

// drop gives a gradient of the layout of v back.
func (p *Pass) drop(v nn.Value, g *gradient) {
	if g.users--; g.users == 0 {
		l := p.plan.layouts[v]
		p.spare[l] = append(p.spare[l], g)
	}
}

// fresh returns a gradient with a border of zeros. Nothing writes to a border, so it stays zero.
func (p *Pass) fresh(l kernels.Layout) *gradient {
	if s := p.spare[l]; len(s) > 0 {
		g := s[len(s)-1]
		p.spare[l] = s[:len(s)-1]
		g.users = 1
		return g
	}
	return &gradient{make([]float32, p.room*l.Size()), 1}
}

// grown returns x with n values.
func grown(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n)
	}
	return x[:n]
}
