package l2l

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"foil/models/backend"
)

// evaluator asks a case's network about its images in batches of the given size.
func (f *fixture) evaluator(t *testing.T, b compute.Backend, n *Network, prefix string, batch int) *Evaluator {
	t.Helper()
	e, err := NewEvaluator(EvaluatorConfig{Network: n, Shape: [3]int(f.tensors["in.x"].Shape[1:]), Batch: batch, Frozen: true, Backend: b}, f.weights(t, b, n, prefix))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// labels are the case's as a classifier counts them.
func (f *fixture) labels() (labels []int32) {
	for _, y := range f.tensors["in.y"].I64 {
		labels = append(labels, int32(y))
	}
	return labels
}

// noisy are the case's images with noise added.
func (f *fixture) noisy(noise string) []float32 {
	return added(f.tensors["in.x"].F32, f.tensors[noise].F32)
}

func added(a, b []float32) []float32 {
	out := slices.Clone(a)
	for i, v := range b {
		out[i] += v
	}
	return out
}

// TestAttacksGoOnFromWhereOthersEnded makes the steps of one in two parts.
func TestAttacksGoOnFromWhereOthersEnded(t *testing.T) {
	f, b := oneCase(t, "attack_pgd"), openBackend(t)
	e := f.evaluator(t, b, f.Hyper.Classifier.build(t), "w.", 4)
	steps := func(n int) Attack { return e.PGD(PGD{n, f.Hyper.StepSize, f.Hyper.Epsilon}) }
	start := f.noisy("in.start_uniform")
	if !slices.Equal(f.attack(t, steps(3), f.attack(t, steps(4), start)), f.attack(t, steps(7), start)) {
		t.Error("four steps and three more are not seven")
	}
}

func (f *fixture) attack(t *testing.T, a Attack, start []float32) []float32 {
	t.Helper()
	attacked, err := a.Attack(t.Context(), f.tensors["in.x"].F32, f.labels(), start)
	if err != nil {
		t.Fatal(err)
	}
	return attacked
}

func logitsOf(t *testing.T, e *Evaluator, x []float32) []float32 {
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
	f, b := oneCase(t, "attack_fgsm"), openBackend(t)
	for _, batch := range batchSizes {
		e := f.evaluator(t, b, f.Hyper.Classifier.build(t), "w.", batch)
		attacked := f.attack(t, e.PGD(FGSM(f.Hyper.Epsilon)), nil)
		f.compareSteps(t, "out.x_adv", attacked)
		f.compare(t, "out.logits_clean", logitsOf(t, e, f.tensors["in.x"].F32), forwardTolerance)
		logits := logitsOf(t, e, attacked)
		f.compare(t, "out.logits_adv", logits, forwardTolerance)
		var loss float64
		for _, v := range Verdicts(logits, f.labels()) {
			loss += v.Loss / float64(len(f.labels()))
		}
		f.compareScalar(t, "loss_adv", loss, lossTolerance)
	}
}

func TestEvaluatedPGDMatchesTheAuthors(t *testing.T) {
	f, b := oneCase(t, "attack_pgd"), openBackend(t)
	for _, batch := range batchSizes {
		e := f.evaluator(t, b, f.Hyper.Classifier.build(t), "w.", batch)
		for _, start := range []string{"uniform", "normal"} {
			for _, steps := range []int{10, 20} {
				a := e.PGD(PGD{steps, f.Hyper.StepSize, f.Hyper.Epsilon})
				attacked := f.attack(t, a, f.noisy("in.start_"+start))
				f.compareSteps(t, fmt.Sprintf("out.%s.x_adv_%d", start, steps), attacked)
				if got := f.wrong(t, logitsOf(t, e, attacked)); got != 5 {
					t.Errorf("%s start, %d steps: %d wrong labels, want 5", start, steps, got)
				}
			}
		}
	}
}

func TestCarriedOverPGDMatchesTheAuthors(t *testing.T) {
	f, b := oneCase(t, "attack_blackbox"), openBackend(t)
	source := f.evaluator(t, b, f.Hyper.Source.build(t), "w.source.", 4)
	target := f.evaluator(t, b, f.Hyper.Target.build(t), "w.target.", 4)
	a := source.PGD(PGD{20, f.Hyper.StepSize, f.Hyper.Epsilon})
	attacked := f.attack(t, a, f.noisy("in.start_uniform"))
	f.compareSteps(t, "out.x_adv", attacked)
	f.compare(t, "out.logits_target", logitsOf(t, target, attacked), forwardTolerance)
	wrong := 0
	for i, v := range Verdicts(logitsOf(t, target, attacked), f.labels()) {
		if v.Class != f.labels()[i] {
			wrong++
		}
	}
	f.compareScalar(t, "errors_target_adv", float64(wrong), 0)
}

func TestEvaluatedCWMatchesTheAuthors(t *testing.T) {
	f, b := oneCase(t, "attack_cw"), openBackend(t)
	a, err := f.evaluator(t, b, f.Hyper.Classifier.build(t), "w.", 2).CW(DefaultCW(f.Hyper.Epsilon))
	if err != nil {
		t.Fatal(err)
	}
	f.compare(t, "out.x_adv", f.attack(t, a, nil), 1e-3)
}

// TestEvaluatedNaiveMatchesTheAuthors holds the attacker's images on the classifier's
// turn, when it is in evaluation mode; Naive's does not look at the classifier.
func TestEvaluatedNaiveMatchesTheAuthors(t *testing.T) {
	f, b := oneCase(t, "l2l_0"), openBackend(t)
	attacked := f.attack(t, f.learned(t, b, Naive(), 4), nil)
	want := f.tensors["out.fa0.x_adv_rows"]
	var begin []float32
	for c := range want.Shape[1] {
		begin = append(begin, attacked[c*32*32:c*32*32+want.Shape[2]*want.Shape[3]]...)
	}
	f.compare(t, "out.fa0.x_adv_rows", begin, forwardTolerance)
}

// learned is the attack of the case's attacker.
func (f *fixture) learned(t *testing.T, b compute.Backend, v Variant, batch int) Attack {
	t.Helper()
	n := f.Hyper.Attacker.build(t)
	a, err := f.evaluator(t, b, f.Hyper.Classifier.build(t), "w.classifier.", batch).
		Learned(v, n, f.weights(t, b, n, "w.attacker."), f.Hyper.Epsilon)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestLearnedAttacksKeepTheirBounds also finds that filling up a batch changes
// nothing: neither what is normalised by the batch nor, in evaluation mode, by what
// the networks have seen in training.
func TestLearnedAttacksKeepTheirBounds(t *testing.T) {
	b := openBackend(t)
	for name, v := range map[string]Variant{"l2l_0": Naive(), "l2l_1": Grad(), "l2l_2": TwoStep(), "l2l_k": KStep(6, 0.007)} {
		f := oneCase(t, name)
		whole := f.attack(t, f.learned(t, b, v, 2), nil)
		near(t, v.Name+", filled up", f.attack(t, f.learned(t, b, v, 5), nil), whole, 1e-5)
		if largest := bounded(t, v.Name, whole, f.tensors["in.x"].F32, f.Hyper.Epsilon); largest == 0 {
			t.Errorf("%s changes nothing", v.Name)
		}
	}
}

// TestLearnedAttacksWithoutRoomChangeNothing holds every variant, the interpolating
// ones from where they start without room, too.
func TestLearnedAttacksWithoutRoomChangeNothing(t *testing.T) {
	b, f := openBackend(t), oneCase(t, "l2l_k")
	n, x := f.Hyper.Attacker.build(t), f.tensors["in.x"].F32
	e := f.evaluator(t, b, f.Hyper.Classifier.build(t), "w.classifier.", 4)
	for _, v := range []Variant{Grad(), TwoStep(), KStep(6, 0.007), GradInterpolation(0.5), TwoStepInterpolation(0.9)} {
		a, err := e.Learned(v, n, f.weights(t, b, n, "w.attacker."), 0)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(f.attack(t, a, nil), x) {
			t.Errorf("%s changes images by more than 0", v.Name)
		}
	}
}

// bounded asks for pixels in [0, 1] within epsilon of x, to float32, and gives the
// largest change.
func bounded(t *testing.T, name string, attacked, x []float32, epsilon float64) (largest float64) {
	t.Helper()
	if len(attacked) != len(x) {
		t.Fatalf("%s: %d values, want %d", name, len(attacked), len(x))
	}
	for i, v := range attacked {
		if !(v >= 0 && v <= 1) {
			t.Fatalf("%s: value %d is %g", name, i, v)
		}
		largest = max(largest, math.Abs(float64(v)-float64(x[i])))
	}
	if largest > epsilon+1e-7 {
		t.Errorf("%s: a change of %g", name, largest)
	}
	return largest
}

// TestStartsBeyondEpsilonAreProjected starts from noise twice as large as allowed.
func TestStartsBeyondEpsilonAreProjected(t *testing.T) {
	f, b := oneCase(t, "attack_pgd"), openBackend(t)
	e := f.evaluator(t, b, f.Hyper.Classifier.build(t), "w.", 4)
	start := f.noisy("in.start_uniform")
	for i, v := range f.tensors["in.start_uniform"].F32 {
		start[i] += v
	}
	for _, steps := range []int{1, 100} {
		attacked := f.attack(t, e.PGD(PGD{steps, f.Hyper.StepSize, f.Hyper.Epsilon}), start)
		bounded(t, fmt.Sprintf("%d steps", steps), attacked, f.tensors["in.x"].F32, f.Hyper.Epsilon)
	}
	for _, a := range []PGD{{0, 0.1, 0.1}, {5, 0.1, 0}} {
		if attacked := f.attack(t, e.PGD(a), nil); !slices.Equal(attacked, f.tensors["in.x"].F32) {
			t.Errorf("%+v changes images", a)
		}
	}
}

func TestEvaluationFollowsTheWeightsAndLeavesThem(t *testing.T) {
	f, b := oneCase(t, "l2l_1"), openBackend(t)
	n := f.Hyper.Classifier.build(t)
	c := EvaluatorConfig{Network: n, Shape: [3]int(f.tensors["in.x"].Shape[1:]), Batch: 2, Backend: b}
	e, err := NewEvaluator(c, f.weights(t, b, n, "w.classifier."))
	if err != nil {
		t.Fatal(err)
	}
	x := f.tensors["in.x"].F32
	before := logitsOf(t, e, x)
	f.attack(t, e.PGD(PGD{2, 0.01, 0.03}), nil)
	if !slices.Equal(logitsOf(t, e, x), before) {
		t.Error("an attack changes what the classifier says")
	}
	bias := e.on.weights.Tensors[n.head.bias]
	if err := backend.Write(bias, func(w []float32) { w[0]++ }); err != nil {
		t.Fatal(err)
	}
	if after := logitsOf(t, e, x); math.Abs(float64(after[0]-before[0]-1)) > 1e-5 {
		t.Errorf("a bias is higher by 1, the logit by %g", after[0]-before[0])
	}
}

func TestWrongInputsOfAttacksAreNamed(t *testing.T) {
	f, b := oneCase(t, "attack_pgd"), openBackend(t)
	e := f.evaluator(t, b, f.Hyper.Classifier.build(t), "w.", 4)
	x, labels := f.tensors["in.x"].F32, f.labels()
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
		{t.Context(), x[1:], labels, nil, "no whole number of images of shape [3 16 16]"},
		{t.Context(), x, labels[1:], nil, "5 labels for 6 images"},
		{t.Context(), x, labels, x[1:], "starts at 4607 values for 4608"},
		{t.Context(), x, foreign, nil, "image 5 has label 10: the classifier knows 0 to 9"},
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
	if _, err := NewEvaluator(EvaluatorConfig{}, nil); err == nil || !strings.Contains(err.Error(), "batches of 0 images") {
		t.Errorf("error %v, want one about batches", err)
	}
}
