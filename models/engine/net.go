package engine

import (
	"fmt"
	"slices"
	"sync"

	"github.com/gomlx/compute"

	"foil/models/backend"
	"foil/models/kernels"
	"foil/models/nn"
)

// A Net is a network for images of one size. It is not safe for concurrent use.
type Net struct {
	Network *nn.Network
	Image   [3]int // channels, rows, columns

	// Gradients of the trainable parameters, by the index of the parameter. Passes add to them.
	Gradients [][]float32

	threads int
	params  [][]float32 // by index; running statistics move with each pass in training mode
	version int         // counts the weights that were loaded
	plans   [2]*plan    // by mode
	free    [2][]*Pass  // by mode
	lock    sync.Mutex  // of free
}

// New prepares a network for images of the given channels, rows and columns.
func New(n *nn.Network, image [3]int, threads int) (*Net, error) {
	net := &Net{Network: n, Image: image, threads: max(threads, 1)}
	for _, p := range n.Params {
		net.params = append(net.params, make([]float32, p.Size()))
	}
	for mode := range net.plans {
		p, err := newPlan(n, image, nn.Mode(mode))
		if err != nil {
			return nil, err
		}
		net.plans[mode] = p
	}
	return net, nil
}

// Load reads the weights. Passes that have begun must not go on after it.
func (n *Net) Load(w *nn.Weights) error {
	for i, t := range w.Tensors {
		if err := backend.Read(t, func(x []float32) { copy(n.params[i], x) }); err != nil {
			return fmt.Errorf("%s: %w", w.Params[i].Name, err)
		}
	}
	n.version++
	return nil
}

// Parameters are the values of all parameters by index, with the running statistics after the passes
// so far.
func (n *Net) Parameters() [][]float32 { return n.params }

// ClearGradients sets all gradients to zero.
func (n *Net) ClearGradients() {
	if n.Gradients == nil {
		n.Gradients = make([][]float32, len(n.params))
		for i, p := range n.Network.Params {
			if p.Trainable {
				n.Gradients[i] = make([]float32, p.Size())
			}
		}
		return
	}
	for _, g := range n.Gradients {
		clear(g)
	}
}

// ready returns the plan of a mode with the current weights.
func (n *Net) ready(mode nn.Mode) *plan {
	p := n.plans[mode]
	if p.version != n.version {
		for _, o := range p.ops {
			o.load(n.params)
		}
		p.version = n.version
	}
	return p
}

// size is the number of values of an image.
func (n *Net) size() int { return n.Image[0] * n.Image[1] * n.Image[2] }

// count is the number of images in x.
func (n *Net) count(x []float32) (int, error) {
	if len(x) == 0 || len(x)%n.size() != 0 {
		return 0, fmt.Errorf("engine: %d values are not those of one or more images of shape %v", len(x), n.Image)
	}
	return len(x) / n.size(), nil
}

// Outputs is the number of values that the network gives for an image.
func (n *Net) Outputs() int {
	layouts := n.plans[nn.Evaluation].layouts
	l := layouts[len(layouts)-1]
	return l.Channels * l.Height * l.Width
}

// Train begins a pass of a whole batch in training mode, on all threads. It moves the running
// statistics, which Evaluate uses only after the next Load. mask [b, width] is that of dropout; nil:
// none. The caller must call Done, unless there is an error.
func (n *Net) Train(x, mask []float32) (*Pass, error) {
	images, err := n.count(x)
	if err != nil {
		return nil, err
	}
	p := n.take(nn.Training, images)
	p.threads = n.threads
	p.mask = mask
	if err := p.forward(x); err != nil {
		p.Done()
		return nil, err
	}
	return p, nil
}

// Evaluate calls f for all images in evaluation mode, some at a time, on all threads. f may call
// Forward and Backward any number of times with images from to to-1. If several calls fail, Evaluate
// returns the error of the first images.
func (n *Net) Evaluate(images int, f func(p *Pass, from, to int) error) error {
	n.ready(nn.Evaluation)
	chunks := (images + chunk - 1) / chunk
	failed := make([]error, chunks)
	kernels.InParallel(chunks, n.threads, func(first, last int) {
		p := n.take(nn.Evaluation, min(chunk, images))
		defer p.Done()
		p.threads = 1
		for c := first; c < last; c++ {
			if failed[c] = f(p, c*chunk, min((c+1)*chunk, images)); failed[c] != nil {
				return
			}
		}
	})
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// chunk is the number of images that a thread takes through a network at once in evaluation mode. A
// few share the reading of the weights; their values should fit the second-level cache.
const chunk = 4

// take returns a pass for a number of images.
func (n *Net) take(mode nn.Mode, images int) *Pass {
	plan := n.ready(mode)
	n.lock.Lock()
	defer n.lock.Unlock()
	free := n.free[mode]
	for i, p := range free {
		if p.room >= images {
			n.free[mode] = slices.Delete(free, i, i+1)
			p.images = images
			return p
		}
	}
	if len(free) > 0 { // the new pass replaces a smaller one, so that passes do not pile up
		n.free[mode] = slices.Delete(free, 0, 1)
	}
	return newPass(n, plan, images)
}

// For reports whether the engine, and not graphs, is for networks on a backend.
func For(b compute.Backend) bool { return backend.IsGo(b) }
