package learners

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func streams(seed uint64) Streams {
	return Streams{Weights: rand.New(rand.NewPCG(seed, 1)), Order: rand.New(rand.NewPCG(seed, 2)), Dropout: rand.NewPCG(seed, 3)}
}

func normal(rows, width int) *Matrix {
	r := rand.New(rand.NewPCG(8, 9))
	x := &Matrix{Width: width, X: make([]float64, rows*width)}
	for i := range x.X {
		x.X[i] = r.NormFloat64()
	}
	return x
}

// The gradients agree with differences of the loss, also behind dropout.
func TestNetworkGradients(t *testing.T) {
	x := normal(9, 6)
	rows := []int32{4, 0, 8, 2, 7}
	s := NetworkSettings{Hidden: 5, Batch: 5}
	for _, dropout := range []float64{0, 0.5} {
		s.Dropout = dropout
		two, err := NewClassNetwork(x, []int32{0, 1, 0, 0, 1, 1, 0, 1, 1}, 2, []float64{1, 2, 1, 1, 2, 2, 1, 2, 2}, s, streams(1))
		if err != nil {
			t.Fatal(err)
		}
		four, err := NewClassNetwork(x, []int32{0, 1, 2, 3, 0, 1, 2, 3, 3}, 4, nil, s, streams(2))
		if err != nil {
			t.Fatal(err)
		}
		number, err := NewNumberNetwork(x, []float64{20, 35, 18, 60, 44, 25, 31, 50, 29}, s, streams(3))
		if err != nil {
			t.Fatal(err)
		}
		for name, n := range map[string]*Network{"two classes": two, "four classes": four, "numbers": number} {
			loss := func() float64 {
				n.bits = rand.NewPCG(5, 5) // the same dropout each time
				return n.gradient(rows)
			}
			loss()
			gradient := slices.Clone(n.grad.all)
			for i := range n.net.all {
				const step = 1e-6
				n.net.all[i] += step
				up := loss()
				n.net.all[i] -= 2 * step
				down := loss()
				n.net.all[i] += step
				if want := (up - down) / (2 * step); math.Abs(gradient[i]-want) > 1e-7 {
					t.Fatalf("%s, dropout %g: gradient %d is %g, the difference %g", name, dropout, i, gradient[i], want)
				}
			}
		}
	}
}

// The first step of Adam moves each weight by the rate against its gradient.
func TestNetworkStepsLikeAdam(t *testing.T) {
	a := adam{first: make([]float64, 3), second: make([]float64, 3), power1: 1, power2: 1}
	w := []float64{1, 0, -2}
	a.step(NetworkSettings{Rate: 0.1, WeightDecay: 0.5}, w, []float64{3, -1e-3, 0})
	for i, want := range []float64{0.9, 0.1, -1.9} {
		if math.Abs(w[i]-want) > 1e-5 {
			t.Errorf("weight %d is %g, want %g", i, w[i], want)
		}
	}
	// The second step, by hand: the first moment is 0.9*0.1*g1 + 0.1*g2, unbiased by 1-0.81.
	a = adam{first: make([]float64, 1), second: make([]float64, 1), power1: 1, power2: 1}
	w = []float64{0}
	a.step(NetworkSettings{Rate: 1}, w, []float64{2})
	before := w[0]
	a.step(NetworkSettings{Rate: 1}, w, []float64{-1})
	want := before - (0.9*0.1*2-0.1)/(1-0.81)/math.Sqrt((0.999*0.001*4+0.001)/(1-0.999*0.999))
	if math.Abs(w[0]-want) > 1e-6 {
		t.Errorf("after two steps the weight is %g, want %g", w[0], want)
	}
}

func TestDropoutKeepsTheMean(t *testing.T) {
	x := &Matrix{Width: 10_003, X: slices.Repeat([]float64{1}, 10_003)}
	for _, rate := range []float64{0, 0.1, 0.5, 0.9} {
		n, err := NewNumberNetwork(x, []float64{1}, NetworkSettings{Hidden: 1, Dropout: rate, Batch: 1}, streams(4))
		if err != nil {
			t.Fatal(err)
		}
		n.keep(x.Row(0))
		sum := 0.0
		for _, in := range n.kept {
			sum += in.value
		}
		if share := 1 - float64(len(n.kept))/10_003; math.Abs(share-rate) > 0.02 || math.Abs(sum/10_003-1) > 0.1 {
			t.Errorf("rate %g: a share of %g is dropped, and the mean of ones is %g", rate, share, sum/10_003)
		}
	}
}

// Networks learn what no linear attacker can: a product, and a distance.
func TestNetworksLearn(t *testing.T) {
	x := normal(900, 4)
	train, test := &Matrix{Width: 4, X: x.X[:600*4]}, &Matrix{Width: 4, X: x.X[600*4:]}
	class, three := make([]int32, 900), make([]int32, 900)
	value := make([]float64, 900)
	for i := range class {
		row := x.Row(i)
		if row[0]*row[1] > 0 {
			class[i] = 1
		}
		three[i] = int32(min(2, math.Abs(row[2])*2))
		value[i] = 40 + 10*math.Abs(row[3])
	}
	s := NetworkSettings{Hidden: 16, Rate: 1e-2, Batch: 32}
	trained := func(n *Network, err error) *Matrix {
		t.Helper()
		for range 60 {
			if err == nil {
				err = n.Epoch()
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		return n.Answer(test)
	}
	two := trained(NewClassNetwork(train, class[:600], 2, Balanced(class[:600], 2), s, streams(1)))
	if auc := ClassAUC(two, class[600:]); auc < 0.95 {
		t.Errorf("AUC of a product is %g", auc)
	}
	if auc := ClassAUC(trained(NewClassNetwork(train, three[:600], 3, nil, s, streams(1))), three[600:]); auc < 0.95 {
		t.Errorf("AUC of a distance is %g", auc)
	}
	numbers := trained(NewNumberNetwork(train, value[:600], s, streams(1)))
	miss := 0.0
	for i, v := range numbers.X {
		miss += math.Abs(v-value[600+i]) / 300
	}
	if miss > 1.5 { // the standard deviation is 6
		t.Errorf("the error of numbers is %g", miss)
	}
	for i := range two.Rows() {
		if p := two.Row(i); math.Abs(p[0]+p[1]-1) > 1e-12 {
			t.Fatalf("probabilities %v", p)
		}
	}
}

func TestNetworksRefuseWhatTheyCannotLearn(t *testing.T) {
	x := normal(3, 2)
	s := NetworkSettings{Hidden: 2, Rate: 1e-2, Batch: 2}
	if _, err := NewClassNetwork(x, []int32{1, 1, 1}, 2, nil, s, streams(1)); err == nil || !strings.Contains(err.Error(), "at least 2") {
		t.Errorf("one class: %v", err)
	}
	if _, err := NewNumberNetwork(x, []float64{1, 2}, s, streams(1)); err == nil || !strings.Contains(err.Error(), "2 numbers for 3 vectors") {
		t.Errorf("too few numbers: %v", err)
	}
	s.Rate = 1e308
	n, err := NewNumberNetwork(x, []float64{1, 2, 3}, s, streams(1))
	for range 5 {
		if err == nil {
			err = n.Epoch()
		}
	}
	if err == nil || !strings.Contains(err.Error(), "lower the rate") {
		t.Errorf("a rate of 1e308: %v", err)
	}
}
