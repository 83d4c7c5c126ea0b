package l2l

import (
	"fmt"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// TestConstantWeightsAreAsGoodAsInputs climbs with both.
func TestConstantWeightsAreAsGoodAsInputs(t *testing.T) {
	f, b := oneCase(t, "attack_pgd"), openBackend(t)
	n := f.Hyper.Classifier.build(t)
	w := f.weights(t, b, n, "w.")
	x, labels := f.input(t, "in.x"), f.input(t, "in.y")
	var attacked [2][]float32
	for i, on := range []subject{{network: n, weights: w}, {network: n, weights: w, frozen: true}} {
		if wantInputs := i == 0; wantInputs != (len(on.inputs()) > 0) {
			t.Errorf("frozen %v: %d inputs", on.frozen, len(on.inputs()))
		}
		climb, err := newClimb(b, on, Mistake)
		if err != nil {
			t.Fatal(err)
		}
		at, _, err := climb.attack(t.Context(), PGD{10, f.Hyper.StepSize, f.Hyper.Epsilon}, x, x, labels)
		if err != nil {
			t.Fatal(err)
		}
		attacked[i] = copied(t, at)
	}
	near(t, "images", attacked[1], attacked[0], 1e-5)
}

// TestClimbsAreTheirStepsInOneGraph holds a loop over one step against a graph of all
// steps, to the bit, and both against the authors' images.
func TestClimbsAreTheirStepsInOneGraph(t *testing.T) {
	f, b := oneCase(t, "attack_pgd"), openBackend(t)
	n := f.Hyper.Classifier.build(t)
	w := f.weights(t, b, n, "w.")
	climb, err := newClimb(b, subject{network: n, weights: w}, Mistake)
	if err != nil {
		t.Fatal(err)
	}
	x, labels := f.input(t, "in.x"), f.input(t, "in.y")
	for _, start := range []string{"uniform", "normal"} {
		from, err := Batch{X: x, Labels: labels, Noise: f.input(t, "in.start_"+start)}.start(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, steps := range []int{10, 20} {
			a := PGD{steps, f.Hyper.StepSize, f.Hyper.Epsilon}
			at, values, err := climb.attack(t.Context(), a, x, from, labels)
			if err != nil {
				t.Fatal(err)
			}
			whole := evaluate(t, b, func(in []*Node) []*Node {
				at, values := a.Attack(Mistake(n.Bind(in[3:]).Classifier(Evaluation), in[1]), in[0], in[2])
				return append([]*Node{at}, values...)
			}, append([]any{x, labels, from}, w.inputs()...)...)
			attacked := copied(t, at)
			f.compareSteps(t, fmt.Sprintf("out.%s.x_adv_%d", start, steps), attacked)
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
