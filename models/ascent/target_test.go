package ascent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/backend"
	"foil/models/evaluate"
	"foil/models/nn"
)

// target attacks a network of a case in batches of the given size.
func target(t *testing.T, f *authors.Case, b compute.Backend, n *nn.Network, prefix string, batch int) *Target {
	t.Helper()
	return targetOf(t, f.Evaluator(t, b, n, prefix, batch))
}

func targetOf(t *testing.T, e *evaluate.Evaluator) *Target {
	t.Helper()
	target, err := NewTarget(e)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// TestAttacksGoOnFromWhereOthersEnded makes the steps of one in two parts.
func TestAttacksGoOnFromWhereOthersEnded(t *testing.T) {
	f, b := authors.Named(t, "attack_pgd"), modeltest.Backend(t)
	e := target(t, f, b, f.Hyper.Classifier.Build(t), "w.", 4)
	steps := func(n int) Attack { return e.PGD(PGD{n, f.Hyper.StepSize, f.Hyper.Epsilon}) }
	start := f.Noisy("in.start_uniform")
	if !slices.Equal(attack(t, f, steps(3), attack(t, f, steps(4), start)), attack(t, f, steps(7), start)) {
		t.Error("four steps and three more are not seven")
	}
}

func attack(t *testing.T, f *authors.Case, a Attack, start []float32) []float32 {
	t.Helper()
	attacked, err := a.Attack(t.Context(), f.Tensors["in.x"].F32, f.Labels(), start)
	if err != nil {
		t.Fatal(err)
	}
	return attacked
}

func logitsOf(t *testing.T, e *Target, x []float32) []float32 {
	t.Helper()
	logits, err := e.Logits(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	return logits
}

// batchSizes hold all six images of a case, divide them, and do not.
var batchSizes = []int{6, 3, 4, 8}

func TestEvaluatedFGSMMatchesTheAuthors(t *testing.T) {
	f, b := authors.Named(t, "attack_fgsm"), modeltest.Backend(t)
	for _, batch := range batchSizes {
		e := target(t, f, b, f.Hyper.Classifier.Build(t), "w.", batch)
		attacked := attack(t, f, e.PGD(FGSM(f.Hyper.Epsilon)), nil)
		f.CompareSteps(t, "out.x_adv", attacked)
		f.Compare(t, "out.logits_clean", logitsOf(t, e, f.Tensors["in.x"].F32), authors.ForwardTolerance)
		logits := logitsOf(t, e, attacked)
		f.Compare(t, "out.logits_adv", logits, authors.ForwardTolerance)
		var loss float64
		for _, v := range Verdicts(logits, f.Labels()) {
			loss += v.Loss / float64(len(f.Labels()))
		}
		f.CompareScalar(t, "loss_adv", loss, authors.LossTolerance)
	}
}

func TestEvaluatedPGDMatchesTheAuthors(t *testing.T) {
	f, b := authors.Named(t, "attack_pgd"), modeltest.Backend(t)
	for _, batch := range batchSizes {
		e := target(t, f, b, f.Hyper.Classifier.Build(t), "w.", batch)
		for _, start := range []string{"uniform", "normal"} {
			for _, steps := range []int{10, 20} {
				a := e.PGD(PGD{steps, f.Hyper.StepSize, f.Hyper.Epsilon})
				attacked := attack(t, f, a, f.Noisy("in.start_"+start))
				f.CompareSteps(t, fmt.Sprintf("out.%s.x_adv_%d", start, steps), attacked)
				wrongLabels(t, f, start, steps, logitsOf(t, e, attacked))
			}
		}
	}
}

func TestCarriedOverPGDMatchesTheAuthors(t *testing.T) {
	f, b := authors.Named(t, "attack_blackbox"), modeltest.Backend(t)
	source := target(t, f, b, f.Hyper.Source.Build(t), "w.source.", 4)
	target := target(t, f, b, f.Hyper.Target.Build(t), "w.target.", 4)
	a := source.PGD(PGD{20, f.Hyper.StepSize, f.Hyper.Epsilon})
	attacked := attack(t, f, a, f.Noisy("in.start_uniform"))
	f.CompareSteps(t, "out.x_adv", attacked)
	f.Compare(t, "out.logits_target", logitsOf(t, target, attacked), authors.ForwardTolerance)
	wrong := 0
	for i, v := range Verdicts(logitsOf(t, target, attacked), f.Labels()) {
		if v.Class != f.Labels()[i] {
			wrong++
		}
	}
	f.CompareScalar(t, "errors_target_adv", float64(wrong), 0)
}

func TestEvaluatedCWMatchesTheAuthors(t *testing.T) {
	f, b := authors.Named(t, "attack_cw"), modeltest.Backend(t)
	a, err := target(t, f, b, f.Hyper.Classifier.Build(t), "w.", 2).CW(DefaultCW(f.Hyper.Epsilon))
	if err != nil {
		t.Fatal(err)
	}
	f.Compare(t, "out.x_adv", attack(t, f, a, nil), 1e-3)
}

// TestStartsBeyondEpsilonAreProjected starts from noise twice as large as allowed.
func TestStartsBeyondEpsilonAreProjected(t *testing.T) {
	f, b := authors.Named(t, "attack_pgd"), modeltest.Backend(t)
	e := target(t, f, b, f.Hyper.Classifier.Build(t), "w.", 4)
	start := f.Noisy("in.start_uniform")
	for i, v := range f.Tensors["in.start_uniform"].F32 {
		start[i] += v
	}
	for _, steps := range []int{1, 100} {
		attacked := attack(t, f, e.PGD(PGD{steps, f.Hyper.StepSize, f.Hyper.Epsilon}), start)
		authors.Bounded(t, fmt.Sprintf("%d steps", steps), attacked, f.Tensors["in.x"].F32, f.Hyper.Epsilon)
	}
	for _, a := range []PGD{{0, 0.1, 0.1}, {5, 0.1, 0}} {
		if attacked := attack(t, f, e.PGD(a), nil); !slices.Equal(attacked, f.Tensors["in.x"].F32) {
			t.Errorf("%+v changes images", a)
		}
	}
}

func TestEvaluationFollowsTheWeightsAndLeavesThem(t *testing.T) {
	f, b := authors.Named(t, "l2l_1"), modeltest.Backend(t)
	n := f.Hyper.Classifier.Build(t)
	c := evaluate.Config{Network: n, Shape: [3]int(f.Tensors["in.x"].Shape[1:]), Batch: 2, Backend: b}
	evaluator, err := evaluate.New(c, f.Weights(t, b, n, "w.classifier."))
	if err != nil {
		t.Fatal(err)
	}
	e := targetOf(t, evaluator)
	x := f.Tensors["in.x"].F32
	before := logitsOf(t, e, x)
	attack(t, f, e.PGD(PGD{2, 0.01, 0.03}), nil)
	if !slices.Equal(logitsOf(t, e, x), before) {
		t.Error("an attack changes what the classifier says")
	}
	bias := e.Model.Weights.Tensors[len(n.Params)-1] // of the last layer
	if err := backend.Write(bias, func(w []float32) { w[0]++ }); err != nil {
		t.Fatal(err)
	}
	if after := logitsOf(t, e, x); math.Abs(float64(after[0]-before[0]-1)) > 1e-5 {
		t.Errorf("a bias is higher by 1, the logit by %g", after[0]-before[0])
	}
}

func TestWrongInputsOfAttacksAreNamed(t *testing.T) {
	f, b := authors.Named(t, "attack_pgd"), modeltest.Backend(t)
	e := target(t, f, b, f.Hyper.Classifier.Build(t), "w.", 4)
	x, labels := f.Tensors["in.x"].F32, f.Labels()
	foreign := append(slices.Clone(labels[:5]), 10)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	cases := []struct {
		ctx    context.Context
		x      []float32
		labels []int32
		start  []float32
		want   string
	}{
		{t.Context(), x[1:], labels, nil, "not a whole number of images of shape [3 16 16]"},
		{t.Context(), x, labels[1:], nil, "5 labels for 6 images"},
		{t.Context(), x, labels, x[1:], "the start of the attack has 4607 values, but the images have 4608"},
		{t.Context(), x, foreign, nil, "image 5 has label 10; the classes of the classifier are 0 to 9"},
		{ended, x, labels, nil, context.Canceled.Error()},
	}
	cw, err := e.CW(DefaultCW(0.03))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []Attack{e.PGD(FGSM(0.03)), cw} {
		for _, c := range cases {
			if _, err := a.Attack(c.ctx, c.x, c.labels, c.start); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		}
	}
	if _, err := e.Logits(ended, x); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that it was cancelled", err)
	}
	if _, err := evaluate.New(evaluate.Config{}, nil); err == nil || !strings.Contains(err.Error(), "the batch size is 0") {
		t.Errorf("error %v, want one about batches", err)
	}
}
