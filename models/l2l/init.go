package l2l

import (
	"math"
	"math/rand/v2"

	"foil/models/random"
)

// The initialisations of the authors' networks. Fans are counts of a kernel's
// inputs and outputs, its rows and columns included.

// pytorchDefault is what PyTorch's layers do by themselves, weights and biases
// alike: Kaiming's uniform initialisation with a = sqrt 5.
func pytorchDefault(fanIn int) initializer { return uniform(1 / math.Sqrt(float64(fanIn))) }

func xavierUniform(gain float64, fanIn, fanOut int) initializer {
	return uniform(gain * math.Sqrt(6/float64(fanIn+fanOut)))
}

func kaimingNormal(fan int) initializer { return normal(math.Sqrt(2 / float64(fan))) }

func uniform(bound float64) initializer {
	return func(r *rand.Rand, x []float32) { random.Uniform(r, x, bound) }
}

func normal(sd float64) initializer {
	return func(r *rand.Rand, x []float32) { random.Normal(r, x, sd) }
}

func constant(v float32) initializer {
	return func(_ *rand.Rand, x []float32) {
		for i := range x {
			x[i] = v
		}
	}
}
