package l2l

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/ascent"
	"foil/models/graphs"
	"foil/models/nn"
	"foil/models/random"
)

// TestEvaluatedNaiveMatchesTheAuthors holds the attacker's images on the classifier's
// turn, when it is in evaluation mode; Naive's does not look at the classifier.
func TestEvaluatedNaiveMatchesTheAuthors(t *testing.T) {
	f, b := authors.Named(t, "l2l_0"), modeltest.Backend(t)
	attacked := attack(t, f, learnedAttack(t, f, b, recipe("l2l-naive", Settings{}), 4), nil)
	want := f.Tensors["out.fa0.x_adv_rows"]
	var begin []float32
	for c := range want.Shape[1] {
		begin = append(begin, attacked[c*32*32:c*32*32+want.Shape[2]*want.Shape[3]]...)
	}
	f.Compare(t, "out.fa0.x_adv_rows", begin, authors.ForwardTolerance)
}

// learnedAttack is the attack of the case's attacker.
func learnedAttack(t *testing.T, f *authors.Case, b compute.Backend, v Recipe, batch int) ascent.Attack {
	t.Helper()
	n := f.Hyper.Attacker.Build(t)
	a, err := NewAttack(f.Evaluator(t, b, f.Hyper.Classifier.Build(t), "w.classifier.", batch), v.Within(f.Hyper.Epsilon), n, f.Weights(t, b, n, "w.attacker."))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestLearnedAttacksKeepTheirBounds also finds that filling up a batch changes
// nothing: neither what is normalised by the batch nor, in evaluation mode, by what
// the networks have seen in training.
func TestLearnedAttacksKeepTheirBounds(t *testing.T) {
	b := modeltest.Backend(t)
	for name, v := range map[string]Recipe{"l2l_0": recipe("l2l-naive", Settings{}), "l2l_1": recipe("l2l-grad", Settings{}), "l2l_2": recipe("l2l-2step", Settings{}), "l2l_k": recipe("l2l-kstep", Settings{Steps: 6, Step: 0.007})} {
		f := authors.Named(t, name)
		whole := attack(t, f, learnedAttack(t, f, b, v, 2), nil)
		modeltest.Near(t, v.Method.Name+", filled up", attack(t, f, learnedAttack(t, f, b, v, 5), nil), whole, 1e-5)
		if largest := authors.Bounded(t, v.Method.Name, whole, f.Tensors["in.x"].F32, f.Hyper.Epsilon); largest == 0 {
			t.Errorf("%s changes nothing", v.Method.Name)
		}
	}
}

// TestLearnedAttacksWithoutRoomChangeNothing holds every variant, the interpolating
// ones from where they start without room, too.
func TestLearnedAttacksWithoutRoomChangeNothing(t *testing.T) {
	b, f := modeltest.Backend(t), authors.Named(t, "l2l_k")
	n, x := f.Hyper.Attacker.Build(t), f.Tensors["in.x"].F32
	e := f.Evaluator(t, b, f.Hyper.Classifier.Build(t), "w.classifier.", 4)
	for _, v := range []Recipe{recipe("l2l-grad", Settings{}), recipe("l2l-2step", Settings{}), recipe("l2l-kstep", Settings{Steps: 6, Step: 0.007}), recipe("l2l-grad-interpolation", Settings{Smooth: 0.5}), recipe("l2l-2step-interpolation", Settings{Smooth: 0.9})} {
		a, err := NewAttack(e, v.Within(0), n, f.Weights(t, b, n, "w.attacker."))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(attack(t, f, a, nil), x) {
			t.Errorf("%s changes images by more than 0", v.Method.Name)
		}
	}
}

// attack makes an attack on the images of a case.
func attack(t *testing.T, f *authors.Case, a ascent.Attack, start []float32) []float32 {
	t.Helper()
	attacked, err := a.Attack(t.Context(), f.Tensors["in.x"].F32, f.Labels(), start)
	if err != nil {
		t.Fatal(err)
	}
	return attacked
}

func TestAllZeroGradientStaysZero(t *testing.T) {
	b := &nn.Builder{}
	b.Then(nn.Images, nn.SpaceMean{}, b.DenseFrom("fc", 3, 10, nn.Constant(0), nn.Constant(0)))
	n := b.Network(3)
	backend := modeltest.Backend(t)
	w, err := nn.NewWeights(backend, n.Params, 1, "weights")
	if err != nil {
		t.Fatal(err)
	}
	x, labels := modeltest.Normal(random.New(1, "test"), 2, 3, 4, 4), tensors.FromFlatDataAndDimensions([]int32{1, 2}, 2)
	out := modeltest.Evaluate(t, backend, func(in []*Node) []*Node {
		g := &round{objective: ascent.Mistake(graphs.Bind(n, in[2:]).Classifier(nn.Evaluation), in[1])}
		return []*Node{Slice(g.withGradient(in[0]), AxisRange(), AxisRange(3))}
	}, append([]any{x, labels}, w.Inputs()...)...)
	modeltest.Near(t, "gradient", out[0], make([]float32, 2*3*4*4), 0)
}
