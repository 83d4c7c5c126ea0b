package zoo

import "foil/models/nn"

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
	b.Then(nn.Images,
		conv1, nn.ReLU{}, conv2, nn.ReLU{}, nn.MaxPool{Size: 2},
		conv3, nn.ReLU{}, conv4, nn.ReLU{}, nn.MaxPool{Size: 2},
		nn.Flatten{}, fc1, nn.ReLU{}, nn.Drop{}, fc2, nn.ReLU{}, head)
	n := b.Network(channels)
	n.Dropout = &nn.Dropout{Width: hidden, Probability: 0.5}
	return n
}
