package l2l

// A conv is a convolution as PyTorch's Conv2d: a square kernel, the same zeros on
// both sides (unlike SAME padding where the stride is 2), perhaps a bias.
type conv struct {
	weight, bias        int // bias: -1 for none
	kernel, stride, pad int
}

// convSpec describes a conv to declare; its inits are PyTorch's where they are nil.
type convSpec struct {
	in, out, kernel, stride, pad int
	bias                         bool
	weightInit, biasInit         initializer
}

// conv3x3 is the convolution that most layers have.
func conv3x3(in, out, stride int) convSpec {
	return convSpec{in: in, out: out, kernel: 3, stride: stride, pad: 1}
}

// conv1x1 is the convolution of shortcuts.
func conv1x1(in, out, stride int) convSpec {
	return convSpec{in: in, out: out, kernel: 1, stride: stride}
}

func (s convSpec) withBias() convSpec {
	s.bias = true
	return s
}

func (s convSpec) weights(init initializer) convSpec {
	s.weightInit = init
	return s
}

func (s convSpec) fanIn() int  { return s.in * s.kernel * s.kernel }
func (s convSpec) fanOut() int { return s.out * s.kernel * s.kernel }

func (b *builder) conv(name string, s convSpec) conv {
	if s.weightInit == nil {
		s.weightInit = pytorchDefault(s.fanIn())
	}
	if s.biasInit == nil {
		s.biasInit = pytorchDefault(s.fanIn())
	}
	c := conv{bias: -1, kernel: s.kernel, stride: s.stride, pad: s.pad}
	c.weight = b.trainable(name+".weight", s.weightInit, s.out, s.in, s.kernel, s.kernel)
	if s.bias {
		c.bias = b.trainable(name+".bias", s.biasInit, s.out)
	}
	return c
}

// apply maps images to images of o channels.
func (c conv) apply(p *pass, x parts) parts {
	y := p.convolve(x, p.nodes[c.weight], c.stride, c.pad)
	if c.bias >= 0 {
		y = p.affine(y, nil, p.nodes[c.bias])
	}
	return y
}
