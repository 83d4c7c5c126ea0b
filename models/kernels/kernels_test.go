package kernels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// lengths cover empty slices, less than a register, whole registers and tails.
var lengths = []int{0, 1, 7, 8, 9, 16, 31, 100, 3125}

func randoms(r *rand.Rand, n int, spread float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64() * spread)
	}
	return x
}

func close32(a, b float32, tolerance float64) bool {
	return math.Abs(float64(a)-float64(b)) <= tolerance*(1+math.Abs(float64(b)))
}

func TestVectorAgreesWithPlain(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range lengths {
		x, y := randoms(r, n, 5), randoms(r, n, 5)
		y2 := append([]float32(nil), y...)
		Axpy(0.3, x, y)
		axpyPlain(0.3, x, y2)
		for i := range y {
			if !close32(y[i], y2[i], 1e-6) {
				t.Fatalf("axpy, length %d: element %d is %g, plain %g", n, i, y[i], y2[i])
			}
		}

		s, s2 := make([]float32, n), make([]float32, n)
		Sum(x, y, s)
		sumPlain(x, y, s2)
		if !slices.Equal(s, s2) {
			t.Fatalf("sum, length %d: %v, plain %v", n, s, s2)
		}

		e, e2 := make([]float32, n), make([]float32, n)
		sum, sum2 := ExpSum(x, e, 2), expSumPlain(x, e2, 2)
		if !close32(sum, sum2, 1e-5) {
			t.Fatalf("exp, length %d: sum is %g, plain %g", n, sum, sum2)
		}
		for i := range e {
			if math.Abs(float64(e[i])-float64(e2[i])) > 4e-7*float64(e2[i]) {
				t.Fatalf("exp, length %d: exp(%g) is %g, plain %g", n, x[i]-2, e[i], e2[i])
			}
		}
		if n > 0 && Max(x) != maxPlain(x) {
			t.Fatalf("max, length %d: %g, plain %g", n, Max(x), maxPlain(x))
		}

		w, g, m, v := randoms(r, n, 1), randoms(r, n, 1), randoms(r, n, 1), randoms(r, n, 1)
		for i := range v {
			v[i] *= v[i]
		}
		w2, m2, v2 := append([]float32(nil), w...), append([]float32(nil), m...), append([]float32(nil), v...)
		step := AdamStep{Beta1: 0.9, Beta2: 0.999, Rest1: 0.1, Rest2: 0.001, Decay: 1e-4, Epsilon: 1e-8, Rate: 0.01, RootScale: 3}
		Adam(step, w, g, m, v)
		adamPlain(step, w2, g, m2, v2)
		for i := range w {
			if !close32(w[i], w2[i], 1e-6) || !close32(m[i], m2[i], 1e-6) || !close32(v[i], v2[i], 1e-6) {
				t.Fatalf("adam, length %d: element %d differs", n, i)
			}
		}
	}
}

func TestSoftmaxGradientIsTheDerivativeOfTheLoss(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	logits := randoms(r, 50, 3)
	target := []int32{2, 3, 17, 49}
	gradient := append([]float32(nil), logits...)
	loss := SoftmaxGradient(gradient, target, 1)
	if again := SoftmaxLoss(append([]float32(nil), logits...), target); math.Abs(loss-again) > 1e-5 {
		t.Fatalf("loss %g, without the gradient %g", loss, again)
	}
	exact := func(x []float64) float64 {
		sum := 0.0
		for _, v := range x {
			sum += math.Exp(v)
		}
		loss := 0.0
		for _, i := range target {
			loss += math.Log(sum) - x[i]
		}
		return loss
	}
	x := make([]float64, len(logits))
	for i, v := range logits {
		x[i] = float64(v)
	}
	if want := exact(x); math.Abs(loss-want) > 1e-5*want {
		t.Errorf("loss %g, want %g", loss, want)
	}
	for i := range x {
		const h = 1e-5
		x[i] += h
		up := exact(x)
		x[i] -= 2 * h
		down := exact(x)
		x[i] += h
		if want := (up - down) / (2 * h); math.Abs(float64(gradient[i])-want) > 1e-5 {
			t.Errorf("gradient[%d] = %g, want %g", i, gradient[i], want)
		}
	}
}

func TestLargeLogitsStayFinite(t *testing.T) {
	logits := []float32{1000, -1000, 999, 0, 0, 0, 0, 0, 0, 0}
	loss := SoftmaxGradient(logits, []int32{2}, 1)
	if want := 1 + math.Log1p(math.Exp(-1)); math.Abs(loss-want) > 1e-5 {
		t.Errorf("loss %g, want %g", loss, want)
	}
	for i, g := range logits {
		if math.IsNaN(float64(g)) || math.IsInf(float64(g), 0) {
			t.Errorf("gradient[%d] = %g", i, g)
		}
	}
}

func TestVectorDropoutAgreesWithPlain(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range lengths {
		d := Dropout{Bits: make([]uint16, n), Limit: 20_000, Keep: 1.5}
		for i := range d.Bits {
			d.Bits[i] = uint16(r.Uint32())
		}
		if n > 9 {
			d.Bits[0], d.Bits[1], d.Bits[2], d.Bits[3] = 0, 19_999, 20_000, 65_535
		}
		x, y, y2 := randoms(r, n, 5), make([]float32, n), make([]float32, n)
		d.Apply(x, y)
		dropoutPlain(d, x, y2)
		if !slices.Equal(y, y2) {
			t.Fatalf("dropout, length %d: %v, plain %v", n, y, y2)
		}
		sum := randoms(r, n, 5)
		sum2 := slices.Clone(sum)
		d.AddGradient(-4, x, sum)
		dropoutAddPlain(Dropout{Bits: d.Bits, Limit: d.Limit, Keep: -6}, x, sum2)
		for i := range sum {
			if !close32(sum[i], sum2[i], 1e-6) {
				t.Fatalf("gradient of dropout, length %d: element %d is %g, plain %g", n, i, sum[i], sum2[i])
			}
		}
	}
}

func TestVectorSumOfRowsAgreesWithPlain(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, width := range []int{1, 8, 63, 64, 200} {
		matrix := randoms(r, 30*width, 5)
		for _, rows := range [][]int32{nil, {29}, {3, 0, 3, 17}} {
			sum, sum2 := randoms(r, width, 1), make([]float32, width)
			SumRows(matrix, rows, sum)
			sumRowsPlain(matrix, rows, sum2, 0)
			if !slices.Equal(sum, sum2) {
				t.Fatalf("width %d, rows %v: %v, plain %v", width, rows, sum, sum2)
			}
		}
	}
}

// TestWhatIsNoNumberStaysThat: a diverged model has to be seen as one in every build.
func TestWhatIsNoNumberStaysThat(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	x := []float32{0, 88.3, 89.5, 200, 1e10, inf, nan, -inf, -1e10, 1, 2, 3, 4, 5, 6, 7}
	got, want := make([]float32, len(x)), make([]float32, len(x))
	ExpSum(x, got, 0)
	expSumPlain(x, want, 0)
	for i := range x {
		same := got[i] == want[i] || got[i] != got[i] && want[i] != want[i] || close32(got[i], want[i], 1e-6)
		if !same {
			t.Errorf("exp(%g) is %g, plain %g", x[i], got[i], want[i])
		}
	}
	for at := range 40 {
		y := make([]float32, 40)
		y[at] = nan
		if top := Max(y); top == top {
			t.Errorf("the largest of numbers with a NaN at %d is %g", at, top)
		}
		if loss := SoftmaxLoss(y, []int32{int32((at + 1) % 40)}); !math.IsNaN(loss) {
			t.Errorf("the loss of logits with a NaN at %d is %g", at, loss)
		}
	}
	drop := Dropout{Bits: make([]uint16, 16), Limit: 1, Keep: 2}
	y := make([]float32, 16)
	drop.Apply(slices.Repeat([]float32{inf}, 16), y)
	if !slices.Equal(y, make([]float32, 16)) {
		t.Errorf("dropped infinities are %v", y)
	}
}
