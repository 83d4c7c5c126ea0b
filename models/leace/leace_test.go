package leace

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

func dense(rows [][]float64) *mat.Dense {
	m := mat.NewDense(len(rows), len(rows[0]), nil)
	for i, r := range rows {
		m.SetRow(i, r)
	}
	return m
}

// Erasers are those of the Python package concept-erasure: testdata/leace.py.
func TestErasersAreThoseOfTheReference(t *testing.T) {
	text, err := os.ReadFile("testdata/leace.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name      string
		Tolerance float64
		X, Z      [][]float64
		Erasers   []struct {
			Shrinkage          bool
			Projection, Erased [][]float64
		}
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for _, want := range c.Erasers {
			e, err := Fit(dense(c.X), dense(c.Z), Options{Shrinkage: want.Shrinkage, Tolerance: c.Tolerance})
			if err != nil {
				t.Errorf("%s: %v", c.Name, err)
				continue
			}
			worst := largestDifference(e.Projection(), dense(want.Projection))
			for i, w := range want.Erased {
				got := slices.Clone(c.X[i])
				e.EraseVector(got)
				worst = max(worst, floats.Distance(got, w, math.Inf(1)))
			}
			t.Logf("%s, shrinkage %t: rank %d, largest difference %.1g", c.Name, want.Shrinkage, e.Rank(), worst)
			if worst > 1e-7 {
				t.Errorf("%s, shrinkage %t: differs by %g", c.Name, want.Shrinkage, worst)
			}
		}
	}
}

func largestDifference(a, b mat.Matrix) float64 {
	var d mat.Dense
	d.Sub(a, b)
	d.Apply(func(_, _ int, v float64) float64 { return math.Abs(v) }, &d)
	return mat.Max(&d)
}

// A sample is vectors and concepts that they hold.
type sample struct {
	name string
	x, z *mat.Dense
}

// samples have correlated dimensions of different sizes and a mean that is not 0.
func samples() []sample {
	r := rand.New(rand.NewPCG(5, 6))
	const n = 300
	make := func(name string, width, classes, numbers int) sample {
		s := sample{name, mat.NewDense(n, width, nil), mat.NewDense(n, max(1, classes+numbers), nil)}
		mix := mat.NewDense(width, width, nil)
		for i := range width {
			for j := range width {
				mix.Set(i, j, r.NormFloat64()*math.Pow(10, -float64(j)/4))
			}
		}
		for i := range n {
			x := mat.NewVecDense(width, nil)
			for j := range width {
				x.SetVec(j, r.NormFloat64())
			}
			if classes > 0 {
				c := r.IntN(classes)
				s.z.Set(i, c, 1)
				x.SetVec(c%width, x.AtVec(c%width)+2)
			}
			for k := range numbers {
				v := r.NormFloat64()
				s.z.Set(i, classes+k, v)
				x.SetVec(width-1-k, x.AtVec(width-1-k)+v)
			}
			x.MulVec(mix.T(), x)
			for j := range width {
				s.x.Set(i, j, x.AtVec(j)+float64(j))
			}
		}
		return s
	}
	low := make("covariance of rank 3 of 5", 5, 2, 0)
	for i := range n {
		low.x.Set(i, 3, low.x.At(i, 0)-low.x.At(i, 1))
		low.x.Set(i, 4, 7)
	}
	constant := make("vectors that are all the same", 5, 2, 0)
	for i := range n {
		constant.x.SetRow(i, []float64{0.1, -3.7, 1e6, 0, 1e-9})
	}
	return []sample{
		make("two classes", 6, 2, 0),
		make("seven classes", 10, 7, 0),
		make("one number", 6, 0, 1),
		make("three classes and two numbers", 8, 3, 2),
		make("as many classes as dimensions", 4, 4, 0),
		make("more classes than dimensions", 3, 7, 0),
		make("concept that is constant", 5, 0, 0),
		low,
		constant,
	}
}

func fit(t *testing.T, x, z mat.Matrix, shrinkage bool) *Eraser {
	t.Helper()
	e, err := Fit(x, z, Options{Shrinkage: shrinkage, Tolerance: 1e-4})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *Eraser) all(x *mat.Dense) *mat.Dense {
	out := mat.DenseCopyOf(x)
	n, _ := x.Dims()
	for i := range n {
		e.EraseVector(out.RawRowView(i))
	}
	return out
}

func cross(x, z *mat.Dense) *mat.Dense {
	n, _ := x.Dims()
	xc, _, _ := centred(x)
	zc, _, _ := centred(z)
	var c mat.Dense
	c.Mul(xc.T(), zc)
	c.Scale(1/float64(n), &c)
	return &c
}

// change is the mean squared change of the vectors.
func change(a, b *mat.Dense) float64 {
	n, _ := a.Dims()
	var d mat.Dense
	d.Sub(a, b)
	f := mat.Norm(&d, 2)
	return f * f / float64(n)
}

func TestNothingIsLeftOfTheConcept(t *testing.T) {
	for _, s := range samples() {
		for _, shrinkage := range []bool{false, true} {
			e := fit(t, s.x, s.z, shrinkage)
			erased := e.all(s.x)
			if c := mat.Norm(cross(erased, s.z), 2); c > 1e-12*mat.Norm(s.x, 2) {
				t.Errorf("%s, shrinkage %t: the cross-covariance is %g afterwards", s.name, shrinkage, c)
			}
			_, before, _ := centred(s.x)
			_, after, _ := centred(erased)
			for j := range before {
				if math.Abs(before[j]-after[j]) > 1e-9 {
					t.Errorf("%s, shrinkage %t: the mean of dimension %d was %g and is %g", s.name, shrinkage, j, before[j], after[j])
				}
			}
		}
	}
}

func TestRankIsThatOfTheConcept(t *testing.T) {
	want := map[string]int{
		"two classes": 1, "seven classes": 6, "one number": 1, "three classes and two numbers": 4,
		"as many classes as dimensions": 3, "more classes than dimensions": 3, "concept that is constant": 0, "vectors that are all the same": 0,
		"covariance of rank 3 of 5": 1,
	}
	for _, s := range samples() {
		if got := fit(t, s.x, s.z, false).Rank(); got != want[s.name] {
			t.Errorf("%s: rank %d, want %d", s.name, got, want[s.name])
		}
	}
}

// Erasing a second time changes nothing, with the same eraser, and with one that is fitted to the
// erased vectors as they are stored.
func TestErasureIsIdempotent(t *testing.T) {
	for _, s := range samples() {
		e := fit(t, s.x, s.z, true)
		once := e.all(s.x)
		if d := largestDifference(once, e.all(once)); d > 1e-8 {
			t.Errorf("%s: erased again, it differs by %g", s.name, d)
		}
		once.Apply(func(_, _ int, v float64) float64 { return float64(float32(v)) }, once)
		for _, shrinkage := range []bool{false, true} {
			if d := largestDifference(once, fit(t, once, s.z, shrinkage).all(once)); d > 1e-5 {
				t.Errorf("%s, shrinkage %t: fitted again, the result differs by %g", s.name, shrinkage, d)
			}
		}
	}
}

// Of the projections that erase a concept, none changes the vectors less: not the orthogonal one,
// which projects out the differences between the class means, and no other.
func TestChangeIsTheLeast(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, s := range samples() {
		e := fit(t, s.x, s.z, false)
		if e.Rank() == 0 {
			continue
		}
		least := change(s.x, e.all(s.x))
		// A projection I - A (B'A)^-1 B' erases the concept if A spans the cross-covariance.
		var svd mat.SVD
		c := cross(s.x, s.z)
		svd.Factorize(c, mat.SVDThinU)
		var a mat.Dense
		svd.UTo(&a)
		width, _ := c.Dims()
		basis := mat.DenseCopyOf(a.Slice(0, width, 0, e.Rank()))
		for trial := range 50 {
			b := mat.DenseCopyOf(basis)
			for i := range width {
				for j := range e.Rank() {
					b.Set(i, j, b.At(i, j)+0.3*float64(trial)/50*r.NormFloat64()) // the first one is orthogonal
				}
			}
			var ba, right mat.Dense
			ba.Mul(b.T(), basis)
			if err := right.Solve(&ba, b.T()); err != nil {
				continue
			}
			other := (&Eraser{mean: e.mean, left: basis, right: &right}).all(s.x)
			if left := mat.Norm(cross(other, s.z), 2); left > 1e-9 {
				t.Fatalf("%s: projection %d leaves %g: the test is wrong", s.name, trial, left)
			}
			if got := change(s.x, other); got < least*(1-1e-9) {
				t.Errorf("%s: projection %d changes the vectors by %g, the eraser by %g", s.name, trial, got, least)
			}
		}
	}
}

// The eraser depends neither on the units of the vectors nor on those of the concepts.
func TestUnitsDoNotMatter(t *testing.T) {
	for _, s := range samples() {
		e := fit(t, s.x, s.z, true).all(s.x)
		x, z := mat.DenseCopyOf(s.x), mat.DenseCopyOf(s.z)
		x.Scale(1e-4, x)
		z.Scale(100, z)
		scaled := fit(t, x, z, true).all(x)
		scaled.Scale(1e4, scaled)
		if d := largestDifference(e, scaled); d > 1e-6 {
			t.Errorf("%s: in other units, the result differs by %g", s.name, d)
		}
	}
}

// Nearly equal variances give no covariance with negative eigenvalues.
func TestShrinkageKeepsTheOrderOfVariances(t *testing.T) {
	for _, variances := range [][]float64{{0.99, 1, 1.01}, {1, 1, 1}, {0, 0, 0}, {0, 0, 5}, {0.1, 1, 10}} {
		shrunk := slices.Clone(variances)
		shrink(shrunk, 10)
		sum := 0.0
		for i, v := range shrunk {
			sum += v - variances[i]
			if v < 0 || math.IsNaN(v) || i > 0 && v < shrunk[i-1] {
				t.Errorf("%v become %v", variances, shrunk)
			}
		}
		if math.Abs(sum) > 1e-12 {
			t.Errorf("%v become %v: the trace differs by %g", variances, shrunk, sum)
		}
	}
}

func TestVectorsOfFloat32AreErasedRowByRow(t *testing.T) {
	s := samples()[0]
	e := fit(t, s.x, s.z, true)
	var vectors []float32
	for _, v := range s.x.RawMatrix().Data {
		vectors = append(vectors, float32(v))
	}
	want := e.all(s.x).RawMatrix().Data
	for i, v := range e.Erase(vectors) {
		if math.Abs(float64(v)-want[i]) > 1e-5 {
			t.Fatalf("value %d is %g, want %g", i, v, want[i])
		}
	}
}

func TestInputsThatCannotBeFitted(t *testing.T) {
	x := func(v ...float64) *mat.Dense { return mat.NewDense(len(v), 1, v) }
	for _, c := range []struct {
		x, z *mat.Dense
		want string
	}{
		{x(1), x(1), "at least 2 vectors"},
		{x(1, 2), x(1, 2, 3), "2 vectors and the concepts of 3"},
		{x(1, math.NaN()), x(1, 2), "vectors: row 1, column 0 holds NaN"},
		{x(1, 2), x(math.Inf(-1), 2), "concepts: row 0, column 0 holds -Inf"},
	} {
		if _, err := Fit(c.x, c.z, Options{Tolerance: 1e-4}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// The size of the training users of a fold of MovieLens 1M, with two classes and a number.
func BenchmarkFit(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	x, z := mat.NewDense(3621, 100, nil), mat.NewDense(3621, 3, nil)
	for i := range 3621 {
		for j := range 100 {
			x.Set(i, j, r.NormFloat64())
		}
		z.Set(i, r.IntN(2), 1)
		z.Set(i, 2, r.NormFloat64())
	}
	for b.Loop() {
		if _, err := Fit(x, z, Options{Shrinkage: true, Tolerance: 1e-4}); err != nil {
			b.Fatal(err)
		}
	}
}
