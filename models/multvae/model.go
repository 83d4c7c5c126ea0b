package multvae

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/adversary"
	"foil/models/backend"
	"foil/models/optim"
	"foil/models/random"
)

// A Model holds weights, optimizers and compiled graphs. It is not safe for
// concurrent use.
type Model struct {
	config  Config
	backend compute.Backend

	encoder                     *encoder
	decoderWeight               *tensors.Tensor // [l, i]
	decoderBias                 []float32       // [i], added outside the graph
	decoderMoments, biasMoments optim.Moments
	biasGrad                    []float32 // [i]
	threads                     int       // of its own products; 0: the backend or the processor does not have them
	groups                      []*adversary.Group

	// The published code has a separate optimizer for the adversaries. Adam treats every weight
	// separately, and both optimizers have the same settings and number of steps, so one is enough.
	// Only the rates differ.
	adam optim.Adam

	decodeExec, backwardExec *Exec
	heads                    *adversary.Step
	batches                  map[int]*batch // by number of users
	latents                  *tensors.Tensor
	predicted                []float32 // [b, i], of Decode's own products
}

const (
	// xavierGain is PyTorch's recommended gain for tanh, which the authors use.
	xavierGain  = 5.0 / 3
	initialBias = 0.01
)

// New makes a model with the published initialisation: Xavier normal weights
// with gain 5/3 and biases of 0.01 for encoder and decoder, PyTorch's default
// for the adversaries. Equal seeds give equal weights for any lambdas.
func New(b compute.Backend, c Config, seed uint64) (*Model, error) {
	m, err := allocate(b, c)
	if err != nil {
		return nil, err
	}
	random.Normal(random.New(seed, "weights/encoder"), m.encoder.weight, xavierNormal(c.Items, 2*c.Latent))
	fill(m.encoder.bias, initialBias)
	err = backend.Write(m.decoderWeight, func(w []float32) {
		random.Normal(random.New(seed, "weights/decoder"), w, xavierNormal(c.Items, c.Latent))
	})
	if err != nil {
		return nil, err
	}
	fill(m.decoderBias, initialBias)
	for _, gc := range c.Groups {
		g, err := adversary.NewGroup(b, gc, c.Latent, random.New(seed, "weights/adversary/"+gc.Name))
		if err != nil {
			return nil, err
		}
		m.groups = append(m.groups, g)
	}
	return m, m.compile()
}

// Load makes a model without adversaries from the weights that lookup returns; see SetWeights.
func Load(b compute.Backend, c Config, lookup func(name string, shape []int) ([]float32, error)) (*Model, error) {
	c.Groups = nil
	m, err := allocate(b, c)
	if err != nil {
		return nil, err
	}
	if err := m.SetWeights(lookup); err != nil {
		return nil, err
	}
	return m, m.compile()
}

// allocate makes a model with zero weights. The first step allocates the arrays for training.
func allocate(b compute.Backend, c Config) (*Model, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	m := &Model{
		config:      c,
		backend:     b,
		encoder:     newEncoder(c.Items, c.Latent),
		decoderBias: make([]float32, c.Items),
		adam:        optim.Adam{Config: c.Adam},
		batches:     map[int]*batch{},
	}
	if backend.OwnProducts(b) {
		m.threads = backend.Threads(b)
	}
	var err error
	m.decoderWeight, err = backend.NewTensor(b, c.Latent, c.Items)
	return m, err
}

// prepare allocates the arrays for training beside the weights.
func (m *Model) prepare() {
	if m.biasGrad != nil {
		return
	}
	m.encoder.prepare()
	m.biasGrad = make([]float32, m.config.Items)
	m.decoderMoments = optim.NewMoments(m.config.Latent * m.config.Items)
	m.biasMoments = optim.NewMoments(m.config.Items)
}

func (m *Model) compile() error {
	return backend.Guard(func() (err error) {
		if m.decodeExec, err = NewExec(m.backend, decode); err != nil {
			return err
		}
		if m.backwardExec, err = NewExec(m.backend, decodeBackward); err != nil {
			return err
		}
		m.heads, err = adversary.NewStep(m.backend, m.groups, true)
		return err
	})
}

func xavierNormal(fanIn, fanOut int) float64 {
	return xavierGain * math.Sqrt(2/float64(fanIn+fanOut))
}

func fill(x []float32, v float32) {
	for i := range x {
		x[i] = v
	}
}

// Names of the tensors in the authors' checkpoints, shapes as in PyTorch.
const (
	encoderWeightName = "encoder.layers.linear_0.weight" // [2l, i]
	encoderBiasName   = "encoder.layers.linear_0.bias"   // [2l]
	decoderWeightName = "decoder.layers.linear_0.weight" // [i, l]
	decoderBiasName   = "decoder.layers.linear_0.bias"   // [i]
)

func groupPrefix(g int) string { return fmt.Sprintf("adversaries.%d.adv.1.parallel_layers", g) }

// Weights returns a copy of all weights under the names and in the layouts of
// the authors' checkpoints.
func (m *Model) Weights() ([]adversary.Weight, error) {
	c := m.config
	decoder, err := backend.Copy(m.decoderWeight)
	if err != nil {
		return nil, err
	}
	out := []adversary.Weight{
		{Name: encoderWeightName, Shape: []int{2 * c.Latent, c.Items}, Data: transpose(m.encoder.weight, c.Items, 2*c.Latent)},
		{Name: encoderBiasName, Shape: []int{2 * c.Latent}, Data: slices.Clone(m.encoder.bias)},
		{Name: decoderWeightName, Shape: []int{c.Items, c.Latent}, Data: transpose(decoder, c.Latent, c.Items)},
		{Name: decoderBiasName, Shape: []int{c.Items}, Data: slices.Clone(m.decoderBias)},
	}
	for i, g := range m.groups {
		heads, err := g.Weights(groupPrefix(i))
		if err != nil {
			return nil, err
		}
		out = append(out, heads...)
	}
	return out, nil
}

// SetWeights replaces all weights by those that lookup returns, in the layouts of Weights. lookup
// must return the number of values that the shape needs, or an error.
func (m *Model) SetWeights(lookup func(name string, shape []int) ([]float32, error)) error {
	c := m.config
	w, err := lookup(encoderWeightName, []int{2 * c.Latent, c.Items})
	if err != nil {
		return err
	}
	copy(m.encoder.weight, transpose(w, 2*c.Latent, c.Items))
	if w, err = lookup(encoderBiasName, []int{2 * c.Latent}); err != nil {
		return err
	}
	copy(m.encoder.bias, w)
	if w, err = lookup(decoderWeightName, []int{c.Items, c.Latent}); err != nil {
		return err
	}
	if err := backend.Fill(m.decoderWeight, transpose(w, c.Items, c.Latent)); err != nil {
		return err
	}
	if w, err = lookup(decoderBiasName, []int{c.Items}); err != nil {
		return err
	}
	copy(m.decoderBias, w)
	for i, g := range m.groups {
		if err := g.SetWeights(groupPrefix(i), lookup); err != nil {
			return err
		}
	}
	return nil
}

// transpose returns x [rows, cols] as [cols, rows].
func transpose(x []float32, rows, cols int) []float32 {
	out := make([]float32, len(x))
	for r := range rows {
		for c, v := range x[r*cols : (r+1)*cols] {
			out[c*rows+r] = v
		}
	}
	return out
}
