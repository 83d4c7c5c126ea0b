package adversary

import (
	"math"
	"math/rand/v2"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/internal/testenv"
	"foil/models/backend"
	"foil/models/optim"
	"foil/models/random"
)

func TestMissingAttributesWeighNothing(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name    string
		config  Config
		targets Targets
		users   []int32
		target  []float32
		weight  []float32
	}{
		{"classes", Config{Task: Classification, Classes: 2}, Targets{Class: []int32{1, -1, 0}}, []int32{0, 1, 2},
			[]float32{0, 1, 0, 0, 1, 0}, []float32{0.5, 0, 0.5}},
		{"class weights are divided by their sum", Config{Task: Classification, Classes: 2, ClassWeights: []float32{3, 1}},
			Targets{Class: []int32{1, 0}}, []int32{1, 0}, []float32{1, 0, 0, 1}, []float32{0.75, 0.25}},
		{"numbers", Config{Task: Regression}, Targets{Value: []float32{7, nan, 9}}, []int32{2, 1, 0},
			[]float32{9, 0, 7}, []float32{0.5, 0, 0.5}},
		{"nobody", Config{Task: Regression}, Targets{Value: []float32{nan}}, []int32{0}, []float32{0}, []float32{0}},
	} {
		target, weight := make([]float32, len(c.target)), make([]float32, len(c.weight))
		c.config.fill(c.targets, c.users, target, weight)
		for i := range target {
			if target[i] != c.target[i] {
				t.Errorf("%s: targets %v, want %v", c.name, target, c.target)
				break
			}
		}
		for i := range weight {
			if weight[i] != c.weight[i] {
				t.Errorf("%s: weights %v, want %v", c.name, weight, c.weight)
				break
			}
		}
	}
}

// TestGradientsAreThoseOfTheLoss holds the gradients that are written out
// against those that GoMLX derives.
func TestGradientsAreThoseOfTheLoss(t *testing.T) {
	const users, latent = 6, 4
	b, err := backend.Open(testenv.Backend(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Config{
		{Name: "class", Task: Classification, Classes: 3, Heads: 2, Hidden: 5, Dropout: 0.5},
		{Name: "number", Task: Regression, Heads: 2, Hidden: 5, Dropout: 0.5},
	} {
		g, err := NewGroup(b, c, latent, rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		batch, err := NewBatch(b, c, users, latent)
		if err != nil {
			t.Fatal(err)
		}
		targets := Targets{Class: []int32{0, 1, 2, -1, 1, 0}, Value: []float32{1, 2, 3, float32(math.NaN()), 5, 6}}
		z := make([]float32, users*latent)
		random.Normal(rand.New(rand.NewPCG(5, 6)), z, 1)
		if err := batch.Fill(targets, []int32{5, 4, 3, 2, 1, 0}, z, rand.NewPCG(3, 4)); err != nil {
			t.Fatal(err)
		}
		var inputs []any
		for _, p := range append(g.Params(), batch.Tensors()...) {
			inputs = append(inputs, p)
		}
		exec, err := NewExec(b, func(in []*Node) []*Node {
			loss, xGrad, grads := c.LossGradients(in)
			derived := Gradient(loss, append([]*Node{in[NumParams]}, in[:NumParams]...)...)
			return append(append([]*Node{xGrad}, grads...), derived...)
		})
		if err != nil {
			t.Fatal(err)
		}
		out, err := exec.Call(inputs...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range NumParams + 1 {
			got, _ := backend.Copy(out[i])
			want, _ := backend.Copy(out[i+NumParams+1])
			for j := range want {
				if math.Abs(float64(got[j]-want[j])) > 1e-6 {
					t.Fatalf("%s: gradient %d at %d is %g, derived %g", c.Name, i, j, got[j], want[j])
				}
			}
		}
	}
}

// TestReversalGoesThroughTheDropout: a latent value that a head did not see gets
// nothing back from it, any other -Reversal/(1-p) times the gradient.
func TestReversalGoesThroughTheDropout(t *testing.T) {
	const users, latent = 3, 5
	b, err := backend.Open(testenv.Backend(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Name: "number", Task: Regression, Heads: 2, Hidden: 5, Dropout: 0.5, Reversal: 7}
	batch, err := NewBatch(b, c, users, latent)
	if err != nil {
		t.Fatal(err)
	}
	z := make([]float32, users*latent)
	for i := range z {
		z[i] = 1
	}
	targets := Targets{Value: []float32{1, 2, 3}}
	if err := batch.Fill(targets, []int32{0, 1, 2}, z, rand.NewPCG(3, 4)); err != nil {
		t.Fatal(err)
	}
	x, err := backend.Copy(batch.x)
	if err != nil {
		t.Fatal(err)
	}
	grad, err := backend.NewTensor(b, c.Heads, users, latent)
	if err != nil {
		t.Fatal(err)
	}
	if err := backend.Write(grad, func(g []float32) {
		for i := range g {
			g[i] = float32(i + 1)
		}
	}); err != nil {
		t.Fatal(err)
	}
	got := make([]float32, len(z))
	if err := batch.AddReversed(backend.ValuesOf(grad), got); err != nil {
		t.Fatal(err)
	}
	dropped := 0
	for i := range got {
		var want float32
		for h := range c.Heads {
			at := h*len(z) + i
			switch x[at] {
			case 0:
				dropped++
			case 2:
				want -= 14 * float32(at+1)
			default:
				t.Fatalf("a 1 behind dropout is %g", x[at])
			}
		}
		if got[i] != want {
			t.Errorf("gradient of latent value %d is %g, want %g", i, got[i], want)
		}
	}
	if dropped == 0 || dropped == len(x) {
		t.Errorf("%d of %d values are dropped", dropped, len(x))
	}
}

func TestProbeLearnsASeparableAttribute(t *testing.T) {
	const users, latent = 40, 3
	b, err := backend.Open(testenv.Backend(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	config := Config{Name: "side", Task: Classification, Classes: 2, Heads: 1, Hidden: 5}
	p, err := NewProbe(b, []Config{config}, latent, 0.02, optim.DefaultAdam(0), 1)
	if err != nil {
		t.Fatal(err)
	}
	z := make([]float32, users*latent)
	random.Normal(rand.New(rand.NewPCG(7, 8)), z, 1)
	var targets Targets
	var everyone []int32
	for u := range users {
		targets.Class = append(targets.Class, 0)
		if z[u*latent] > 0 {
			targets.Class[u] = 1
		}
		everyone = append(everyone, int32(u))
	}
	var first, last float64
	for step := range 300 {
		losses, err := p.Step(z, everyone, []Targets{targets}, []rand.Source{nil})
		if err != nil {
			t.Fatal(err)
		}
		if step == 0 {
			first = losses[0]
		}
		last = losses[0]
	}
	if last > first/4 {
		t.Errorf("the loss fell from %.3f to %.3f only", first, last)
	}
	out, err := p.Predict(z)
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for u, class := range targets.Class {
		if (out[0][2*u+1] > out[0][2*u]) != (class == 1) {
			wrong++
		}
	}
	if wrong > 2 {
		t.Errorf("%d of %d users are predicted wrongly", wrong, users)
	}
}
