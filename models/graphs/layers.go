package graphs

import (
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/nn"
)

// apply builds a layer of a pass.
func (p *pass) apply(l nn.Layer, in []*Node) *Node {
	switch x := in[0]; l := l.(type) {
	case nn.Conv:
		y := p.form.convolve(x, p.nodes[l.Weight], l.Stride, l.Pad)
		if l.Bias >= 0 {
			y = p.form.affine(y, nil, p.nodes[l.Bias])
		}
		return y
	case nn.Deconv:
		return p.form.deconvolve(x, p.nodes[l.Weight])
	case nn.BatchNorm:
		return p.norm(l, x)
	case nn.ReLU:
		return p.form.relu(x)
	case nn.PReLU:
		return p.form.prelu(x, Reshape(p.nodes[l.Slope]))
	case nn.MaxPool:
		n := l.Size
		if n == 0 {
			n = p.form.height(x)
		}
		return p.form.maxPool(x, n)
	case nn.Add:
		return Add(x, in[1])
	case nn.Join:
		return p.form.join(in...)
	case nn.Tanh:
		if l.Scale >= 0 {
			x = Mul(x, Reshape(p.nodes[l.Scale]))
		}
		return Tanh(x)
	case nn.SpaceMean:
		return p.form.spaceMean(x)
	case nn.Flatten:
		return p.form.flatten(x)
	case nn.Dense:
		return p.dense(l, x)
	case nn.Drop:
		if p.mask == nil {
			return x
		}
		return Mul(x, p.mask)
	default:
		panic(fmt.Errorf("graphs: there is no graph of a layer %T", l))
	}
}

func (p *pass) dense(d nn.Dense, x *Node) *Node {
	y := Einsum("bi,oi->bo", x, p.nodes[d.Weight])
	return Add(y, perChannel(p.nodes[d.Bias], y))
}

// norm normalises the channels of x.
func (p *pass) norm(n nn.BatchNorm, x *Node) *Node {
	var scale, shift *Node
	if n.Scale >= 0 {
		scale, shift = p.nodes[n.Scale], p.nodes[n.Shift]
	}
	if p.mode == nn.Training {
		y, mean, variance := p.form.normalise(x, scale, shift, n.Epsilon)
		count := x.Shape().Size() / n.Channels
		if count == 1 {
			panic(errors.New(nn.OneValuePerChannel))
		}
		p.move(n, count, mean, variance)
		return y
	}
	factor := Reciprocal(Sqrt(AddScalar(p.nodes[n.Variance], n.Epsilon)))
	if scale != nil {
		factor = Mul(factor, scale)
	}
	offset := Neg(Mul(p.nodes[n.Mean], factor))
	if shift != nil {
		offset = Add(offset, shift)
	}
	return p.form.affine(x, factor, offset)
}

// move moves the running statistics of the graph towards those of a batch with count values per
// channel.
func (p *pass) move(n nn.BatchNorm, count int, mean, variance *Node) {
	toward := func(i int, batch *Node) {
		p.nodes[i] = Add(MulScalar(p.nodes[i], 1-nn.NormMomentum), MulScalar(batch, nn.NormMomentum))
	}
	toward(n.Mean, mean)
	toward(n.Variance, MulScalar(variance, float64(count)/float64(count-1)))
}
