package ascent

import (
	"fmt"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/nn"
)

// TestConstantWeightsAreAsGoodAsInputs climbs with both.
func TestConstantWeightsAreAsGoodAsInputs(t *testing.T) {
	f, b := authors.Named(t, "attack_pgd"), modeltest.Backend(t)
	n := f.Hyper.Classifier.Build(t)
	w := f.Weights(t, b, n, "w.")
	x, labels := f.Input(t, "in.x"), f.Input(t, "in.y")
	var attacked [2][]float32
	for i, on := range []nn.Model{{Network: n, Weights: w}, {Network: n, Weights: w, Frozen: true}} {
		if wantInputs := i == 0; wantInputs != (len(on.Inputs()) > 0) {
			t.Errorf("frozen %v: %d inputs", on.Frozen, len(on.Inputs()))
		}
		climb, err := NewClimb(b, on, Mistake)
		if err != nil {
			t.Fatal(err)
		}
		at, _, err := climb.Run(t.Context(), PGD{10, f.Hyper.StepSize, f.Hyper.Epsilon}, x, x, labels)
		if err != nil {
			t.Fatal(err)
		}
		attacked[i] = modeltest.Copied(t, at)
	}
	modeltest.Near(t, "images", attacked[1], attacked[0], 1e-5)
}

// TestClimbsAreTheirStepsInOneGraph holds a loop over one step against a graph of all
// steps, to the bit, and both against the authors' images.
func TestClimbsAreTheirStepsInOneGraph(t *testing.T) {
	f, b := authors.Named(t, "attack_pgd"), modeltest.Backend(t)
	n := f.Hyper.Classifier.Build(t)
	w := f.Weights(t, b, n, "w.")
	climb, err := NewClimb(b, nn.Model{Network: n, Weights: w}, Mistake)
	if err != nil {
		t.Fatal(err)
	}
	x, labels := f.Input(t, "in.x"), f.Input(t, "in.y")
	for _, start := range []string{"uniform", "normal"} {
		from := tensors.FromFlatDataAndDimensions(f.Noisy("in.start_"+start), x.Shape().Dimensions...)
		for _, steps := range []int{10, 20} {
			a := PGD{steps, f.Hyper.StepSize, f.Hyper.Epsilon}
			at, values, err := climb.Run(t.Context(), a, x, from, labels)
			if err != nil {
				t.Fatal(err)
			}
			whole := modeltest.Evaluate(t, b, func(in []*Node) []*Node {
				at, values := a.Attack(Mistake(n.Bind(in[3:]).Classifier(nn.Evaluation), in[1]), in[0], in[2])
				return append([]*Node{at}, values...)
			}, append([]any{x, labels, from}, w.Inputs()...)...)
			attacked := modeltest.Copied(t, at)
			f.CompareSteps(t, fmt.Sprintf("out.%s.x_adv_%d", start, steps), attacked)
			if !slices.Equal(attacked, whole[0]) {
				t.Errorf("%s start, %d steps: the images differ", start, steps)
			}
			for i, v := range values {
				if v != float64(whole[1+i][0]) {
					t.Errorf("%s start, %d steps: value %d is %g, in one graph %g", start, steps, i, v, whole[1+i][0])
				}
			}
		}
	}
}
