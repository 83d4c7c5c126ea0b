package engine

import (
	"fmt"

	"foil/models/kernels"
	"foil/models/nn"
)

// An op is an operation of a plan. It reads some values of a pass and writes another one.
type op interface {
	// load takes the parameters of the network. They stay the same slices, and running statistics
	// may be written.
	load(params [][]float32)
	forward(p *Pass, state any) error
	// backward takes the gradient of the value that forward wrote, and adds to those of the values
	// that it read and to those of the parameters.
	backward(p *Pass, state any)
}

// A stateful operation keeps something in a pass between forward and backward.
type stateful interface{ newState(images int) any }

// A plan is the operations of a network in one mode.
type plan struct {
	mode    nn.Mode
	ops     []op
	layouts []kernels.Layout // by value
	used    []bool           // by value: some operation reads or writes it
	packed  kernels.Layout   // of the images, for convolutions of few channels
	packs   bool             // some convolution reads packed images
	version int              // of the weights
}

// planner makes a plan of a network's steps.
type planner struct {
	*plan
	network *nn.Network
	readers []int // by value: the number of steps that read it
	next    []int // by value: a step that reads it
	done    []bool
}

func newPlan(n *nn.Network, image [3]int, mode nn.Mode) (*plan, error) {
	w := &planner{plan: &plan{mode: mode, version: -1}, network: n, done: make([]bool, len(n.Steps))}
	w.readers, w.next = make([]int, len(n.Steps)+1), make([]int, len(n.Steps)+1)
	w.used = make([]bool, len(n.Steps)+1)
	for i := len(n.Steps) - 1; i >= 0; i-- {
		if i < len(n.Steps)-1 && w.readers[i+1] == 0 {
			w.done[i] = true // nothing depends on it
			continue
		}
		for _, v := range n.Steps[i].In {
			w.readers[v]++
			w.next[v] = i
		}
	}
	if err := w.lay(image); err != nil {
		return nil, err
	}
	for i := range n.Steps {
		if !w.done[i] {
			w.ops = append(w.ops, w.op(i))
		}
	}
	return w.plan, nil
}

// lay finds the layout of every value.
func (w *planner) lay(image [3]int) error {
	border := 1
	for _, s := range w.network.Steps {
		if c, ok := s.Layer.(nn.Conv); ok {
			// The gradient of a convolution reads as far beyond the gradient of its result.
			border = max(border, c.Pad, (c.Kernel-1-c.Pad+c.Stride-1)/c.Stride)
		}
	}
	images := kernels.Layout{Channels: image[0], Height: image[1], Width: image[2], Border: border}
	w.layouts = append(w.layouts, images)
	w.packed = images
	w.packed.Packed = true
	for i, s := range w.network.Steps {
		in := w.layouts[s.In[0]]
		out, err := shape(s.Layer, in, w.layouts[s.In[len(s.In)-1]])
		if err != nil {
			return fmt.Errorf("step %d of the network: %w", i+1, err)
		}
		w.layouts = append(w.layouts, out)
	}
	return nil
}

// shape returns the layout of a layer's result for its input and, if it has two, its second one.
func shape(l nn.Layer, in, second kernels.Layout) (out kernels.Layout, err error) {
	out = in
	takes := func(channels int) error {
		if in.Channels != channels {
			return fmt.Errorf("a %T of %d channels gets %d", l, channels, in.Channels)
		}
		return nil
	}
	flat := func(features int) kernels.Layout { return kernels.Layout{Channels: features, Height: 1, Width: 1} }
	switch l := l.(type) {
	case nn.Conv:
		if least := l.Kernel - 2*l.Pad; min(in.Height, in.Width) < least {
			return out, fmt.Errorf("%d x %d pixels are too few for a convolution with kernel %d and padding %d: it needs %d x %d",
				in.Height, in.Width, l.Kernel, l.Pad, least, least)
		}
		out.Channels = l.Out
		out.Height, out.Width = (in.Height+2*l.Pad-l.Kernel)/l.Stride+1, (in.Width+2*l.Pad-l.Kernel)/l.Stride+1
		err = takes(l.In)
	case nn.Deconv:
		out.Channels, out.Height, out.Width = l.Out, 2*in.Height, 2*in.Width
		err = takes(l.In)
	case nn.BatchNorm:
		err = takes(l.Channels)
	case nn.MaxPool:
		n := poolSize(l, in)
		if l.Size == 0 && in.Height != in.Width {
			err = fmt.Errorf("%d x %d pixels are not a square, which a pool over the whole image needs", in.Height, in.Width)
		} else if in.Height%n != 0 || in.Width%n != 0 {
			err = fmt.Errorf("%d x %d pixels cannot be divided into squares of %d", in.Height, in.Width, n)
		}
		out.Height, out.Width = in.Height/n, in.Width/n
	case nn.Add:
		if in != second {
			err = fmt.Errorf("values of %d x %d x %d and %d x %d x %d cannot be added", in.Channels, in.Height, in.Width,
				second.Channels, second.Height, second.Width)
		}
	case nn.Join:
		out.Channels += second.Channels
		if in.Height != second.Height || in.Width != second.Width {
			err = fmt.Errorf("%d x %d and %d x %d pixels cannot be joined", in.Height, in.Width, second.Height, second.Width)
		}
	case nn.SpaceMean:
		out = flat(in.Channels)
	case nn.Flatten:
		out = flat(in.Channels * in.Height * in.Width)
	case nn.Dense:
		out = flat(l.Out)
		if err = takes(l.In); in.Height != 1 || in.Width != 1 {
			err = fmt.Errorf("a %T gets images of %d x %d pixels: flatten them first", l, in.Height, in.Width)
		}
	case nn.ReLU, nn.PReLU, nn.Tanh, nn.Drop:
	default:
		err = fmt.Errorf("the engine has no layer %T", l)
	}
	return out, err
}

func poolSize(l nn.MaxPool, in kernels.Layout) int {
	if l.Size == 0 {
		return in.Height
	}
	return l.Size
}

// then returns the layer of the only step that reads v, and the value of that step. The layer is nil
// if several steps or none read v, or if the step reads another value, too.
func (w *planner) then(v nn.Value) (l nn.Layer, out nn.Value) {
	if w.readers[v] != 1 {
		return nil, 0
	}
	i := w.next[v]
	if len(w.network.Steps[i].In) > 1 {
		return nil, 0
	}
	return w.network.Steps[i].Layer, nn.Value(i + 1)
}

// take makes the step of value v a part of the operation before it.
func (w *planner) take(v nn.Value) { w.done[v-1] = true }

// op makes the operation that begins with step i, and marks all steps that are a part of it.
func (w *planner) op(i int) op {
	step := w.network.Steps[i]
	in, out := step.In[0], nn.Value(i+1)
	w.take(out)
	switch l := step.Layer.(type) {
	case nn.Conv, nn.Deconv, nn.Dense:
		return w.linear(l, in, out)
	case nn.BatchNorm:
		o := &norm{layer: l, slope: -1, fixed: 1}
		out = w.activation(o, out)
		o.in, o.out, o.trains = in, out, w.mode == nn.Training
		w.use(in, out)
		return o
	case nn.ReLU, nn.PReLU:
		// Like a norm that changes nothing.
		o := &norm{layer: nn.BatchNorm{Mean: -1, Channels: w.layouts[in].Channels}, in: in, out: out, slope: -1}
		if p, ok := l.(nn.PReLU); ok {
			o.slope = p.Slope
		}
		w.use(in, out)
		return o
	case nn.Add:
		o := &add{x: step.In[0], y: step.In[1], floor: kernels.NoFloor}
		if l, v := w.then(out); isReLU(l) {
			w.take(v)
			o.floor, out = 0, v
		}
		o.out = out
		w.use(o.x, o.y, out)
		return o
	case nn.MaxPool:
		w.use(in, out)
		return &pool{in: in, out: out, size: poolSize(l, w.layouts[in])}
	case nn.Join:
		w.use(in, step.In[1], out)
		return &join{x: in, y: step.In[1], out: out}
	case nn.Tanh:
		w.use(in, out)
		return &tanh{in: in, out: out, scale: l.Scale}
	case nn.SpaceMean:
		w.use(in, out)
		return &mean{in: in, out: out}
	case nn.Flatten:
		w.use(in, out)
		return &flatten{in: in, out: out}
	case nn.Drop:
		w.use(in, out)
		return &drop{in: in, out: out}
	}
	panic(fmt.Sprintf("engine: a layer %T has a shape, but no operation", step.Layer))
}

// activation makes the activation that follows value v a part of a norm, and returns the value after
// it.
func (w *planner) activation(o *norm, v nn.Value) nn.Value {
	switch l, next := w.then(v); l := l.(type) {
	case nn.ReLU:
		o.fixed = 0
		w.take(next)
		return next
	case nn.PReLU:
		o.slope = l.Slope
		w.take(next)
		return next
	}
	return v
}

// use marks values as used.
func (w *planner) use(values ...nn.Value) {
	for _, v := range values {
		w.used[v] = true
	}
}

func isReLU(l nn.Layer) bool {
	_, ok := l.(nn.ReLU)
	return ok
}

// linear makes the operation of a convolution, transposed convolution or dense layer. In evaluation
// mode a norm that follows becomes a part of it, and so does ReLU.
func (w *planner) linear(l nn.Layer, in, out nn.Value) op {
	o := &linear{in: in, floor: kernels.NoFloor, weight: -1, bias: -1}
	from, to := w.layouts[in], w.layouts[out]
	switch l := l.(type) {
	case nn.Conv:
		o.weight, o.bias = l.Weight, l.Bias
		o.outs = l.Out
		given := from
		if in == nn.Images && from.Channels < fewChannels {
			given, o.packed, w.packs = w.packed, true, true
		}
		o.convolution = kernels.NewConvolution(given, to, l.Kernel, l.Stride, l.Pad)
		o.transposed = kernels.NewTransposed(to, from, l.Kernel, l.Stride, l.Pad)
	case nn.Dense:
		o.weight, o.bias = l.Weight, l.Bias
		o.outs = l.Out
		o.convolution = kernels.NewConvolution(from, to, 1, 1, 0)
		o.transposed = kernels.NewTransposed(to, from, 1, 1, 0)
	case nn.Deconv:
		// It is the gradient of a convolution of its result.
		o.weight, o.turned = l.Weight, true
		o.outs = l.Out
		o.convolution = kernels.NewConvolution(to, from, nn.DeconvKernel, nn.DeconvStride, nn.DeconvPad)
		o.transposed = kernels.NewTransposed(from, to, nn.DeconvKernel, nn.DeconvStride, nn.DeconvPad)
	}
	if !o.packed {
		w.use(in)
	}
	if next, v := w.then(out); w.mode == nn.Evaluation && !o.turned {
		if n, ok := next.(nn.BatchNorm); ok {
			w.take(v)
			o.norm, out = &n, v
		}
	}
	if next, v := w.then(out); isReLU(next) && !o.turned {
		w.take(v)
		o.floor, out = 0, v
	}
	o.out = out
	w.use(out)
	return o
}

// fewChannels is the number of channels from which images are not packed: a register.
const fewChannels = 16
