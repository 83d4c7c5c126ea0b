package nn

import (
	"math"
	"math/rand/v2"

	"foil/models/random"
)

// A Param describes one tensor of a network.
type Param struct {
	Name      string // as in the authors' checkpoints
	Shape     []int  // as in PyTorch
	Trainable bool   // changed by gradients; running statistics are not

	Init Initializer // sets the initial values
}

// An Initializer fills a tensor with initial values.
type Initializer func(r *rand.Rand, x []float32)

// Size is the number of values.
func (p Param) Size() int {
	n := 1
	for _, d := range p.Shape {
		n *= d
	}
	return n
}

// The initialisations of the authors' networks. Fans count a kernel's inputs or outputs, times its
// rows and columns.

// PyTorchDefault is the default of PyTorch's layers, for weights and biases: Kaiming's uniform
// initialisation with a = sqrt 5.
func PyTorchDefault(fanIn int) Initializer { return Uniform(1 / math.Sqrt(float64(fanIn))) }

func XavierUniform(gain float64, fanIn, fanOut int) Initializer {
	return Uniform(gain * math.Sqrt(6/float64(fanIn+fanOut)))
}

func KaimingNormal(fan int) Initializer { return Normal(math.Sqrt(2 / float64(fan))) }

func Uniform(bound float64) Initializer {
	return func(r *rand.Rand, x []float32) { random.Uniform(r, x, bound) }
}

func Normal(sd float64) Initializer {
	return func(r *rand.Rand, x []float32) { random.Normal(r, x, sd) }
}

func Constant(v float32) Initializer {
	return func(_ *rand.Rand, x []float32) {
		for i := range x {
			x[i] = v
		}
	}
}
