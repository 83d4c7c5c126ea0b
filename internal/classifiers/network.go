package classifiers

import (
	"fmt"

	"foil/internal/artifact"
	"foil/models/l2l"
	"foil/spec"
)

// A Network is the parameter that names a classifier and its size.
type Network struct {
	Name  string `yaml:"name" json:"name" oneof:"wrn-34,resnet-18,resnet-9,small-cnn" doc:"wrn-34: pre-activation wide residual network with 34 layers (with width 10 the paper's WRN-34-10); resnet-18; resnet-9; small-cnn: four convolutions, for images as MNIST's"`
	Width int    `yaml:"width" json:"width" min:"0" max:"4096" doc:"channels of its first stage, of wrn-34 the widening factor; 0: the authors' (10, 64, 64, 32)"`
}

// NetworkParams describes a Network.
var NetworkParams = &spec.Params[Network]{
	Docs: spec.Docs{
		"name": "architecture. wrn-34 is a pre-activation wide residual network with 34 layers, and with width 10 the paper's WRN-34-10. " +
			"small-cnn has four convolutions, for images like those of MNIST.",
		"width": "channels of the first stage; for wrn-34 the widening factor. 0: as the authors have it (10, 64, 64, 32).",
	},
	Settle: (*Network).Settle,
}

// Settle writes the authors' width out where none is given.
func (n *Network) Settle() {
	if n.Width == 0 {
		n.Width = map[string]int{"wrn-34": 10, "resnet-18": 64, "resnet-9": 64, "small-cnn": 32}[n.Name]
	}
}

const (
	wrnDepth, wrnBase = 34, 16
	smallHidden       = 200
)

// Build makes the network for images of a shape.
func (n Network) Build(image artifact.Shape, classes int) (*l2l.Network, error) {
	if image.Height != image.Width {
		return nil, fmt.Errorf("images of %v: %s takes square ones", image, n.Name)
	}
	if n.Name == "small-cnn" {
		if image.Height < 16 || image.Height%4 != 0 { // it pools twice
			return nil, fmt.Errorf("images of %v: small-cnn takes 16 x 16 or larger, and a height and width that are multiples of 4", image)
		}
		return l2l.SmallCNN(image.Channels, image.Height, n.Width, smallHidden, classes), nil
	}
	if image.Channels != 3 || image.Height%8 != 0 {
		return nil, fmt.Errorf("images of %v: %s takes 3 channels, and a height and width that are multiples of 8", image, n.Name)
	}
	switch n.Name {
	case "wrn-34":
		return l2l.WideResNet(wrnDepth, n.Width, wrnBase, classes), nil
	case "resnet-18":
		return l2l.ResNet18(n.Width, classes), nil
	case "resnet-9":
		return l2l.ResNet9(n.Width, classes), nil
	}
	return nil, fmt.Errorf("unknown classifier %q", n.Name)
}

// An Attacker is the parameter that names an attacker network and its size.
type Attacker struct {
	Name  string `yaml:"name" json:"name" oneof:"wide,two-layer,slim" doc:"wide: four residual blocks at full resolution; two-layer: two of them; slim: two at half resolution"`
	Width int    `yaml:"width" json:"width" min:"0" max:"4096" doc:"channels of its first layer; 0: the authors' (64, 64, 128)"`
}

// AttackerParams describes an Attacker.
var AttackerParams = &spec.Params[Attacker]{
	Docs: spec.Docs{
		"name":  "architecture. wide has four residual blocks at full resolution, two-layer has two of them, slim has two at half resolution.",
		"width": "channels of the first layer. 0: as the authors have it (64, 64, 128).",
	},
	Settle: (*Attacker).Settle,
}

// Settle writes the authors' width out where none is given.
func (a *Attacker) Settle() {
	if a.Width == 0 {
		a.Width = map[string]int{"wide": 64, "two-layer": 64, "slim": 128}[a.Name]
	}
}

// Build makes the network for images of a shape, of which the attacker sees so many channels.
func (a Attacker) Build(image artifact.Shape, channels int) (*l2l.Network, error) {
	if image.Channels != 3 || image.Height%2 != 0 || image.Width%2 != 0 {
		return nil, fmt.Errorf("images of %v: attackers take 3 channels, and an even height and width", image)
	}
	switch a.Name {
	case "wide":
		return l2l.Wide(channels, a.Width), nil
	case "two-layer":
		return l2l.TwoLayer(channels, a.Width), nil
	case "slim":
		return l2l.Slim(channels, a.Width), nil
	}
	return nil, fmt.Errorf("unknown attacker %q", a.Name)
}

// A Game is how an attacker was trained: what it sees, and how often it moves.
type Game struct {
	Attacker Attacker `json:"network"`
	Variant  string   `json:"variant"` // naive, grad, 2-step, k-step, grad-interpolation or 2-step-interpolation
	Steps    int      `json:"steps,omitempty"`
	Step     float64  `json:"step,omitempty"`
	Smooth   float64  `json:"smooth,omitempty"`
	Epsilon  float64  `json:"epsilon"`
}

// Build makes the variant and the attacker's network.
func (g Game) Build(image artifact.Shape) (v l2l.Variant, n *l2l.Network, err error) {
	switch g.Variant {
	case "naive":
		v = l2l.Naive()
	case "grad":
		v = l2l.Grad()
	case "2-step":
		v = l2l.TwoStep()
	case "k-step":
		v = l2l.KStep(g.Steps, g.Step)
	case "grad-interpolation":
		v = l2l.GradInterpolation(g.Smooth)
	case "2-step-interpolation":
		v = l2l.TwoStepInterpolation(g.Smooth)
	default:
		return v, nil, fmt.Errorf("unknown variant of L2L %q", g.Variant)
	}
	n, err = g.Attacker.Build(image, v.Channels)
	return v, n, err
}
