package bpr

import (
	"math"
	"slices"
	"testing"

	"foil/internal/artifact"
	"foil/internal/kindtest"
	"foil/models/random"
	"foil/pipeline"
)

func tinyParams() *Params {
	p := params.New()
	p.Epochs, p.Width, p.Select.K = 12, 4, 5
	return p
}

func tiny(t *testing.T, work string) *pipeline.Cell {
	return &pipeline.Cell{Seed: 7, WorkDir: work, Inputs: map[string]pipeline.Artifact{"data": kindtest.Split(t)}}
}

func train(t *testing.T, work string) pipeline.Artifact {
	t.Helper()
	return kindtest.MustRun(t, Kind(), tinyParams(), tiny(t, work))
}

// The step moves along the gradient of log sigmoid(x) minus the L2 penalty, by finite
// differences.
func TestStepFollowsTheGradient(t *testing.T) {
	f := newFactors(3, 2, random.New(1, "weights"))
	user := []float32{0.3, -0.2}
	r := rule{rate: 1, decay: 0.1}
	loss := func(f factors, user []float32) float64 {
		x := float64(f.difference(user, 0, 2))
		sum := math.Log1p(math.Exp(-x))
		for _, v := range slices.Concat(user, f.vector(0), f.vector(2), []float32{f.bias[0], f.bias[2]}) {
			sum += 0.5 * float64(r.decay) * float64(v) * float64(v)
		}
		return sum
	}
	moved, after := f.copy(), slices.Clone(user)
	if got, want := moved.step(after, 0, 2, r, true), math.Log1p(math.Exp(-float64(f.difference(user, 0, 2)))); math.Abs(got-want) > 1e-6 {
		t.Errorf("loss %g, want %g", got, want)
	}
	const h = 1e-3
	check := func(name string, at *float32, step float32) {
		before := *at
		*at = before + h
		up := loss(f, user)
		*at = before - h
		down := loss(f, user)
		*at = before
		if want := -(up - down) / (2 * h); math.Abs(float64(step)-want) > 1e-3 {
			t.Errorf("%s moves by %g, want %g", name, step, want)
		}
	}
	for k := range user {
		check("user", &user[k], after[k]-user[k])
		check("used item", &f.vector(0)[k], moved.vector(0)[k]-f.vector(0)[k])
		check("other item", &f.vector(2)[k], moved.vector(2)[k]-f.vector(2)[k])
	}
	check("bias of the used item", &f.bias[0], moved.bias[0]-f.bias[0])
	check("bias of the other item", &f.bias[2], moved.bias[2]-f.bias[2])
	if !slices.Equal(f.vector(1), moved.vector(1)) {
		t.Error("an item that was not compared moved")
	}
}

func TestUserWithAllItemsIsLeftAlone(t *testing.T) {
	f := newFactors(3, 2, random.New(1, "weights"))
	if _, ok := f.other([]int32{0, 1, 2}, random.New(1, "negatives")); ok {
		t.Error("an item was drawn")
	}
	for range 20 {
		if j, ok := f.other([]int32{0, 2}, random.New(1, "negatives")); !ok || j != 1 {
			t.Fatalf("drew %d, %v", j, ok)
		}
	}
}

func TestTrainingLearnsAndIsReproduced(t *testing.T) {
	a := train(t, "")
	if again := train(t, ""); again.Digest() != a.Digest() {
		t.Error("the same training ends in other bytes")
	}
	var losses []float64
	for _, p := range kindtest.Curves(t, a) {
		if p.Name == "train/loss" {
			losses = append(losses, p.Value)
		}
	}
	if len(losses) != 12 || losses[11] >= losses[0] {
		t.Errorf("losses %v", losses)
	}
}

func TestInterruptedTrainingEndsInTheSameBytes(t *testing.T) {
	want := train(t, "").Digest()
	for _, epochs := range []int{1, 7} {
		work := kindtest.Interrupted(t, Kind(), tinyParams(), *tiny(t, ""), epochs)
		if got := train(t, work).Digest(); got != want {
			t.Errorf("interrupted after epoch %d, the training ends in other bytes", epochs)
		}
	}
}

func TestNewUserIsScoredByUsedItemsAlone(t *testing.T) {
	opened, err := open(t.Context(), nil, train(t, ""), "last")
	if err != nil {
		t.Fatal(err)
	}
	m := opened.(artifact.Recommender)
	const items = 20
	alone, together := make([]float32, items), make([]float32, 2*items)
	low, high := []int32{0, 1, 2, 3, 4, 5}, []int32{14, 15, 16, 17, 18, 19}
	if err := m.Scores(t.Context(), [][]int32{high}, alone); err != nil {
		t.Fatal(err)
	}
	if err := m.Scores(t.Context(), [][]int32{low, high}, together); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(alone, together[items:]) {
		t.Error("the scores of a user depend on other users")
	}
	// In the data, users like items of one half (see kindtest.Split).
	sum := func(s []float32) (lower, upper float32) {
		for i, v := range s {
			if i < items/2 {
				lower += v
			} else {
				upper += v
			}
		}
		return lower, upper
	}
	if lower, upper := sum(together[:items]); lower <= upper {
		t.Errorf("a user of the lower half scores %g there and %g in the upper half", lower, upper)
	}
	if lower, upper := sum(alone); lower >= upper {
		t.Errorf("a user of the upper half scores %g there and %g in the lower half", upper, lower)
	}
}
