package l2l

// A deconv is PyTorch's ConvTranspose2d with a 4x4 kernel, stride 2, padding 1 and
// no bias: it doubles rows and columns.
type deconv struct{ weight int }

func (b *builder) deconv(name string, in, out int) deconv {
	// PyTorch takes the second dimension for the inputs, here, too.
	return deconv{b.trainable(name+".weight", pytorchDefault(out*4*4), in, out, 4, 4)}
}

// apply maps images to images of twice the rows and columns.
func (d deconv) apply(p *pass, x parts) parts {
	return p.deconvolve(x, p.nodes[d.weight])
}
