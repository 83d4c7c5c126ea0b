package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// parts are the images of a batch inside of a network, each part as the form lays it
// out. The Go backend uses threads for operations that do not depend on each other and,
// within one, for products alone, so there a batch goes through as two halves that know
// of each other in batch norm only. They are cut in the same way on one thread: its
// results are the same.
type parts []*Node

// enter takes images [b, c, h, w] into a network.
func (p *pass) enter(images *Node) parts {
	return cut(images, p.form.sizes(images.Shape().Dim(0))).each(p.form.enter)
}

// leave is the reverse of enter.
func (p *pass) leave(x parts) *Node { return join(x.each(p.form.leave), 0) }

// cut cuts images [b, c, h, w] into parts of the given sizes. Gradients are joined; each
// slice's own would be one of the whole, with zeros for the rest.
func cut(images *Node, sizes []int) parts {
	if len(sizes) == 1 {
		return parts{images}
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
func (x parts) size() (n int) {
	for _, part := range x {
		n += part.Shape().Size()
	}
	return n
}

// each calls f for every part.
func (x parts) each(f func(x *Node) *Node) parts {
	out := make(parts, len(x))
	for i, part := range x {
		out[i] = f(part)
	}
	return out
}

// with calls f for the parts of x and those of y, of which there are as many.
func (x parts) with(y parts, f func(x, y *Node) *Node) parts {
	out := make(parts, len(x))
	for i := range x {
		out[i] = f(x[i], y[i])
	}
	return out
}

func (p *pass) convolve(x parts, kernel *Node, stride, pad int) parts {
	return x.each(func(x *Node) *Node { return p.form.convolve(x, kernel, stride, pad) })
}

func (p *pass) deconvolve(x parts, kernel *Node) parts {
	return x.each(func(x *Node) *Node { return p.form.deconvolve(x, kernel) })
}

func (p *pass) affine(x parts, scale, shift *Node) parts {
	return x.each(func(x *Node) *Node { return p.form.affine(x, scale, shift) })
}

// normalise brings the channels of all parts together to mean 0 and variance 1.
func (p *pass) normalise(x parts, scale, shift *Node, epsilon float64) (y parts, mean, variance *Node) {
	return p.form.normalise(x, scale, shift, epsilon)
}

func (p *pass) relu(x parts) parts { return x.each(p.form.relu) }

func (p *pass) prelu(x parts, slope *Node) parts {
	return x.each(func(x *Node) *Node { return p.form.prelu(x, slope) })
}

func (p *pass) maxPool(x parts, n int) parts {
	return x.each(func(x *Node) *Node { return p.form.maxPool(x, n) })
}

func (p *pass) add(x, y parts) parts { return x.with(y, Add) }

func (p *pass) join(x, y parts) parts {
	return x.with(y, func(x, y *Node) *Node { return p.form.join(x, y) })
}

func (p *pass) spaceMean(x parts) *Node { return join(x.each(p.form.spaceMean), 0) }

func (p *pass) flatten(x parts) *Node { return join(x.each(p.form.flatten), 0) }
