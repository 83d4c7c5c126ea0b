package l2l

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/internal/testenv"
)

func TestPGDTrainingMatchesTheAuthors(t *testing.T) {
	f := oneCase(t, "advtrain_pgd")
	for _, beta := range []float64{f.Hyper.Beta, 3} {
		out, n := f.adversarialLoss(t, func(bound *Bound, x, labels, start *Node) []*Node {
			attacked, inner := PGD{10, f.Hyper.StepSize, f.Hyper.Epsilon}.Attack(Mistake(bound.Classifier(Evaluation), labels), x, start)
			loss, clean, adversarial := AdversarialLoss(bound, x, attacked, labels, beta)
			return append([]*Node{loss, attacked, clean, adversarial}, inner...)
		})
		if beta == 3 {
			f.compareScalar(t, "beta3.loss", float64(out[0][0]), lossTolerance)
			continue
		}
		f.compareScalar(t, "loss", float64(out[0][0]), lossTolerance)
		f.compareSteps(t, "out.x_adv", out[1])
		f.compareScalar(t, "loss_clean", float64(out[2][0]), lossTolerance)
		f.compareScalar(t, "loss_adv", float64(out[3][0]), lossTolerance)
		f.compareLosses(t, "loss_inner", out[4:14])
		f.compareGradients(t, n, out[14:])
	}
}

func TestTradesMatchesItsFormulation(t *testing.T) {
	f := oneCase(t, "trades")
	out, n := f.adversarialLoss(t, func(bound *Bound, x, labels, start *Node) []*Node {
		attacked, inner := PGD{10, f.Hyper.StepSize, f.Hyper.Epsilon}.Attack(Drift(bound.Classifier(Evaluation), x), x, start)
		loss, clean, robust := TradesLoss(bound, x, attacked, labels, f.Hyper.Beta)
		return append([]*Node{loss, attacked, clean, robust}, inner...)
	})
	f.compareScalar(t, "loss", float64(out[0][0]), lossTolerance)
	f.compareSteps(t, "out.x_adv", out[1])
	f.compareScalar(t, "loss_natural", float64(out[2][0]), lossTolerance)
	f.compareScalar(t, "loss_robust", float64(out[3][0]), lossTolerance)
	var kl []float32
	f.scalar(t, "kl_inner", &kl)
	if d := out[4][0] - kl[0]; d > 1e-5 || d < -1e-5 {
		t.Errorf("kl_inner[0] is %g, want %g", out[4][0], kl[0])
	}
	for i := 1; i < len(kl); i++ {
		near(t, fmt.Sprintf("kl_inner[%d]", i), out[4+i], kl[i:i+1], 1e-3)
	}
	f.compareGradients(t, n, out[14:])
}

// adversarialLoss runs a loss, the first of what build gives; behind that are its
// gradients and the running statistics.
func (f *fixture) adversarialLoss(t *testing.T, build func(bound *Bound, x, labels, start *Node) []*Node) ([][]float32, *Network) {
	t.Helper()
	b, n := openBackend(t), f.Hyper.Classifier.build(t)
	out := evaluate(t, b, func(in []*Node) []*Node {
		bound := n.Bind(in[3:])
		out := build(bound, in[0], in[1], Add(in[0], in[2]))
		return slices.Concat(out, Gradient(out[0], bound.Trainable()...), bound.Statistics())
	}, append([]any{f.input(t, "in.x"), f.input(t, "in.y"), f.input(t, "in.start_normal")}, f.weights(t, b, n, "w.").inputs()...)...)
	return out, n
}

// compareGradients holds gradients of all parameters, and running statistics
// behind them.
func (f *fixture) compareGradients(t *testing.T, n *Network, values [][]float32) {
	t.Helper()
	i := 0
	for _, p := range n.Params {
		if p.Trainable {
			f.compare(t, "out.grad."+p.Name, values[i], gradientTolerance)
			i++
		}
	}
	f.compareStatistics(t, n, "out.state.", values[i:])
}

// TestGameLossesMatchTheAuthors holds the loss of every variant on both players'
// turns: values, gradients in both networks, and running statistics.
func TestGameLossesMatchTheAuthors(t *testing.T) {
	for _, dir := range testenv.Cases(t, "l2l/l2l_[012k]") {
		f := readFixture(t, dir)
		variants := map[string]Variant{"": f.variant()}
		if f.Hyper.Variant == "k" {
			variants = map[string]Variant{"k3.": KStep(3, f.Hyper.StepSize), "k6.": KStep(6, f.Hyper.StepSize)}
		}
		for prefix, v := range variants {
			for turn, name := range []string{"fa0.", "fa1."} {
				t.Run(filepath.Base(dir)+"/"+prefix+name, func(t *testing.T) { f.checkGame(t, prefix+name, v, Turn(turn)) })
			}
		}
	}
}

func (f *fixture) variant() Variant {
	return map[string]Variant{"0": Naive(), "1": Grad(), "2": TwoStep()}[f.Hyper.Variant]
}

func (f *fixture) checkGame(t *testing.T, name string, v Variant, turn Turn) {
	b := openBackend(t)
	classifier, attacker := f.Hyper.Classifier.build(t), f.Hyper.Attacker.build(t)
	inner := 0
	build := func(in []*Node) []*Node {
		c := classifier.Bind(in[2 : 2+len(classifier.Params)])
		a := attacker.Bind(in[2+len(classifier.Params):])
		g := v.Loss(turn, c, a, in[0], in[1], f.Hyper.Epsilon)
		inner = len(g.Inner)
		return slices.Concat([]*Node{g.Loss, g.Logits, g.Attacked, g.Total}, g.Inner,
			Gradient(g.Loss, append(c.Trainable(), a.Trainable()...)...), c.Statistics(), a.Statistics())
	}
	weights := append(f.weights(t, b, classifier, "w.classifier.").inputs(), f.weights(t, b, attacker, "w.attacker.").inputs()...)
	out := evaluate(t, b, build, append([]any{f.input(t, "in.x"), f.input(t, "in.y")}, weights...)...)
	take := func(n int) (part [][]float32) {
		part, out = out[:n], out[n:]
		return part
	}
	loss, logits, attacked, total := take(1)[0], take(1)[0], take(1)[0], take(1)[0]
	f.compareScalar(t, name+"loss", float64(loss[0]), lossTolerance)
	f.compareLosses(t, name+"loss_inner", take(inner))
	prefix := "out." + name
	f.compare(t, prefix+"logits", logits, forwardTolerance)
	rows := f.tensors[prefix+"x_adv_rows"].Shape // of the first image: channels, its first rows
	var begin []float32
	for c := range rows[1] {
		begin = append(begin, attacked[c*32*32:c*32*32+rows[2]*rows[3]]...)
	}
	f.compare(t, prefix+"x_adv_rows", begin, forwardTolerance)
	f.compareScalar(t, name+"max_abs", float64(max(slices.Max(total), -slices.Min(total))), forwardTolerance)

	cGrads, aGrads := take(trainables(classifier)), take(trainables(attacker))
	f.compare(t, prefix+"grad.classifier.conv1.weight", named(t, classifier, cGrads, "conv1.weight"), gradientTolerance)
	f.compare(t, prefix+"grad.attacker.res_group.0.conv.weight", named(t, attacker, aGrads, "res_group.0.conv.weight"), gradientTolerance)
	f.compareScalar(t, name+"grad_norm_classifier", norm(cGrads...), gradientTolerance)
	f.compareScalar(t, name+"grad_norm_attacker", norm(aGrads...), gradientTolerance)
	f.compareScalar(t, name+"grad_scale_last", float64(aGrads[0][0]), gradientTolerance)
	cStatistics, aStatistics := take(len(classifier.Params)-trainables(classifier)), out
	if turn == ClassifiersTurn {
		f.compareStatistics(t, classifier, prefix+"state.classifier.", cStatistics)
	} else {
		f.compareStatistics(t, attacker, prefix+"state.attacker.", aStatistics)
	}
}

// trainables is the number of trainable parameters.
func trainables(n *Network) (count int) {
	for _, p := range n.Params {
		if p.Trainable {
			count++
		}
	}
	return count
}
