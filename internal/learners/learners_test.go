package learners

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestExpAndLogAreThoseOfMath(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20000 {
		x := 700 * (2*r.Float64() - 1)
		if got, want := exp(x), math.Exp(x); math.Abs(got-want) > 1e-15*want {
			t.Fatalf("exp(%g) is %g, want %g", x, got, want)
		}
		x = math.Exp(x)
		if got, want := log(x), math.Log(x); math.Abs(got-want) > 1e-15*max(1, math.Abs(want)) {
			t.Fatalf("log(%g) is %g, want %g", x, got, want)
		}
	}
	for _, x := range []float64{0, -1, 1, math.Inf(1), math.Inf(-1), math.NaN(), -1000, 1000, -744} {
		if got, want := exp(x), math.Exp(x); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("exp(%g) is %g, want %g", x, got, want)
		}
		if got, want := log(x), math.Log(x); got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("log(%g) is %g, want %g", x, got, want)
		}
	}
}

func TestAUC(t *testing.T) {
	for _, c := range []struct {
		name  string
		score []float64
		class []int32
		want  float64
	}{
		{"in order", []float64{1, 2, 3, 4}, []int32{0, 0, 1, 1}, 1},
		{"in reverse", []float64{4, 3, 2, 1}, []int32{0, 0, 1, 1}, 0},
		{"all equal", []float64{2, 2, 2}, []int32{0, 1, 1}, 0.5},
		{"a tie across classes", []float64{1, 2, 2, 3}, []int32{0, 0, 1, 1}, 0.875},
		{"one class", []float64{1, 2}, []int32{1, 1}, math.NaN()},
		{"nobody", nil, nil, math.NaN()},
	} {
		got := AUC(c.score, func(i int) bool { return c.class[i] == 1 })
		if got != c.want && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("%s: %g, want %g", c.name, got, c.want)
		}
	}
}

// shuffled returns the classes or numbers in another order.
func shuffled[T any](values []T, seed uint64) []T {
	out := slices.Clone(values)
	rand.New(rand.NewPCG(seed, 3)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// The deviation of a balanced accuracy of 300 rows at chance is about 0.03, and of the mean of 10
// about 0.01.
func TestShuffledLabelsAreAtChance(t *testing.T) {
	f := load(t)
	var logistic, trees float64
	for seed := range uint64(10) {
		class := shuffled(f.train.two, seed)
		m, err := FitLogistic(f.train.x, class, 2, Balanced(class, 2), 0.01)
		if err != nil {
			t.Fatal(err)
		}
		logistic += bacc(m.Probabilities(f.test.x), f.test.two) / 10
		b, err := NewClassBooster(f.train.x, class, 2, Balanced(class, 2), fixtureTrees)
		if err != nil {
			t.Fatal(err)
		}
		raw := b.Raw(f.test.x)
		for range 20 {
			AddTo(raw, f.test.x, b.Round())
		}
		trees += bacc(Probabilities(raw), f.test.two) / 10
	}
	if math.Abs(logistic-0.5) > 0.04 || math.Abs(trees-0.5) > 0.04 {
		t.Errorf("with shuffled labels: logistic regression %.3f, trees %.3f, want 0.5", logistic, trees)
	}
	constant := slices.Repeat([]float64{median(slices.Clone(f.train.number))}, len(f.test.number))
	m, err := FitAbsolute(f.train.x, shuffled(f.train.number, 1), 1e-4)
	if err != nil {
		t.Fatal(err)
	}
	if got, best := mae(m.Predict(f.test.x), f.test.number), mae(constant, f.test.number); got < 0.97*best {
		t.Errorf("with shuffled numbers the error is %.3f, below %.3f of the median", got, best)
	}
}

func ascending(n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

func TestCodeLength(t *testing.T) {
	f := load(t)
	order := ascending(len(f.train.two))
	code := func(class []int32, classes int) Code {
		t.Helper()
		c, err := CodeLength(f.train.x, class, classes, 0.01, order)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for name, c := range map[string]Code{"two": code(f.train.two, 2), "three": code(f.train.three, 3)} {
		if !(c.Bits < 0.95*c.Frequencies && c.Frequencies < c.Uniform && c.Rows == 400) {
			t.Errorf("%s: %+v: the vectors have information", name, c)
		}
	}
	if c := code(f.train.three, 3); math.Abs(c.Uniform-400*math.Log2(3)) > 1e-9 {
		t.Errorf("equal probabilities take %g bits", c.Uniform)
	}
	if c := code(shuffled(f.train.two, 2), 2); math.Abs(c.Bits-c.Frequencies) > 0.05*c.Frequencies {
		t.Errorf("shuffled labels: %+v: the codes should be about equal", c)
	}
	// Without information in the vectors, both codes are the same.
	blank := &Matrix{Width: 2, X: make([]float64, 2*400)}
	for classes, class := range map[int][]int32{2: f.train.two, 3: f.train.three, 5: f.train.three} {
		c, err := CodeLength(blank, class, classes, 1, order)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(c.Bits-c.Frequencies) > 1e-4 {
			t.Errorf("%d classes, blank vectors: %+v", classes, c)
		}
	}
	// By hand: three rows are three blocks. 1/2, then (1+1)/(1+2), then 1/(2+2).
	c, err := CodeLength(&Matrix{Width: 1, X: make([]float64, 3)}, []int32{1, 1, 0}, 2, 1, []int{0, 1, 2})
	if want := 1 + math.Log2(1.5) + 2; err != nil || math.Abs(c.Frequencies-want) > 1e-12 {
		t.Errorf("%g bits, want %g (%v)", c.Frequencies, want, err)
	}
}

func TestQuantileClasses(t *testing.T) {
	for _, c := range []struct {
		value []float64
		most  int
		want  []int32
	}{
		{[]float64{1, 18, 25, 18}, 10, []int32{0, 1, 2, 1}},
		{[]float64{4, 1, 3, 2}, 2, []int32{1, 0, 1, 0}},
		{[]float64{1, 1, 1, 1, 2, 3}, 2, []int32{0, 0, 0, 0, 1, 1}},
		{[]float64{7, 7}, 3, []int32{0, 0}},
	} {
		class, classes := QuantileClasses(c.value, c.most)
		if !slices.Equal(class, c.want) || classes != int(slices.Max(c.want))+1 {
			t.Errorf("%v in %d: %v (%d), want %v", c.value, c.most, class, classes, c.want)
		}
	}
}

// Vectors that a learner meets in practice: constant columns, a class that only few have, fewer rows
// than columns, and separable classes.
func TestOddData(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	const n, width = 12, 30
	x := &Matrix{Width: width, X: make([]float64, n*width)}
	class := make([]int32, n)
	value := make([]float64, n)
	for i := range n {
		class[i] = int32(i % 2)
		value[i] = float64(i % 3)
		for j := range width {
			x.Row(i)[j] = r.NormFloat64() + float64(3*class[i])
		}
		x.Row(i)[0] = 0.1 // its mean is not exactly 0.1
	}
	x = NewScaler(x).Apply(x)
	for i := range n {
		if v := x.Row(i)[0]; math.Abs(v) > 1e-12 {
			t.Fatalf("a constant column is scaled to %g", v)
		}
	}
	m, err := FitLogistic(x, class, 2, Balanced(class, 2), 1e4)
	if err != nil || bacc(m.Probabilities(x), class) != 1 {
		t.Errorf("separable classes: %v", err)
	}
	if _, err := FitLogistic(x, class, 4, nil, 1); err != nil {
		t.Errorf("classes that do not occur: %v", err)
	}
	if _, err := FitAbsolute(x, value, 1e-4); err != nil {
		t.Errorf("more columns than rows: %v", err)
	}
	b, err := NewClassBooster(x, class, 4, nil, TreeSettings{Rate: 0.1, Leaves: 4, MinLeaf: 2})
	if err != nil {
		t.Fatal(err)
	}
	raw := b.Raw(x)
	for range 30 {
		AddTo(raw, x, b.Round())
	}
	if got := bacc(Probabilities(raw), class); got != 1 {
		t.Errorf("trees: balanced accuracy %g", got)
	}
	_, err = FitLogistic(x, make([]int32, n), 2, nil, 1)
	if err == nil || !strings.Contains(err.Error(), "12 vectors have 1 classes; at least 2 are needed") {
		t.Errorf("one class: %v", err)
	}
	if _, err = NewClassBooster(x, class, 1, nil, fixtureTrees); err == nil || !strings.Contains(err.Error(), "vector 1 has the class 1; classes are 0 to 0") {
		t.Errorf("a class beyond the last: %v", err)
	}
}

// The training rows' outputs, which a booster keeps by leaves, are those of its trees.
func TestTreesGiveTheOutputsOfTraining(t *testing.T) {
	f := load(t)
	b, err := NewClassBooster(f.train.x, f.train.three, 3, nil, fixtureTrees)
	if err != nil {
		t.Fatal(err)
	}
	raw := b.Raw(f.train.x)
	for range 5 {
		AddTo(raw, f.train.x, b.Round())
	}
	if !slices.Equal(raw.X, b.raw.X) {
		t.Error("the trees' outputs differ from those of the training")
	}
}

// latent is a data set of the size of a fold of MovieLens 1M.
func latent() (*Matrix, []int32, []float64) {
	r := rand.New(rand.NewPCG(1, 2))
	const n, width = 3621, 100
	x := &Matrix{Width: width, X: make([]float64, n*width)}
	for i := range x.X {
		x.X[i] = r.NormFloat64()
	}
	class, value := make([]int32, n), make([]float64, n)
	for i := range class {
		if row := x.Row(i); row[0]+row[1]*row[2]+2*r.NormFloat64() > 1 {
			class[i] = 1
		}
		value[i] = float64([]int{1, 18, 25, 35, 45, 50, 56}[r.IntN(7)])
	}
	return x, class, value
}

func BenchmarkLogistic(b *testing.B) {
	x, class, _ := latent()
	for b.Loop() {
		if _, err := FitLogistic(x, class, 2, Balanced(class, 2), 0.01); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAbsolute(b *testing.B) {
	x, _, value := latent()
	for b.Loop() {
		if _, err := FitAbsolute(x, value, 1e-3); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCode(b *testing.B) {
	x, _, value := latent()
	class, classes := QuantileClasses(value, 10)
	for b.Loop() {
		if _, err := CodeLength(x, class, classes, 0.01, ascending(len(class))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTrees(b *testing.B) {
	x, class, _ := latent()
	for b.Loop() {
		t, err := NewClassBooster(x, class, 2, Balanced(class, 2), TreeSettings{Rate: 0.1, Leaves: 31, MinLeaf: 20})
		if err != nil {
			b.Fatal(err)
		}
		for range 100 {
			t.Round()
		}
	}
}
