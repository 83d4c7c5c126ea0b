package l2l

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// SmallCNN is the network for images of channels x size x size, MNIST's: four
// convolutions without padding and three dense layers, without batch norm. The
// authors' width is 32, their hidden layers have 200, and of the first of these they
// drop one half in training.
func SmallCNN(channels, size, width, hidden, classes int) *Network {
	b := &builder{}
	kaiming := func(name string, in, out int) conv {
		s := convSpec{in: in, out: out, kernel: 3, stride: 1, bias: true, biasInit: constant(0)}
		return b.conv("feature_extractor."+name, s.weights(kaimingNormal(s.fanIn())))
	}
	conv1, conv2 := kaiming("conv1", channels, width), kaiming("conv2", width, width)
	conv3, conv4 := kaiming("conv3", width, 2*width), kaiming("conv4", 2*width, 2*width)
	size = ((size-4)/2 - 4) / 2 // two convolutions and a pool, twice
	fc1 := b.dense("classifier.fc1", 2*width*size*size, hidden)
	fc2 := b.dense("classifier.fc2", hidden, hidden)
	head := b.denseFrom("classifier.fc3", hidden, classes, constant(0), constant(0))
	return &Network{Params: b.params, Dropout: &Dropout{hidden, 0.5}, head: head, features: func(p *pass, x parts) *Node {
		x = p.relu(conv2.apply(p, p.relu(conv1.apply(p, x))))
		x = p.maxPool(x, 2)
		x = p.relu(conv4.apply(p, p.relu(conv3.apply(p, x))))
		features := p.flatten(p.maxPool(x, 2))
		return relu(fc2.apply(p, p.drop(relu(fc1.apply(p, features)))))
	}}
}
