package nn

import "slices"

// ImageChannels is the number of channels of a colour image.
const ImageChannels = 3

// A Mode selects the statistics of batch norm.
type Mode int

const (
	Evaluation Mode = iota // batch norm normalises with the running statistics
	Training               // batch norm normalises with those of the batch, and moves the running ones
)

// A Network is a computation on images as data: parameters, and steps that make values of the
// images. The last step of a classifier is a Dense, which makes the logits. The last step of an
// attacker is a Tanh, which makes the change of three channels, each value in [-1, 1].
//
// Two interpreters run networks: package graphs builds GoMLX graphs, and package engine computes
// without graphs.
type Network struct {
	Params   []Param
	Channels int      // of the images
	Steps    []Step   // step i makes value i+1
	Dropout  *Dropout // nil: no dropout
}

// A Value is what a network computes at some point: [b, c, h, w], or [b, features] after Flatten,
// SpaceMean and Dense.
type Value int

// Images is the input of a network, [b, c, h, w].
const Images Value = 0

// A Step applies a layer to earlier values.
type Step struct {
	Layer Layer
	In    []Value
}

// Head is a classifier's last layer.
func (n *Network) Head() Dense { return n.Steps[len(n.Steps)-1].Layer.(Dense) }

// Body is a classifier without its last layer: it makes the features, [b, features].
func (n *Network) Body() *Network {
	body := *n
	body.Steps = n.Steps[:len(n.Steps)-1]
	return &body
}

// WithHead returns a classifier with another last layer, of out classes. The parameters of the layer
// have the places of those of the old one.
func (n *Network) WithHead(out int) *Network {
	other, head := *n, n.Head()
	head.Out = out
	other.Params, other.Steps = slices.Clone(n.Params), slices.Clone(n.Steps)
	other.Params[head.Weight].Shape, other.Params[head.Bias].Shape = []int{out, head.In}, []int{out}
	other.Steps[len(n.Steps)-1].Layer = head
	return &other
}

// Classes is the number of a classifier's classes.
func (n *Network) Classes() int { return n.Head().Out }
