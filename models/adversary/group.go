package adversary

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
	"foil/models/optim"
	"foil/models/random"
)

// A Task is the kind of value that a group predicts.
type Task int

const (
	Classification Task = iota // cross-entropy over Classes, ReLU between the layers
	Regression                 // mean squared error, sigmoid between the layers
)

// Config describes a group of heads.
type Config struct {
	Name         string // of the attribute
	Task         Task
	Classes      int // for Classification
	ClassWeights []float32
	Heads        int
	Hidden       int     // width of the hidden layer
	Dropout      float64 // share of the latent vector to drop in training
	Reversal     float64 // lambda: the gradient of the loss is multiplied by -lambda
}

// Outputs is the width of a head's output.
func (c Config) Outputs() int {
	if c.Task == Regression {
		return 1
	}
	return c.Classes
}

// The weights of a group, heads stacked on the first axis, in PyTorch's [out, in].
const (
	hiddenWeight = iota // [heads, hidden, latent]
	hiddenBias          // [heads, 1, hidden]
	outWeight           // [heads, outputs, hidden]
	outBias             // [heads, 1, outputs]
	NumParams
)

// A Group is a Config with weights.
type Group struct {
	Config
	latent  int
	params  [NumParams]*tensors.Tensor
	moments [NumParams]optim.Moments
}

// NewGroup makes a group with PyTorch's default initialisation of linear
// layers: uniform in +-1/sqrt(fan in) for weights and biases.
func NewGroup(b compute.Backend, c Config, latent int, r *rand.Rand) (*Group, error) {
	g := &Group{Config: c, latent: latent}
	shapes := [NumParams][]int{
		hiddenWeight: {c.Heads, c.Hidden, latent},
		hiddenBias:   {c.Heads, 1, c.Hidden},
		outWeight:    {c.Heads, c.Outputs(), c.Hidden},
		outBias:      {c.Heads, 1, c.Outputs()},
	}
	fanIn := [NumParams]int{latent, latent, c.Hidden, c.Hidden}
	for i, dims := range shapes {
		t, err := backend.NewTensor(b, dims...)
		if err != nil {
			return nil, fmt.Errorf("adversary group %s: %w", c.Name, err)
		}
		err = backend.Write(t, func(flat []float32) {
			random.Uniform(r, flat, 1/math.Sqrt(float64(fanIn[i])))
		})
		if err != nil {
			return nil, err
		}
		g.params[i] = t
		g.moments[i] = optim.NewMoments(t.Size())
	}
	return g, nil
}

// A Weight is one named tensor of a checkpoint.
type Weight struct {
	Name  string
	Shape []int
	Data  []float32
}

// paramNames are the names of a head's tensors in the authors' checkpoints.
var paramNames = [NumParams]string{
	hiddenWeight: "layers.linear_0.weight",
	hiddenBias:   "layers.linear_0.bias",
	outWeight:    "layers.linear_1.weight",
	outBias:      "layers.linear_1.bias",
}

func (g *Group) headShape(param int) []int {
	switch param {
	case hiddenWeight:
		return []int{g.Hidden, g.latent}
	case hiddenBias:
		return []int{g.Hidden}
	case outWeight:
		return []int{g.Outputs(), g.Hidden}
	default:
		return []int{g.Outputs()}
	}
}

// Weights returns the group's weights head by head, named as in the authors'
// checkpoints: prefix.HEAD.layers.linear_K.{weight,bias}.
func (g *Group) Weights(prefix string) ([]Weight, error) {
	var out []Weight
	for i, t := range g.params {
		all, err := backend.Copy(t)
		if err != nil {
			return nil, err
		}
		out = append(out, g.Split(prefix, i, all)...)
	}
	return out, nil
}

// Split cuts a stacked parameter, or its gradient, into its heads.
func (g *Group) Split(prefix string, param int, all []float32) []Weight {
	out := make([]Weight, g.Heads)
	n := len(all) / g.Heads
	for h := range out {
		out[h] = Weight{
			Name:  fmt.Sprintf("%s.%d.%s", prefix, h, paramNames[param]),
			Shape: g.headShape(param),
			Data:  all[h*n : (h+1)*n],
		}
	}
	return out
}

// SetWeights replaces the weights by those that lookup returns for the names of Weights.
func (g *Group) SetWeights(prefix string, lookup func(name string, shape []int) ([]float32, error)) error {
	for i, t := range g.params {
		all := make([]float32, 0, t.Size())
		for h := range g.Heads {
			data, err := lookup(fmt.Sprintf("%s.%d.%s", prefix, h, paramNames[i]), g.headShape(i))
			if err != nil {
				return err
			}
			all = append(all, data...)
		}
		if err := backend.Fill(t, all); err != nil {
			return err
		}
	}
	return nil
}

// Params returns the tensors in the order of the arguments of the graph functions.
func (g *Group) Params() []*tensors.Tensor { return g.params[:] }

// Moments returns the optimizer's averages, in the order of Params.
func (g *Group) Moments() []optim.Moments { return g.moments[:] }

// Update moves the weights with the optimizer. gradients are in the order of Params.
func (g *Group) Update(adam *optim.Adam, rate float64, gradients [NumParams]backend.Values) error {
	for i, t := range g.params {
		err := gradients[i].ReadWrite(t, func(grad, w []float32) { adam.Update(rate, w, grad, g.moments[i]) })
		if err != nil {
			return err
		}
	}
	return nil
}
