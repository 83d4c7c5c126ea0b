package ascent

import (
	"fmt"
	"testing"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/evaluate"
)

// TestConstantWeightsAreAsGoodAsInputs climbs with both.
func TestConstantWeightsAreAsGoodAsInputs(t *testing.T) {
	f, b := authors.Named(t, "attack_pgd"), modeltest.Backend(t)
	n := f.Hyper.Classifier.Build(t)
	x, labels := f.Images("in.x"), f.Labels()
	var attacked [2][]float32
	for i, frozen := range []bool{false, true} {
		c := evaluate.Config{Network: n, Shape: f.Shape("in.x"), Batch: len(labels), Frozen: frozen, Backend: b}
		e, err := evaluate.New(c, f.Weights(t, b, n, "w."))
		if err != nil {
			t.Fatal(err)
		}
		climb, err := NewClimb(e, ToMistake)
		if err != nil {
			t.Fatal(err)
		}
		if attacked[i], _, err = climb.Run(t.Context(), PGD{10, f.Hyper.StepSize, f.Hyper.Epsilon}, x, x, Aim{Labels: labels}); err != nil {
			t.Fatal(err)
		}
	}
	modeltest.Near(t, "images", attacked[1], attacked[0], 1e-5)
}

// TestClimbsMatchTheAuthors holds images and the objective's values by the engine and by graphs.
func TestClimbsMatchTheAuthors(t *testing.T) {
	f, b := authors.Named(t, "attack_pgd"), modeltest.Backend(t)
	n := f.Hyper.Classifier.Build(t)
	for _, byGraph := range []bool{false, true} {
		c := evaluate.Config{Network: n, Shape: f.Shape("in.x"), Batch: len(f.Labels()), Backend: b, ByGraph: byGraph}
		e, err := evaluate.New(c, f.Weights(t, b, n, "w."))
		if err != nil {
			t.Fatal(err)
		}
		climb, err := NewClimb(e, ToMistake)
		if err != nil {
			t.Fatal(err)
		}
		for _, start := range []string{"uniform", "normal"} {
			for _, steps := range []int{10, 20} {
				a := PGD{steps, f.Hyper.StepSize, f.Hyper.Epsilon}
				at, values, err := climb.Run(t.Context(), a, f.Images("in.x"), f.Noisy("in.start_"+start), Aim{Labels: f.Labels()})
				if err != nil {
					t.Fatal(err)
				}
				f.CompareSteps(t, fmt.Sprintf("out.%s.x_adv_%d", start, steps), at)
				_, last, err := climb.Run(t.Context(), PGD{1, 0, 1}, at, at, Aim{Labels: f.Labels()})
				if err != nil {
					t.Fatal(err)
				}
				var losses [][]float32
				for _, v := range append(values, last...) {
					losses = append(losses, []float32{float32(v)})
				}
				f.CompareLosses(t, fmt.Sprintf("%s.loss_%d", start, steps), losses)
			}
		}
	}
}
