package nn

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// Parts are the images of a batch inside a network. Each part is in the layout of the form. The Go
// backend uses threads for operations that do not depend on each other; within an operation only
// for products. So there a batch goes through the network as two halves, which are combined in
// batch norm only. A single thread uses the same halves, so that the results are the same.
type Parts []*Node

// enter converts images [b, c, h, w] to parts.
func (p *Pass) enter(images *Node) Parts {
	return cut(images, p.form.sizes(images.Shape().Dim(0))).Each(p.form.enter)
}

// leave is the reverse of enter.
func (p *Pass) leave(x Parts) *Node { return join(x.Each(p.form.leave), 0) }

// cut divides images [b, c, h, w] into parts of the given sizes. Its gradient joins the gradients
// of the parts. Separate gradients of the slices would each have the size of the whole, with zeros
// in most places.
func cut(images *Node, sizes []int) Parts {
	if len(sizes) == 1 {
		return Parts{images}
	}
	return deriveAll([]*Node{images}, func(in []*Node) (cuts []*Node) {
		first := 0
		for _, n := range sizes {
			cuts = append(cuts, Slice(in[0], AxisRange(first, first+n)))
			first += n
		}
		return cuts
	}, func(_, gradients []*Node) []*Node { return []*Node{join(gradients, 0)} })
}

// halves returns the sizes of the two halves of n images. The first one is even, since a form may
// process images in pairs.
func halves(n int) []int {
	first := (n + 2) / 4 * 2
	if first == 0 || first >= n {
		return []int{n}
	}
	return []int{first, n - first}
}

// size returns the number of values.
func (x Parts) size() (n int) {
	for _, part := range x {
		n += part.Shape().Size()
	}
	return n
}

// Each calls f for every part.
func (x Parts) Each(f func(x *Node) *Node) Parts {
	out := make(Parts, len(x))
	for i, part := range x {
		out[i] = f(part)
	}
	return out
}

// with calls f for each part of x with that of y. The numbers of parts are the same.
func (x Parts) with(y Parts, f func(x, y *Node) *Node) Parts {
	out := make(Parts, len(x))
	for i := range x {
		out[i] = f(x[i], y[i])
	}
	return out
}

func (p *Pass) convolve(x Parts, kernel *Node, stride, pad int) Parts {
	return x.Each(func(x *Node) *Node { return p.form.convolve(x, kernel, stride, pad) })
}

func (p *Pass) deconvolve(x Parts, kernel *Node) Parts {
	return x.Each(func(x *Node) *Node { return p.form.deconvolve(x, kernel) })
}

func (p *Pass) affine(x Parts, scale, shift *Node) Parts {
	return x.Each(func(x *Node) *Node { return p.form.affine(x, scale, shift) })
}

// normalise normalises the channels over all parts to mean 0 and variance 1.
func (p *Pass) normalise(x Parts, scale, shift *Node, epsilon float64) (y Parts, mean, variance *Node) {
	return p.form.normalise(x, scale, shift, epsilon)
}

// ReLU is max(x, 0).
func (p *Pass) ReLU(x Parts) Parts { return x.Each(p.form.relu) }

func (p *Pass) prelu(x Parts, slope *Node) Parts {
	return x.Each(func(x *Node) *Node { return p.form.prelu(x, slope) })
}

// MaxPool takes the largest value of each square of n x n.
func (p *Pass) MaxPool(x Parts, n int) Parts {
	return x.Each(func(x *Node) *Node { return p.form.maxPool(x, n) })
}

// Add adds values of the same shape.
func (p *Pass) Add(x, y Parts) Parts { return x.with(y, Add) }

// Join puts the channels of y behind those of x.
func (p *Pass) Join(x, y Parts) Parts {
	return x.with(y, func(x, y *Node) *Node { return p.form.join(x, y) })
}

// SpaceMean is the mean over rows and columns, [b, c].
func (p *Pass) SpaceMean(x Parts) *Node { return join(x.Each(p.form.spaceMean), 0) }

// Flatten lists the values of each image in the order of PyTorch, [b, c h w].
func (p *Pass) Flatten(x Parts) *Node { return join(x.Each(p.form.flatten), 0) }
