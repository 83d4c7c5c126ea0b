package nn

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// Parts are the images of a batch inside of a network, each part in the layout of the form.
// The Go backend uses threads for operations that do not depend on each other and, within
// one operation, for products alone. There a batch goes through as two halves, which meet
// in batch norm only. One thread cuts them in the same way, so that its results are the
// same.
type Parts []*Node

// enter takes images [b, c, h, w] into a network.
func (p *Pass) enter(images *Node) Parts {
	return cut(images, p.form.sizes(images.Shape().Dim(0))).Each(p.form.enter)
}

// leave is the reverse of enter.
func (p *Pass) leave(x Parts) *Node { return join(x.Each(p.form.leave), 0) }

// cut cuts images [b, c, h, w] into parts of the given sizes. Gradients are joined:
// the gradient of each slice by itself would have the size of the whole, mostly zeros.
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

// halves are the sizes of the two halves of n images. The first one is even, since a
// form may move images in pairs.
func halves(n int) []int {
	first := (n + 2) / 4 * 2
	if first == 0 || first >= n {
		return []int{n}
	}
	return []int{first, n - first}
}

// size is the number of values.
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

// with calls f for the parts of x and those of y, of which there are as many.
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

// normalise brings the channels of all parts together to mean 0 and variance 1.
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

// Add adds up values of one shape.
func (p *Pass) Add(x, y Parts) Parts { return x.with(y, Add) }

// Join puts the channels of y behind those of x.
func (p *Pass) Join(x, y Parts) Parts {
	return x.with(y, func(x, y *Node) *Node { return p.form.join(x, y) })
}

// SpaceMean is the mean over rows and columns, [b, c].
func (p *Pass) SpaceMean(x Parts) *Node { return join(x.Each(p.form.spaceMean), 0) }

// Flatten lists the values of each image in the order of PyTorch, [b, c h w].
func (p *Pass) Flatten(x Parts) *Node { return join(x.Each(p.form.flatten), 0) }
