// Package zoo holds the networks of Learning to Defend by Learning to Attack (Jiang et al. 2021) by
// name: classifiers, and attackers, which change the input of a classifier. Parameters have the
// names, layouts and initialisations of the authors' PyTorch code.
//
// Classifiers and Attackers are tables with the names, default widths and possible images of the
// networks. All other code uses these tables.
package zoo

import (
	"fmt"

	"foil/models/nn"
)

// A Shape is the shape of the images of a data set.
type Shape struct{ Channels, Height, Width int }

// String returns the shape as text: "3 x 32 x 32".
func (s Shape) String() string { return fmt.Sprintf("%d x %d x %d", s.Channels, s.Height, s.Width) }

// A Classifier is a network that classifies images.
type Classifier struct {
	Name  string
	Doc   string
	Width int // the authors' width

	takes images
	build func(image Shape, width, classes int) *nn.Network
}

// An Attacker is a network that changes images so that a classifier misclassifies them.
type Attacker struct {
	Name  string
	Doc   string
	Width int // the authors' width

	takes images
	build func(channels, width int) *nn.Network
}

// images describes the possible images of a network.
type images struct {
	words string
	fit   func(s Shape) bool
}

var (
	pooledThrice = images{"3 channels, and a height and width that are multiples of 8",
		func(s Shape) bool { return s.Channels == nn.ImageChannels && s.Height%8 == 0 }}
	pooledTwice = images{"16 x 16 or larger, and a height and width that are multiples of 4",
		func(s Shape) bool { return s.Height >= 16 && s.Height%4 == 0 }}
	halved = images{"3 channels, and an even height and width",
		func(s Shape) bool { return s.Channels == nn.ImageChannels && s.Height%2 == 0 && s.Width%2 == 0 }}
)

const (
	wrnDepth, wrnBase = 34, 16
	smallHidden       = 200
)

// Classifiers is the table of classifiers.
var Classifiers = []Classifier{
	{
		Name: "wrn-34", Width: 10, takes: pooledThrice,
		Doc:   "pre-activation wide residual network with 34 layers; with width 10 the paper's WRN-34-10",
		build: func(_ Shape, width, classes int) *nn.Network { return WideResNet(wrnDepth, width, wrnBase, classes) },
	},
	{
		Name: "resnet-18", Width: 64, takes: pooledThrice,
		Doc:   "residual network with 18 layers",
		build: func(_ Shape, width, classes int) *nn.Network { return ResNet18(width, classes) },
	},
	{
		Name: "resnet-9", Width: 64, takes: pooledThrice,
		Doc:   "residual network with 9 layers",
		build: func(_ Shape, width, classes int) *nn.Network { return ResNet9(width, classes) },
	},
	{
		Name: "small-cnn", Width: 32, takes: pooledTwice,
		Doc: "four convolutions, for images such as MNIST's",
		build: func(image Shape, width, classes int) *nn.Network {
			return SmallCNN(image.Channels, image.Height, width, smallHidden, classes)
		},
	},
}

// Attackers is the table of attackers.
var Attackers = []Attacker{
	{Name: "wide", Width: 64, takes: halved, Doc: "four residual blocks at full resolution", build: Wide},
	{Name: "two-layer", Width: 64, takes: halved, Doc: "two residual blocks at full resolution", build: TwoLayer},
	{Name: "slim", Width: 128, takes: halved, Doc: "two residual blocks at half resolution", build: Slim},
}

// FindClassifier finds a classifier by its name.
func FindClassifier(name string) (Classifier, error) {
	for _, c := range Classifiers {
		if c.Name == name {
			return c, nil
		}
	}
	return Classifier{}, fmt.Errorf("unknown classifier %q", name)
}

// FindAttacker finds an attacker by its name.
func FindAttacker(name string) (Attacker, error) {
	for _, a := range Attackers {
		if a.Name == name {
			return a, nil
		}
	}
	return Attacker{}, fmt.Errorf("unknown attacker network %q", name)
}

// Build makes the network for images of a shape.
func (c Classifier) Build(image Shape, width, classes int) (*nn.Network, error) {
	if image.Height != image.Width {
		return nil, fmt.Errorf("images of %v: %s needs square images", image, c.Name)
	}
	if !c.takes.fit(image) {
		return nil, fmt.Errorf("images of %v: %s needs %s", image, c.Name, c.takes.words)
	}
	return c.build(image, width, classes), nil
}

// Build makes the network for images of a shape. channels is 3 for images, or 6 for images and
// their gradient.
func (a Attacker) Build(image Shape, width, channels int) (*nn.Network, error) {
	if !a.takes.fit(image) {
		return nil, fmt.Errorf("images of %v: the attacker %s needs %s", image, a.Name, a.takes.words)
	}
	return a.build(channels, width), nil
}
