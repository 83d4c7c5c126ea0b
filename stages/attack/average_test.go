package attack

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"foil/internal/artifact"
	"foil/internal/kindtest"
	"foil/internal/scores"
	"foil/pipeline"
)

func TestBatchedAccuracyWeighsBatchesBySize(t *testing.T) {
	for _, c := range []struct {
		name             string
		predicted, truth []int32
		batch            int
		want             float64
	}{
		// Batches of 2: (1), (0 of class 0, 1 of class 1: 0.5); the last has nobody.
		{"nobody in a batch", []int32{0, 1, 1, 1, 0}, []int32{0, 1, 0, 1, -1}, 2, 0.75},
		{"a short last batch", []int32{0, 0, 0, 1}, []int32{0, 1, 0, 0}, 3, (3*0.5 + 1*0) / 4},
		{"a missing user is not of the size", []int32{0, 0, 1, 1}, []int32{0, -1, 1, 0}, 2, (1*1 + 2*0.5) / 3},
		{"a batch without a class", []int32{1, 1, 0, 1}, []int32{1, 1, 1, 0}, 2, (2*1 + 2*0) / 4.0},
		{"three classes", []int32{0, 1, 1, 2, 2}, []int32{0, 1, 2, 2, 2}, 5, (1 + 1 + 2.0/3) / 3},
		{"one batch for all", []int32{0, 0, 1}, []int32{0, 1, 1}, 64, 0.75},
	} {
		if got := batchedAccuracy(c.predicted, c.truth, c.batch); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: batched accuracy is %g, want %g", c.name, got, c.want)
		}
	}
}

// The published code computes each batch's balanced accuracy, multiplies it by the batch's size, and
// divides the sum by the number of users.
func TestBatchedAccuracyIsThePublishedMean(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n, batch, classes := 1+r.IntN(200), 1+r.IntN(70), 2+r.IntN(3)
		predicted, truth := make([]int32, n), make([]int32, n)
		for i := range truth {
			predicted[i], truth[i] = int32(r.IntN(classes)), int32(r.IntN(classes))
		}
		want := 0.0
		for start := 0; start < n; start += batch {
			end := min(start+batch, n)
			want += float64(end-start) / float64(n) * scores.BalancedAccuracy(predicted[start:end], truth[start:end])
		}
		if got := batchedAccuracy(predicted, truth, batch); math.Abs(got-want) > 1e-12 {
			t.Fatalf("%d users in batches of %d: %g, want %g", n, batch, got, want)
		}
	}
}

// Both averages are means of the outcomes (kindtest checks that), and those of the same attackers.
func TestAverageOverBatches(t *testing.T) {
	in := inputs(t)
	run := func(average string) map[string]float64 {
		p := params(1)
		p.Batch, p.Average = 5, average // a tiny split has 12 test users
		return values(kindtest.Metrics(t, kindtest.MustRun(t, LatentProbe(), p, &pipeline.Cell{Seed: 3, Inputs: in})), "last")
	}
	users, batches := run("users"), run("batches")
	if users["gender bacc"] == batches["gender bacc"] {
		t.Errorf("balanced accuracy is %g over users and over batches: the case shows nothing", users["gender bacc"])
	}
	if users["age mae"] != batches["age mae"] {
		t.Errorf("MAE is %g over users and %g over batches; it is the same mean", users["age mae"], batches["age mae"])
	}
}

func TestCurvesEndAtTheScoreOfTheValidationUsers(t *testing.T) {
	in := inputs(t)
	for _, average := range []string{"users", "batches"} {
		p := params(4)
		p.Batch, p.Average, p.Curves, p.Splits = 5, average, true, []string{"test", "validation"}
		metrics := kindtest.Metrics(t, kindtest.MustRun(t, LatentProbe(), p, &pipeline.Cell{Seed: 3, Inputs: in}))
		curve, last := map[string]float64{}, map[string]float64{}
		for _, m := range metrics {
			switch m.Name {
			case "bacc_curve", "mae_curve":
				if m.Split != artifact.Validation {
					t.Errorf("a curve is of %s users", m.Split)
				}
				curve[fmt.Sprint(m.Group, m.Checkpoint, m.K)] = m.Value
			case "bacc", "mae":
				if m.Split == artifact.Validation {
					last[fmt.Sprint(m.Group, m.Checkpoint)] = m.Value
				}
			}
		}
		if len(curve) != 2*2*4 || len(last) != 2*2 {
			t.Fatalf("%d points of curves and %d scores", len(curve), len(last))
		}
		for name, want := range last {
			if got := curve[name+"4"]; got != want {
				t.Errorf("average %s: the curve of %s ends at %g, the score is %g", average, name, got, want)
			}
		}
		if curve["agelast1"] == curve["agelast4"] {
			t.Error("the curve does not change")
		}
	}
}

// To look at the validation users after each epoch changes no attacker.
func TestCurvesChangeNoScore(t *testing.T) {
	in := inputs(t)
	run := func(curves bool) []artifact.Metric {
		p := params(6)
		p.Curves = curves
		return kindtest.Metrics(t, kindtest.MustRun(t, LatentProbe(), p, &pipeline.Cell{Seed: 3, Inputs: in}))
	}
	without, with := run(false), run(true)
	found := map[artifact.Metric]bool{}
	for _, m := range with {
		found[m] = true
	}
	for _, m := range without {
		if !found[m] {
			t.Errorf("with curves there is no %+v", m)
		}
	}
	if len(with) != len(without)+2*2*6 {
		t.Errorf("%d metrics with curves, %d without", len(with), len(without))
	}
}
