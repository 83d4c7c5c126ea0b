package zoo

import (
	. "github.com/gomlx/gomlx/core/graph"

	"foil/models/nn"
)

// SmallCNN is the network for images of channels x size x size, such as MNIST: four convolutions
// without padding and three dense layers, without batch norm. The authors' width is 32. Their
// hidden layers have 200 units, and the first of them has a dropout of one half in training.
func SmallCNN(channels, size, width, hidden, classes int) *nn.Network {
	b := &nn.Builder{}
	kaiming := func(name string, in, out int) nn.Conv {
		s := nn.ConvSpec{In: in, Out: out, Kernel: 3, Stride: 1, Bias: true, BiasInit: nn.Constant(0)}
		return b.Conv("feature_extractor."+name, s.WithWeights(nn.KaimingNormal(s.FanIn())))
	}
	conv1, conv2 := kaiming("conv1", channels, width), kaiming("conv2", width, width)
	conv3, conv4 := kaiming("conv3", width, 2*width), kaiming("conv4", 2*width, 2*width)
	size = ((size-4)/2 - 4) / 2 // two convolutions and a pool, twice
	fc1 := b.Dense("classifier.fc1", 2*width*size*size, hidden)
	fc2 := b.Dense("classifier.fc2", hidden, hidden)
	head := b.DenseFrom("classifier.fc3", hidden, classes, nn.Constant(0), nn.Constant(0))
	return &nn.Network{Params: b.Params, Dropout: &nn.Dropout{Width: hidden, Probability: 0.5}, Head: head, Features: func(p *nn.Pass, x nn.Parts) *Node {
		x = p.ReLU(conv2.Apply(p, p.ReLU(conv1.Apply(p, x))))
		x = p.MaxPool(x, 2)
		x = p.ReLU(conv4.Apply(p, p.ReLU(conv3.Apply(p, x))))
		features := p.Flatten(p.MaxPool(x, 2))
		return nn.ReLU(fc2.Apply(p, p.Drop(nn.ReLU(fc1.Apply(p, features)))))
	}}
}
