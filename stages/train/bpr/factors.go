package bpr

import (
	"math"
	"math/rand/v2"
	"slices"

	"foil/models/random"
)

// factors are a matrix factorisation: the score of an item is its bias plus the inner
// product of its vector with the user's (Rendle et al. 2009, section 4.3.1).
type factors struct {
	width int
	item  []float32 // [items, width]
	bias  []float32 // [items]
}

// A rule is how one comparison of two items moves what it is made of.
type rule struct {
	rate  float32
	decay float32 // L2 regularisation of vectors and biases
}

// initial standard deviation of all vectors.
const initialSD = 0.1

func newFactors(items, width int, r *rand.Rand) factors {
	f := factors{width, make([]float32, items*width), make([]float32, items)}
	random.Normal(r, f.item, initialSD)
	return f
}

func (f factors) items() int { return len(f.bias) }

func (f factors) vector(item int32) []float32 {
	return f.item[int(item)*f.width : (int(item)+1)*f.width]
}

// difference is by how much a user prefers item i to item j.
func (f factors) difference(user []float32, i, j int32) float32 {
	x := f.bias[i] - f.bias[j]
	qi, qj := f.vector(i), f.vector(j)
	for k, p := range user {
		x += p * (qi[k] - qj[k])
	}
	return x
}

// step is one step of gradient descent on -log sigmoid(x), x being by how much the user
// prefers i, a used item, to j, an unused one. It returns the loss before. Item vectors and
// biases are left alone unless learn is set.
func (f factors) step(user []float32, i, j int32, r rule, learn bool) float64 {
	x := float64(f.difference(user, i, j))
	g := float32(1 / (1 + math.Exp(x))) // the derivative of log sigmoid
	qi, qj := f.vector(i), f.vector(j)
	for k, p := range user {
		user[k] += r.rate * (g*(qi[k]-qj[k]) - r.decay*p)
		if learn {
			a, b := qi[k], qj[k]
			qi[k] += r.rate * (g*p - r.decay*a)
			qj[k] += r.rate * (-g*p - r.decay*b)
		}
	}
	if learn {
		f.bias[i] += r.rate * (g - r.decay*f.bias[i])
		f.bias[j] += r.rate * (-g - r.decay*f.bias[j])
	}
	return math.Log1p(math.Exp(-math.Abs(x))) + max(0, -x)
}

// other draws an item that a user has not used; has, the used ones, is ascending. ok is
// false where all are used.
func (f factors) other(has []int32, r *rand.Rand) (item int32, ok bool) {
	if len(has) >= f.items() {
		return 0, false
	}
	for {
		j := int32(r.IntN(f.items()))
		if _, found := slices.BinarySearch(has, j); !found {
			return j, true
		}
	}
}

// scores writes the score of every item for a user.
func (f factors) scores(user []float32, into []float32) {
	for i := range into {
		x := f.bias[i]
		for k, q := range f.vector(int32(i)) {
			x += user[k] * q
		}
		into[i] = x
	}
}
