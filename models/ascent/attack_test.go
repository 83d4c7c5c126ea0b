package ascent

import (
	"fmt"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/engine"
	"foil/models/evaluate"
	"foil/models/graphs"
	"foil/models/nn"
)

func TestFGSMMatchesTheAuthors(t *testing.T) {
	f, b := authors.Named(t, "attack_fgsm"), modeltest.Backend(t)
	n := f.Hyper.Classifier.Build(t)
	out := modeltest.Evaluate(t, b, func(in []*Node) []*Node {
		x, labels := in[0], in[1]
		classifier := graphs.Bind(n, in[2:]).Classifier(nn.Evaluation)
		mistake := Mistake(classifier, labels)
		clean, gradient := ValueGradient(mistake, x)
		attacked, _ := FGSM(f.Hyper.Epsilon).Attack(mistake, x, x)
		return []*Node{gradient, attacked, classifier(x), classifier(attacked), clean, mistake(attacked)}
	}, append([]any{f.Input(t, "in.x"), f.Input(t, "in.y")}, f.Weights(t, b, n, "w.").Inputs()...)...)
	f.Compare(t, "out.grad_x", out[0], authors.GradientTolerance)
	f.CompareSteps(t, "out.x_adv", out[1])
	f.Compare(t, "out.logits_clean", out[2], authors.ForwardTolerance)
	f.Compare(t, "out.logits_adv", out[3], authors.ForwardTolerance)
	f.CompareScalar(t, "loss_clean", float64(out[4][0]), authors.LossTolerance)
	f.CompareScalar(t, "loss_adv", float64(out[5][0]), authors.LossTolerance)
	f.CompareScalar(t, "errors_adv", float64(f.Wrong(out[3])), 0)
	zeros := 0
	for _, g := range out[0] {
		if g == 0 {
			zeros++
		}
	}
	f.CompareScalar(t, "zero_gradients", float64(zeros), 0)
}

func TestPGDMatchesTheAuthors(t *testing.T) {
	f, b := authors.Named(t, "attack_pgd"), modeltest.Backend(t)
	n := f.Hyper.Classifier.Build(t)
	for _, start := range []string{"uniform", "normal"} {
		for _, steps := range []int{10, 20} {
			out := modeltest.Evaluate(t, b, func(in []*Node) []*Node {
				x, labels, noise := in[0], in[1], in[2]
				classifier := graphs.Bind(n, in[3:]).Classifier(nn.Evaluation)
				mistake := Mistake(classifier, labels)
				attacked, losses := PGD{steps, f.Hyper.StepSize, f.Hyper.Epsilon}.Attack(mistake, x, Add(x, noise))
				return append([]*Node{attacked, classifier(attacked)}, append(losses, mistake(attacked))...)
			}, append([]any{f.Input(t, "in.x"), f.Input(t, "in.y"), f.Input(t, "in.start_"+start)}, f.Weights(t, b, n, "w.").Inputs()...)...)
			f.CompareSteps(t, fmt.Sprintf("out.%s.x_adv_%d", start, steps), out[0])
			f.CompareLosses(t, fmt.Sprintf("%s.loss_%d", start, steps), out[2:])
			wrongLabels(t, f, start, steps, out[1])
		}
	}
}

func TestBlackBoxMatchesTheAuthors(t *testing.T) {
	f, b := authors.Named(t, "attack_blackbox"), modeltest.Backend(t)
	source, target := f.Hyper.Source.Build(t), f.Hyper.Target.Build(t)
	weights := append(f.Weights(t, b, source, "w.source.").Inputs(), f.Weights(t, b, target, "w.target.").Inputs()...)
	out := modeltest.Evaluate(t, b, func(in []*Node) []*Node {
		x, labels, noise := in[0], in[1], in[2]
		known := graphs.Bind(source, in[3:3+len(source.Params)]).Classifier(nn.Evaluation)
		judge := graphs.Bind(target, in[3+len(source.Params):]).Classifier(nn.Evaluation)
		mistake := Mistake(known, labels)
		attacked, losses := PGD{20, f.Hyper.StepSize, f.Hyper.Epsilon}.Attack(mistake, x, Add(x, noise))
		return append([]*Node{attacked, known(attacked), judge(attacked)}, append(losses, mistake(attacked))...)
	}, append([]any{f.Input(t, "in.x"), f.Input(t, "in.y"), f.Input(t, "in.start_uniform")}, weights...)...)
	f.CompareSteps(t, "out.x_adv", out[0])
	f.Compare(t, "out.logits_source", out[1], authors.ForwardTolerance)
	f.Compare(t, "out.logits_target", out[2], authors.ForwardTolerance)
	f.CompareLosses(t, "loss_source", out[3:])
	f.CompareScalar(t, "errors_target_adv", float64(f.Wrong(out[2])), 0)
	f.CompareScalar(t, "errors_source_adv", float64(f.Wrong(out[1])), 0)
}

func TestCWMatchesTheAuthors(t *testing.T) {
	f, b := authors.Named(t, "attack_cw"), modeltest.Backend(t)
	n := f.Hyper.Classifier.Build(t)
	e := f.Evaluator(t, b, n, "w.", 1)
	x := f.Tensors["in.x"]
	var attacked []float32
	var before, after []bool
	size := len(x.F32) / x.Shape[0]
	each := func(on cwObjective) error {
		attack := &cwAttack{DefaultCW(f.Hyper.Epsilon), on}
		for i, label := range f.Labels() {
			r, err := attack.run(t.Context(), x.F32[i*size:(i+1)*size], label)
			if err != nil {
				return err
			}
			attacked = append(attacked, r.Image...)
			before, after = append(before, r.Skipped), append(after, r.Skipped || r.Success)
			if !r.Skipped {
				compareRounds(t, f, fmt.Sprintf("image%d.", i), r.Rounds)
			}
		}
		return nil
	}
	onObjective(t, e, each)
	f.Compare(t, "out.x_adv", attacked, 1e-3)
	for name, got := range map[string][]bool{"wrong_before": before, "wrong_after": after} {
		var want []bool
		f.Scalar(t, name, &want)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func compareRounds(t *testing.T, f *authors.Case, prefix string, got []cwRound) {
	t.Helper()
	column := func(name string, value func(cwRound) float64, within func(got, want float64) bool) {
		var want []*float64
		f.Scalar(t, prefix+name, &want)
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
	column("tau", func(r cwRound) float64 { return r.Tau }, relative)
	column("const_in", func(r cwRound) float64 { return r.FirstConst }, exact)
	column("const_out", func(r cwRound) float64 { return r.LastConst }, exact)
	column("adam_steps", func(r cwRound) float64 { return float64(r.Steps) }, one)
	column("max_abs", func(r cwRound) float64 { return r.MaxAbs }, relative)
}

// onObjective calls f with the objective of CW by the engine, or by graphs where the evaluator uses
// them.
func onObjective(t *testing.T, e *evaluate.Evaluator, f func(on cwObjective) error) {
	t.Helper()
	if e.Net == nil {
		on, err := newGraphObjective(e)
		if err == nil {
			err = f(on)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	net, err := e.Net.Current()
	if err == nil {
		err = net.Evaluate(1, func(p *engine.Pass, _, _ int) error { return f(engineObjective{p}) })
	}
	if err != nil {
		t.Fatal(err)
	}
}

// wrongLabels compares the number of wrong labels of attacked images.
func wrongLabels(t *testing.T, f *authors.Case, start string, steps int, logits []float32) {
	t.Helper()
	name := fmt.Sprintf("%s.errors_%d", start, steps)
	var want int
	if f.Scalars[name].Value[0] == '[' { // some have those without an attack before it
		var both [2]int
		f.Scalar(t, name, &both)
		want = both[1]
	} else {
		f.Scalar(t, name, &want)
	}
	if got := f.Wrong(logits); got != want {
		t.Errorf("%s start, %d steps: %d wrong labels, want %d", start, steps, got, want)
	}
}
