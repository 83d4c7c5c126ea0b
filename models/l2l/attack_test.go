package l2l

import (
	"fmt"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// compareSteps holds images made by steps of a gradient's sign: a step may be
// flipped in one value of a thousand.
func (f *fixture) compareSteps(t *testing.T, name string, got []float32) {
	t.Helper()
	want := f.tensors[name].F32
	if len(got) != len(want) {
		t.Fatalf("%s has %d values, want %d", name, len(got), len(want))
	}
	off := 0
	for i := range want {
		if !(math.Abs(float64(got[i])-float64(want[i])) <= 1e-5) {
			off++
		}
	}
	if off > len(want)/1000 {
		t.Errorf("%s: %d of %d values are off", name, off, len(want))
	}
}

func (f *fixture) compareLosses(t *testing.T, name string, got [][]float32) {
	t.Helper()
	var want []float32
	f.scalar(t, name, &want)
	if len(got) != len(want) {
		t.Fatalf("%s: %d losses, want %d", name, len(got), len(want))
	}
	for i := range want {
		near(t, fmt.Sprintf("%s[%d]", name, i), got[i], want[i:i+1], 1e-3)
	}
}

// wrong counts the rows of logits whose largest is not the label.
func (f *fixture) wrong(t *testing.T, logits []float32) (n int) {
	t.Helper()
	labels := f.tensors["in.y"].I64
	classes := len(logits) / len(labels)
	for i, label := range labels {
		if argMax(logits[i*classes:(i+1)*classes]) != int(label) {
			n++
		}
	}
	return n
}

func TestFGSMMatchesTheAuthors(t *testing.T) {
	f, b := oneCase(t, "attack_fgsm"), openBackend(t)
	n := f.Hyper.Classifier.build(t)
	out := evaluate(t, b, func(in []*Node) []*Node {
		x, labels := in[0], in[1]
		classifier := n.Bind(in[2:]).Classifier(Evaluation)
		mistake := Mistake(classifier, labels)
		clean, gradient := valueGradient(mistake, x)
		attacked, _ := FGSM(f.Hyper.Epsilon).Attack(mistake, x, x)
		return []*Node{gradient, attacked, classifier(x), classifier(attacked), clean, mistake(attacked)}
	}, append([]any{f.input(t, "in.x"), f.input(t, "in.y")}, f.weights(t, b, n, "w.").inputs()...)...)
	f.compare(t, "out.grad_x", out[0], gradientTolerance)
	f.compareSteps(t, "out.x_adv", out[1])
	f.compare(t, "out.logits_clean", out[2], forwardTolerance)
	f.compare(t, "out.logits_adv", out[3], forwardTolerance)
	f.compareScalar(t, "loss_clean", float64(out[4][0]), lossTolerance)
	f.compareScalar(t, "loss_adv", float64(out[5][0]), lossTolerance)
	f.compareScalar(t, "errors_adv", float64(f.wrong(t, out[3])), 0)
	zeros := 0
	for _, g := range out[0] {
		if g == 0 {
			zeros++
		}
	}
	f.compareScalar(t, "zero_gradients", float64(zeros), 0)
}

func TestPGDMatchesTheAuthors(t *testing.T) {
	f, b := oneCase(t, "attack_pgd"), openBackend(t)
	n := f.Hyper.Classifier.build(t)
	for _, start := range []string{"uniform", "normal"} {
		for _, steps := range []int{10, 20} {
			out := evaluate(t, b, func(in []*Node) []*Node {
				x, labels, noise := in[0], in[1], in[2]
				classifier := n.Bind(in[3:]).Classifier(Evaluation)
				mistake := Mistake(classifier, labels)
				attacked, losses := PGD{steps, f.Hyper.StepSize, f.Hyper.Epsilon}.Attack(mistake, x, Add(x, noise))
				return append([]*Node{attacked, classifier(attacked)}, append(losses, mistake(attacked))...)
			}, append([]any{f.input(t, "in.x"), f.input(t, "in.y"), f.input(t, "in.start_"+start)}, f.weights(t, b, n, "w.").inputs()...)...)
			f.compareSteps(t, fmt.Sprintf("out.%s.x_adv_%d", start, steps), out[0])
			f.compareLosses(t, fmt.Sprintf("%s.loss_%d", start, steps), out[2:])
			if got := f.wrong(t, out[1]); got != 5 {
				t.Errorf("%s start, %d steps: %d wrong labels, want 5", start, steps, got)
			}
		}
	}
}

func TestBlackBoxMatchesTheAuthors(t *testing.T) {
	f, b := oneCase(t, "attack_blackbox"), openBackend(t)
	source, target := f.Hyper.Source.build(t), f.Hyper.Target.build(t)
	weights := append(f.weights(t, b, source, "w.source.").inputs(), f.weights(t, b, target, "w.target.").inputs()...)
	out := evaluate(t, b, func(in []*Node) []*Node {
		x, labels, noise := in[0], in[1], in[2]
		known := source.Bind(in[3 : 3+len(source.Params)]).Classifier(Evaluation)
		judge := target.Bind(in[3+len(source.Params):]).Classifier(Evaluation)
		mistake := Mistake(known, labels)
		attacked, losses := PGD{20, f.Hyper.StepSize, f.Hyper.Epsilon}.Attack(mistake, x, Add(x, noise))
		return append([]*Node{attacked, known(attacked), judge(attacked)}, append(losses, mistake(attacked))...)
	}, append([]any{f.input(t, "in.x"), f.input(t, "in.y"), f.input(t, "in.start_uniform")}, weights...)...)
	f.compareSteps(t, "out.x_adv", out[0])
	f.compare(t, "out.logits_source", out[1], forwardTolerance)
	f.compare(t, "out.logits_target", out[2], forwardTolerance)
	f.compareLosses(t, "loss_source", out[3:])
	f.compareScalar(t, "errors_target_adv", float64(f.wrong(t, out[2])), 0)
	f.compareScalar(t, "errors_source_adv", float64(f.wrong(t, out[1])), 0)
}

func TestCWMatchesTheAuthors(t *testing.T) {
	f, b := oneCase(t, "attack_cw"), openBackend(t)
	n := f.Hyper.Classifier.build(t)
	attack, err := newCWAttack(b, DefaultCW(f.Hyper.Epsilon), subject{network: n, weights: f.weights(t, b, n, "w.")})
	if err != nil {
		t.Fatal(err)
	}
	x := f.tensors["in.x"]
	var attacked []float32
	var before, after []bool
	for i, label := range f.tensors["in.y"].I64 {
		size := len(x.F32) / x.Shape[0]
		r, err := attack.Run(t.Context(), x.F32[i*size:(i+1)*size], x.Shape[1:], int32(label))
		if err != nil {
			t.Fatal(err)
		}
		attacked = append(attacked, r.Image...)
		before, after = append(before, r.Skipped), append(after, r.Skipped || r.Success)
		if !r.Skipped {
			f.compareRounds(t, fmt.Sprintf("image%d.", i), r.Rounds)
		}
	}
	f.compare(t, "out.x_adv", attacked, 1e-3)
	for name, got := range map[string][]bool{"wrong_before": before, "wrong_after": after} {
		var want []bool
		f.scalar(t, name, &want)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func (f *fixture) compareRounds(t *testing.T, prefix string, got []CWRound) {
	t.Helper()
	column := func(name string, value func(CWRound) float64, within func(got, want float64) bool) {
		var want []*float64
		f.scalar(t, prefix+name, &want)
		if len(want) != len(got) {
			t.Fatalf("%s%s: %d rounds, want %d: %+v", prefix, name, len(got), len(want), got)
		}
		for i, w := range want {
			var none float64
			if w == nil {
				w = &none
			}
			if !within(value(got[i]), *w) {
				t.Errorf("%s%s[%d] is %g, want %g", prefix, name, i, value(got[i]), *w)
			}
		}
	}
	exact := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Abs(b) }
	relative := func(a, b float64) bool { return math.Abs(a-b) <= 1e-3*math.Abs(b) }
	one := func(a, b float64) bool { return math.Abs(a-b) <= 1 }
	column("tau", func(r CWRound) float64 { return r.Tau }, relative)
	column("const_in", func(r CWRound) float64 { return r.FirstConst }, exact)
	column("const_out", func(r CWRound) float64 { return r.LastConst }, exact)
	column("adam_steps", func(r CWRound) float64 { return float64(r.Steps) }, one)
	column("max_abs", func(r CWRound) float64 { return r.MaxAbs }, relative)
}
