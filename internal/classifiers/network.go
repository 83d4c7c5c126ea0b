package classifiers

import (
	"foil/internal/artifact"
	"foil/models/l2l"
	"foil/models/nn"
	"foil/models/zoo"
	"foil/spec"
)

// A Network is the parameter that names a classifier and its size.
type Network struct {
	Name  string `yaml:"name" json:"name" oneof:"wrn-34,resnet-18,resnet-9,small-cnn"`
	Width int    `yaml:"width" json:"width" min:"0" max:"4096"`
}

// NetworkParams describes a Network.
var NetworkParams = &spec.Params[Network]{
	Docs: spec.Docs{
		"name": "architecture. wrn-34 is a pre-activation wide residual network with 34 layers, and with width 10 the paper's WRN-34-10. " +
			"small-cnn has four convolutions, for images like those of MNIST.",
		"width": "channels of the first stage; for wrn-34 the widening factor. 0: as the authors have it (10, 64, 64, 32).",
	},
	Settle: (*Network).settle,
}

// settle replaces width 0 by the authors' width.
func (n *Network) settle() {
	if c, err := zoo.FindClassifier(n.Name); err == nil && n.Width == 0 {
		n.Width = c.Width
	}
}

// Build makes the network for images of a shape.
func (n Network) Build(image artifact.Shape, classes int) (*nn.Network, error) {
	c, err := zoo.FindClassifier(n.Name)
	if err != nil {
		return nil, err
	}
	return c.Build(zoo.Shape(image), n.Width, classes)
}

// An Attacker is the parameter that names an attacker network and its size.
type Attacker struct {
	Name  string `yaml:"name" json:"name" oneof:"wide,two-layer,slim"`
	Width int    `yaml:"width" json:"width" min:"0" max:"4096"`
}

// AttackerParams describes an Attacker.
var AttackerParams = &spec.Params[Attacker]{
	Docs: spec.Docs{
		"name":  "architecture. wide has four residual blocks at full resolution, two-layer has two of them, slim has two at half resolution.",
		"width": "channels of the first layer. 0: as the authors have it (64, 64, 128).",
	},
	Settle: (*Attacker).settle,
}

// settle replaces width 0 by the authors' width.
func (a *Attacker) settle() {
	if n, err := zoo.FindAttacker(a.Name); err == nil && a.Width == 0 {
		a.Width = n.Width
	}
}

// Build makes the network for images of a shape, with the given number of input channels.
func (a Attacker) Build(image artifact.Shape, channels int) (*nn.Network, error) {
	n, err := zoo.FindAttacker(a.Name)
	if err != nil {
		return nil, err
	}
	return n.Build(zoo.Shape(image), a.Width, channels)
}

// A Game describes the training of an attacker: its inputs and its steps.
type Game struct {
	Attacker Attacker `json:"network"`
	Variant  string   `json:"variant"` // as l2l.Methods names it
	Steps    int      `json:"steps,omitempty"`
	Step     float64  `json:"step,omitempty"`
	Smooth   float64  `json:"smooth,omitempty"`
	Epsilon  float64  `json:"epsilon"`
}

// Build makes the recipe of the game and the attacker's network.
func (g Game) Build(image artifact.Shape) (r l2l.Recipe, n *nn.Network, err error) {
	m, err := l2l.FindVariant(g.Variant)
	if err != nil {
		return r, nil, err
	}
	n, err = g.Attacker.Build(image, m.Channels())
	return m.With(l2l.Settings{Epsilon: g.Epsilon, Steps: g.Steps, Step: g.Step, Smooth: g.Smooth}), n, err
}
