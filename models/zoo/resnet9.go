package zoo

import "foil/models/nn"

// ResNet9 is the authors' small residual network for images of 32 x 32. Their width is 64. Unlike
// in other networks, pooling comes before batch norm, and there is no activation after the sum of a
// block.
func ResNet9(width, classes int) *nn.Network {
	b := &nn.Builder{}
	unit1 := newPooledUnit(b, "conv1", nn.ImageChannels, width, 1)
	unit2 := newPooledUnit(b, "conv2", width, 2*width, 2)
	block1 := newResNet9Block(b, "block1", 2*width)
	unit3 := newPooledUnit(b, "conv3", 2*width, 4*width, 2)
	unit4 := newPooledUnit(b, "conv4", 4*width, 8*width, 2)
	block2 := newResNet9Block(b, "block2", 8*width)
	head := b.Dense("fc", 8*width, classes)
	x := unit2.apply(b, unit1.apply(b, nn.Images)) // [b, 2 width, 16, 16]
	x = block1.apply(b, x)
	x = unit4.apply(b, unit3.apply(b, x)) // [b, 8 width, 4, 4]
	x = block2.apply(b, x)
	b.Then(x, nn.MaxPool{}, nn.Flatten{}, head)
	return b.Network(nn.ImageChannels)
}

// pooledUnit is convolution, max pool, batch norm and ReLU.
type pooledUnit struct {
	conv nn.Conv
	pool int
	norm nn.BatchNorm
}

func newPooledUnit(b *nn.Builder, name string, in, out, pool int) pooledUnit {
	return pooledUnit{
		norm: b.Norm(name+".bn1", out, nn.NormEpsilon),
		conv: b.Conv(name+".conv1", nn.Conv3x3(in, out, 1)),
		pool: pool,
	}
}

func (u pooledUnit) apply(b *nn.Builder, x nn.Value) nn.Value {
	x = b.Apply(u.conv, x)
	if u.pool > 1 {
		x = b.Apply(nn.MaxPool{Size: u.pool}, x)
	}
	return b.Then(x, u.norm, nn.ReLU{})
}

type resNet9Block struct {
	conv1, conv2 nn.Conv
	norm1, norm2 nn.BatchNorm
}

func newResNet9Block(b *nn.Builder, name string, width int) resNet9Block {
	return resNet9Block{
		norm1: b.Norm(name+".bn1", width, nn.NormEpsilon),
		conv1: b.Conv(name+".conv1", nn.Conv3x3(width, width, 1)),
		norm2: b.Norm(name+".bn2", width, nn.NormEpsilon),
		conv2: b.Conv(name+".conv2", nn.Conv3x3(width, width, 1)),
	}
}

func (r resNet9Block) apply(b *nn.Builder, x nn.Value) nn.Value {
	y := b.Then(x, r.conv1, r.norm1, nn.ReLU{}, r.conv2, r.norm2, nn.ReLU{})
	return b.Apply(nn.Add{}, x, y)
}
