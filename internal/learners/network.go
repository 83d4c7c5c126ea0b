package learners

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// NetworkSettings are the settings of networks. The zero value of none is useful.
type NetworkSettings struct {
	Hidden      int     // size of the hidden layer
	Dropout     float64 // share of the inputs that are dropped in training
	Rate        float64 // learning rate of Adam
	WeightDecay float64 // L2 penalty, added to the gradient as in PyTorch's Adam
	Batch       int
}

// A Network has one hidden layer. For classes it has ReLU and minimises the weighted cross-entropy,
// and for numbers the softsign, x/(1+|x|), and the absolute error of standardised numbers.
type Network struct {
	settings NetworkSettings
	x        *Matrix
	class    []int32
	weight   []float64
	value    []float64 // standardised
	scaler   *Scaler   // of numbers

	net  layers
	adam adam
	grad layers

	order  *rand.Rand
	bits   rand.Source
	rows   []int32 // the order of the next epoch
	kept   []input
	hidden []float64 // of a row, after the activation
	slope  []float64 // of the activation; then the gradient before it
	out    []float64
}

// layers are the weights of a network, or their gradients.
type layers struct {
	all        []float64
	inputs     [][]float64 // by input: a weight for each hidden unit
	hiddenBias []float64
	outputs    [][]float64 // by output: a weight for each hidden unit
	outputBias []float64
}

func newLayers(inputs, hidden, outputs int) layers {
	l := layers{all: make([]float64, hidden*(inputs+1+outputs)+outputs)}
	rest := l.all
	take := func(n int) []float64 {
		part := rest[:n:n]
		rest = rest[n:]
		return part
	}
	for range inputs {
		l.inputs = append(l.inputs, take(hidden))
	}
	l.hiddenBias = take(hidden)
	for range outputs {
		l.outputs = append(l.outputs, take(hidden))
	}
	l.outputBias = take(outputs)
	return l
}

// An input of a row that dropout has kept.
type input struct {
	column int
	value  float64
}

// Streams are the random numbers of a network, one stream for each purpose.
type Streams struct {
	Weights, Order *rand.Rand
	Dropout        rand.Source
}

// NewClassNetwork makes an untrained network of classes. weight nil is 1 for all.
func NewClassNetwork(x *Matrix, class []int32, classes int, weight []float64, s NetworkSettings, r Streams) (*Network, error) {
	if err := checkClasses(x, class, classes); err != nil {
		return nil, err
	}
	n := newNetwork(x, classes, s, r)
	n.class, n.weight = class, ones(weight, x.Rows())
	return n, nil
}

// NewNumberNetwork makes an untrained network of numbers.
func NewNumberNetwork(x *Matrix, value []float64, s NetworkSettings, r Streams) (*Network, error) {
	if len(value) != x.Rows() || len(value) == 0 {
		return nil, fmt.Errorf("%d numbers for %d vectors", len(value), x.Rows())
	}
	n := newNetwork(x, 1, s, r)
	numbers := &Matrix{Width: 1, X: value}
	n.scaler = NewScaler(numbers)
	n.value, n.weight = n.scaler.Apply(numbers).X, ones(nil, len(value))
	return n, nil
}

// newNetwork has PyTorch's default weights: uniform in +-1/sqrt(inputs of the layer).
func newNetwork(x *Matrix, outputs int, s NetworkSettings, r Streams) *Network {
	n := &Network{settings: s, x: x, net: newLayers(x.Width, s.Hidden, outputs), grad: newLayers(x.Width, s.Hidden, outputs),
		order: r.Order, bits: r.Dropout, rows: make([]int32, x.Rows()),
		hidden: make([]float64, s.Hidden), slope: make([]float64, s.Hidden), out: make([]float64, outputs)}
	first := s.Hidden * (x.Width + 1)
	for i := range n.net.all {
		inputs := x.Width
		if i >= first {
			inputs = s.Hidden
		}
		n.net.all[i] = (float64(2*r.Weights.Float64()) - 1) / math.Sqrt(float64(inputs))
	}
	n.adam = adam{first: make([]float64, len(n.net.all)), second: make([]float64, len(n.net.all)), power1: 1, power2: 1}
	for i := range n.rows {
		n.rows[i] = int32(i)
	}
	return n
}

// Epoch trains on all rows once, in a random order. The loss of a batch is the mean over its rows,
// weighted.
func (n *Network) Epoch() error {
	n.order.Shuffle(len(n.rows), func(i, j int) { n.rows[i], n.rows[j] = n.rows[j], n.rows[i] })
	for batch := range slices.Chunk(n.rows, n.settings.Batch) {
		if loss := n.gradient(batch); math.IsNaN(loss) || math.IsInf(loss, 0) {
			return fmt.Errorf("the loss is %g; lower the rate", loss)
		}
		n.adam.step(n.settings, n.net.all, n.grad.all)
	}
	return nil
}

// gradient computes the loss of some rows, and its gradient.
func (n *Network) gradient(rows []int32) float64 {
	total := 0.0
	for _, i := range rows {
		total += n.weight[i]
	}
	clear(n.grad.all)
	loss := 0.0
	for _, i := range rows {
		n.keep(n.x.Row(int(i)))
		n.forward(n.kept)
		loss += float64(n.residual(i) * n.weight[i])
		n.backward(n.weight[i] / total)
	}
	return loss / total
}

// keep drops inputs of a row. Four of them share a random number.
func (n *Network) keep(row []float64) {
	n.kept = n.kept[:0]
	limit := uint64(math.Round(n.settings.Dropout * (1 << 16)))
	if limit == 0 {
		n.all(row)
		return
	}
	scale := 1 / (1 - n.settings.Dropout)
	var bits uint64
	for j, v := range row {
		if j%4 == 0 {
			bits = n.bits.Uint64()
		}
		if bits&0xffff >= limit {
			n.kept = append(n.kept, input{j, v * scale})
		}
		bits >>= 16
	}
}

// all keeps all inputs of a row.
func (n *Network) all(row []float64) {
	n.kept = n.kept[:0]
	for j, v := range row {
		n.kept = append(n.kept, input{j, v})
	}
}

// forward computes the hidden layer, the slope of its activation, and the outputs.
func (n *Network) forward(inputs []input) {
	copy(n.hidden, n.net.hiddenBias)
	for _, in := range inputs {
		axpy(in.value, n.net.inputs[in.column], n.hidden)
	}
	for k, v := range n.hidden {
		switch {
		case n.class == nil:
			to := 1 / (1 + math.Abs(v))
			n.hidden[k], n.slope[k] = v*to, to*to
		case v > 0:
			n.slope[k] = 1
		default:
			n.hidden[k], n.slope[k] = 0, 0
		}
	}
	for o := range n.out {
		n.out[o] = dot(n.hidden, n.net.outputs[o]) + n.net.outputBias[o]
	}
}

// residual replaces the outputs for a row by the gradient of its loss, and returns the loss.
func (n *Network) residual(row int32) float64 {
	if n.class != nil {
		truth := n.class[row]
		logit := n.out[truth]
		loss := softmax(n.out) - logit
		n.out[truth]--
		return loss
	}
	e := n.out[0] - n.value[row]
	switch {
	case e > 0:
		n.out[0] = 1
	case e < 0:
		n.out[0] = -1
	default:
		n.out[0] = 0
	}
	return math.Abs(e)
}

// backward adds the gradients of a row with a weight.
func (n *Network) backward(weight float64) {
	before := n.slope
	for k, slope := range before {
		sum := 0.0
		for o, r := range n.out {
			sum += float64(r * n.net.outputs[o][k])
		}
		before[k] = slope * sum * weight
	}
	for o, r := range n.out {
		axpy(r*weight, n.hidden, n.grad.outputs[o])
		n.grad.outputBias[o] += float64(r * weight)
	}
	for k, v := range before {
		n.grad.hiddenBias[k] += v
	}
	for _, in := range n.kept {
		axpy(in.value, before, n.grad.inputs[in.column])
	}
}

// Answer is the output for rows: probabilities of classes, or numbers.
func (n *Network) Answer(x *Matrix) *Matrix {
	raw := &Matrix{Width: len(n.out), X: make([]float64, 0, x.Rows()*len(n.out))}
	for i := range x.Rows() {
		n.all(x.Row(i))
		n.forward(n.kept)
		raw.X = append(raw.X, n.out...)
	}
	if n.class != nil {
		return probabilities(raw)
	}
	return n.scaler.Invert(raw)
}

// adam is PyTorch's Adam with its default betas.
type adam struct {
	first, second  []float64
	power1, power2 float64 // beta to the number of steps
}

func (a *adam) step(s NetworkSettings, w, g []float64) {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	a.power1 *= beta1
	a.power2 *= beta2
	rate := s.Rate / (1 - a.power1)
	root := 1 / math.Sqrt(1-a.power2)
	for i, v := range g {
		v += float64(s.WeightDecay * w[i])
		a.first[i] = float64(beta1*a.first[i]) + float64((1-beta1)*v)
		a.second[i] = float64(beta2*a.second[i]) + float64((1-beta2)*float64(v*v))
		w[i] -= float64(rate*a.first[i]) / (float64(math.Sqrt(a.second[i])*root) + epsilon)
	}
}
