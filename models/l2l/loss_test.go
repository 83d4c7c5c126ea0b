package l2l

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/internal/testenv"
	"foil/models/ascent"
	"foil/models/graphs"
	"foil/models/nn"
)

func TestPGDTrainingMatchesTheAuthors(t *testing.T) {
	f := authors.Named(t, "advtrain_pgd")
	for _, beta := range []float64{f.Hyper.Beta, 3} {
		out, n := adversarialLoss(t, f, func(bound *graphs.Bound, x, labels, start *Node) []*Node {
			attacked, inner := ascent.PGD{Steps: 10, Step: f.Hyper.StepSize, Epsilon: f.Hyper.Epsilon}.Attack(ascent.Mistake(bound.Classifier(nn.Evaluation), labels), x, start)
			loss, clean, adversarial := meanLoss.graph(bound, x, attacked, labels, beta)
			return append([]*Node{loss, attacked, clean, adversarial}, inner...)
		})
		if beta == 3 {
			f.CompareScalar(t, "beta3.loss", float64(out[0][0]), authors.LossTolerance)
			continue
		}
		f.CompareScalar(t, "loss", float64(out[0][0]), authors.LossTolerance)
		f.CompareSteps(t, "out.x_adv", out[1])
		f.CompareScalar(t, "loss_clean", float64(out[2][0]), authors.LossTolerance)
		f.CompareScalar(t, "loss_adv", float64(out[3][0]), authors.LossTolerance)
		f.CompareLosses(t, "loss_inner", out[4:14])
		compareGradients(t, f, n, out[14:])
	}
}

func TestTradesMatchesItsFormulation(t *testing.T) {
	f := authors.Named(t, "trades")
	out, n := adversarialLoss(t, f, func(bound *graphs.Bound, x, labels, start *Node) []*Node {
		attacked, inner := ascent.PGD{Steps: 10, Step: f.Hyper.StepSize, Epsilon: f.Hyper.Epsilon}.Attack(driftFrom(bound.Classifier(nn.Evaluation), StopGradient(bound.Classifier(nn.Evaluation)(x))), x, start)
		loss, clean, robust := tradesLoss.graph(bound, x, attacked, labels, f.Hyper.Beta)
		return append([]*Node{loss, attacked, clean, robust}, inner...)
	})
	f.CompareScalar(t, "loss", float64(out[0][0]), authors.LossTolerance)
	f.CompareSteps(t, "out.x_adv", out[1])
	f.CompareScalar(t, "loss_natural", float64(out[2][0]), authors.LossTolerance)
	f.CompareScalar(t, "loss_robust", float64(out[3][0]), authors.LossTolerance)
	var kl []float32
	f.Scalar(t, "kl_inner", &kl)
	if d := out[4][0] - kl[0]; d > 1e-5 || d < -1e-5 {
		t.Errorf("kl_inner[0] is %g, want %g", out[4][0], kl[0])
	}
	for i := 1; i < len(kl); i++ {
		modeltest.Near(t, fmt.Sprintf("kl_inner[%d]", i), out[4+i], kl[i:i+1], 1e-3)
	}
	compareGradients(t, f, n, out[14:])
}

// TestTradesReportsTheDivergenceWithoutItsWeight has beta 0: the divergence is reported, and has no
// gradient.
func TestTradesReportsTheDivergenceWithoutItsWeight(t *testing.T) {
	logits := [][]float32{{1, 2, 3}, {3, 1, 2}, {1, 2, 3}}
	image := func(beta float32) (Losses, [][]float32) {
		d := [][]float32{make([]float32, 3), make([]float32, 3), make([]float32, 3)}
		return tradesLoss.image(logits, d, 1, 0.5, beta), d
	}
	want, _ := image(1)
	got, d := image(0)
	if got.Adversarial != want.Adversarial || got.Adversarial == 0 || got.Total != got.Clean {
		t.Errorf("losses %+v, with weight 1 %+v", got, want)
	}
	if slices.ContainsFunc(slices.Concat(d[1], d[2]), func(v float32) bool { return v != 0 }) {
		t.Errorf("gradients %v", d[1:])
	}
}

// adversarialLoss runs a loss, the first of what build gives; behind that are its
// gradients and the running statistics.
func adversarialLoss(t *testing.T, f *authors.Case, build func(bound *graphs.Bound, x, labels, start *Node) []*Node) ([][]float32, *nn.Network) {
	t.Helper()
	b, n := modeltest.Backend(t), f.Hyper.Classifier.Build(t)
	out := modeltest.Evaluate(t, b, func(in []*Node) []*Node {
		bound := graphs.Bind(n, in[3:])
		out := build(bound, in[0], in[1], Add(in[0], in[2]))
		return slices.Concat(out, Gradient(out[0], bound.Trainable()...), bound.Statistics())
	}, append([]any{f.Input(t, "in.x"), f.Input(t, "in.y"), f.Input(t, "in.start_normal")}, f.Weights(t, b, n, "w.").Inputs()...)...)
	return out, n
}

// compareGradients holds gradients of all parameters, and running statistics
// behind them.
func compareGradients(t *testing.T, f *authors.Case, n *nn.Network, values [][]float32) {
	t.Helper()
	i := 0
	for _, p := range n.Params {
		if p.Trainable {
			f.Compare(t, "out.grad."+p.Name, values[i], authors.GradientTolerance)
			i++
		}
	}
	f.CompareStatistics(t, n, "out.state.", values[i:])
}

// TestGameLossesMatchTheAuthors holds the loss of every variant on both players'
// turns: values, gradients in both networks, and running statistics.
func TestGameLossesMatchTheAuthors(t *testing.T) {
	for _, dir := range testenv.Cases(t, "l2l/l2l_[012k]") {
		f := authors.Read(t, dir)
		variants := map[string]Recipe{"": variant(f)}
		if f.Hyper.Variant == "k" {
			variants = map[string]Recipe{"k3.": recipe("l2l-kstep", Settings{Steps: 3, Step: f.Hyper.StepSize}), "k6.": recipe("l2l-kstep", Settings{Steps: 6, Step: f.Hyper.StepSize})}
		}
		for prefix, v := range variants {
			for turn, name := range []string{"fa0.", "fa1."} {
				t.Run(filepath.Base(dir)+"/"+prefix+name, func(t *testing.T) { checkGame(t, f, prefix+name, v, Turn(turn)) })
			}
		}
	}
}

func variant(f *authors.Case) Recipe {
	return map[string]Recipe{"0": recipe("l2l-naive", Settings{}), "1": recipe("l2l-grad", Settings{}), "2": recipe("l2l-2step", Settings{})}[f.Hyper.Variant]
}

func checkGame(t *testing.T, f *authors.Case, name string, v Recipe, turn Turn) {
	b := modeltest.Backend(t)
	classifier, attacker := f.Hyper.Classifier.Build(t), f.Hyper.Attacker.Build(t)
	inner := 0
	build := func(in []*Node) []*Node {
		c := graphs.Bind(classifier, in[2:2+len(classifier.Params)])
		a := graphs.Bind(attacker, in[2+len(classifier.Params):])
		g := v.Within(f.Hyper.Epsilon).Loss(turn, c, a, in[0], in[1])
		inner = len(g.Inner)
		return slices.Concat([]*Node{g.Loss, g.Logits, g.Attacked, g.Total}, g.Inner,
			Gradient(g.Loss, append(c.Trainable(), a.Trainable()...)...), c.Statistics(), a.Statistics())
	}
	weights := append(f.Weights(t, b, classifier, "w.classifier.").Inputs(), f.Weights(t, b, attacker, "w.attacker.").Inputs()...)
	out := modeltest.Evaluate(t, b, build, append([]any{f.Input(t, "in.x"), f.Input(t, "in.y")}, weights...)...)
	take := func(n int) (part [][]float32) {
		part, out = out[:n], out[n:]
		return part
	}
	loss, logits, attacked, total := take(1)[0], take(1)[0], take(1)[0], take(1)[0]
	f.CompareScalar(t, name+"loss", float64(loss[0]), authors.LossTolerance)
	f.CompareLosses(t, name+"loss_inner", take(inner))
	prefix := "out." + name
	f.Compare(t, prefix+"logits", logits, authors.ForwardTolerance)
	rows := f.Tensors[prefix+"x_adv_rows"].Shape // of the first image: channels, its first rows
	var begin []float32
	for c := range rows[1] {
		begin = append(begin, attacked[c*32*32:c*32*32+rows[2]*rows[3]]...)
	}
	f.Compare(t, prefix+"x_adv_rows", begin, authors.ForwardTolerance)
	f.CompareScalar(t, name+"max_abs", float64(max(slices.Max(total), -slices.Min(total))), authors.ForwardTolerance)

	cGrads, aGrads := take(authors.Trainables(classifier)), take(authors.Trainables(attacker))
	f.Compare(t, prefix+"grad.classifier.conv1.weight", authors.Value(t, classifier, cGrads, "conv1.weight"), authors.GradientTolerance)
	f.Compare(t, prefix+"grad.attacker.res_group.0.conv.weight", authors.Value(t, attacker, aGrads, "res_group.0.conv.weight"), authors.GradientTolerance)
	f.CompareScalar(t, name+"grad_norm_classifier", modeltest.Norm(cGrads...), authors.GradientTolerance)
	f.CompareScalar(t, name+"grad_norm_attacker", modeltest.Norm(aGrads...), authors.GradientTolerance)
	f.CompareScalar(t, name+"grad_scale_last", float64(aGrads[0][0]), authors.GradientTolerance)
	cStatistics, aStatistics := take(len(classifier.Params)-authors.Trainables(classifier)), out
	if turn == ClassifiersTurn {
		f.CompareStatistics(t, classifier, prefix+"state.classifier.", cStatistics)
	} else {
		f.CompareStatistics(t, attacker, prefix+"state.attacker.", aStatistics)
	}
}
