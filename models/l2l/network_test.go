package l2l

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"foil/internal/testenv"
)

var modes = map[string]Mode{"eval": Evaluation, "train": Training}

// TestClassifiersMatchTheAuthors holds logits, loss, gradients and running
// statistics of every classifier in both modes.
func TestClassifiersMatchTheAuthors(t *testing.T) {
	for _, dir := range testenv.Cases(t, "l2l/classifier_*") {
		t.Run(strings.TrimPrefix(filepath.Base(dir), "classifier_"), func(t *testing.T) {
			f := readFixture(t, dir)
			for name, mode := range modes {
				t.Run(name, func(t *testing.T) { f.checkClassifier(t, name, mode) })
			}
		})
	}
}

func (f *fixture) checkClassifier(t *testing.T, name string, mode Mode) {
	b, n := openBackend(t), f.Hyper.Classifier.build(t)
	w := f.weights(t, b, n, "w.")
	build := func(in []*Node) []*Node {
		x, labels := in[0], in[1]
		bound := n.Bind(in[2:])
		features := bound.Features(x, mode)
		logits := n.head.apply(&pass{nodes: bound.nodes}, features)
		loss := CrossEntropy(logits, labels)
		grads := Gradient(loss, append([]*Node{x}, bound.Trainable()...)...)
		return append(append([]*Node{features, logits, loss}, grads...), bound.Statistics()...)
	}
	out := evaluate(t, b, build, append([]any{f.input(t, "in.x"), f.input(t, "in.y")}, w.inputs()...)...)
	features, logits, loss, xGrad := out[0], out[1], out[2], out[3]
	trainable := trainables(n)
	grads, statistics := out[4:4+trainable], out[4+trainable:]

	prefix := "out." + name + "."
	if _, ok := f.tensors[prefix+"feature"]; ok {
		f.compare(t, prefix+"feature", features, forwardTolerance)
	}
	f.compare(t, prefix+"logits", logits, forwardTolerance)
	f.compareScalar(t, name+".loss", float64(loss[0]), lossTolerance)
	f.compare(t, prefix+"grad_x0", xGrad[:len(f.tensors[prefix+"grad_x0"].F32)], gradientTolerance)
	f.compare(t, prefix+"grad_first", named(t, n, grads, f.Hyper.FirstWeight), gradientTolerance)
	f.compare(t, prefix+"grad_last", named(t, n, grads, f.Hyper.LastWeight), gradientTolerance)
	f.compareScalar(t, name+".grad_norm_x", norm(xGrad), gradientTolerance)
	f.compareScalar(t, name+".grad_norm_params", norm(grads...), gradientTolerance)
	if mode == Training {
		f.compareStatistics(t, n, prefix+"state.", statistics)
	}
}

// TestAttackersMatchTheAuthors holds perturbations, gradients and running
// statistics of every attacker in both modes.
func TestAttackersMatchTheAuthors(t *testing.T) {
	for _, dir := range testenv.Cases(t, "l2l/attacker_*") {
		t.Run(strings.TrimPrefix(filepath.Base(dir), "attacker_"), func(t *testing.T) {
			f := readFixture(t, dir)
			for name, mode := range modes {
				t.Run(name, func(t *testing.T) { f.checkAttacker(t, name, mode) })
			}
		})
	}
}

func (f *fixture) checkAttacker(t *testing.T, name string, mode Mode) {
	b, n := openBackend(t), f.Hyper.Attacker.build(t)
	w := f.weights(t, b, n, "w.")
	_, weighted := f.tensors["in.r"]
	build := func(in []*Node) []*Node {
		x := in[0]
		r := onesOf(x, x.Shape().Dim(0), 3, x.Shape().Dim(2), x.Shape().Dim(3))
		if weighted {
			r, in = in[1], in[1:]
		}
		bound := n.Bind(in[1:])
		y := bound.Perturb(x, mode, f.Hyper.Attacker.Eps)
		sum := ReduceAllSum(Mul(y, r))
		grads := Gradient(sum, append([]*Node{x}, bound.Trainable()...)...)
		return append(append([]*Node{y, sum}, grads...), bound.Statistics()...)
	}
	in := []any{f.input(t, "in.x")}
	if weighted {
		in = append(in, f.input(t, "in.r"))
	}
	out := evaluate(t, b, build, append(in, w.inputs()...)...)
	trainable := trainables(n)
	y, sum, xGrad, grads, statistics := out[0], out[1], out[2], out[3:3+trainable], out[3+trainable:]

	prefix := "out." + name + "."
	f.compare(t, prefix+"y", y, forwardTolerance)
	largest := max(slices.Max(y), -slices.Min(y))
	f.compareScalar(t, name+".max_abs", float64(largest), forwardTolerance)
	if mode == Training {
		f.compareStatistics(t, n, prefix+"state.", statistics)
	}
	if !weighted {
		return
	}
	f.compareScalar(t, name+".sum_y_r", float64(sum[0]), lossTolerance)
	f.compare(t, prefix+"grad_x0", xGrad[:len(f.tensors[prefix+"grad_x0"].F32)], gradientTolerance)
	f.compare(t, prefix+"grad_w", named(t, n, grads, f.Hyper.FirstConv), gradientTolerance)
	f.compareScalar(t, name+".grad_norm_x", norm(xGrad), gradientTolerance)
	f.compareScalar(t, name+".grad_norm_params", norm(grads...), gradientTolerance)
	if n.Params[0].Name == "scale_last" {
		f.compareScalar(t, name+".grad_scale_last", float64(grads[0][0]), gradientTolerance)
	}
}

// TestFullSizeNetworksAreTheAuthors compares names and shapes of all parameters at
// the published widths.
func TestFullSizeNetworksAreTheAuthors(t *testing.T) {
	for _, dir := range append(testenv.Cases(t, "l2l/classifier_*"), testenv.Cases(t, "l2l/attacker_*")...) {
		f := readFixture(t, dir)
		full := f.Hyper.Classifier
		switch {
		case f.Hyper.AuthorsWidth > 0:
			full = f.Hyper.Attacker
			full.Width = f.Hyper.AuthorsWidth
		case full.Net == "wrn":
			full.Depth, full.Widen, full.Base = 34, 10, 16
		case full.Net == "small_cnn":
			full.Width, full.Hidden = 32, 200
		default:
			full.Width = 64
		}
		t.Run(filepath.Base(dir), func(t *testing.T) {
			params, want := full.build(t).Params, f.Hyper.Full.Shapes
			count := Count(params)
			if strings.Contains(full.Net, "wide") || strings.Contains(full.Net, "two_layer") {
				count++ // their scale, which they do not use
			}
			if full.Net != "wrn" && count != f.Hyper.Full.NumParameters { // wrn's counts an unused block
				t.Errorf("%d parameters, want %d", count, f.Hyper.Full.NumParameters)
			}
			if want == nil {
				return
			}
			for _, p := range params {
				shape := strings.ReplaceAll(strings.Trim(fmt.Sprint(p.Shape), "[]"), " ", "x")
				if want[p.Name] != shape {
					t.Errorf("%s has shape %q, want %q", p.Name, shape, want[p.Name])
				}
				delete(want, p.Name)
			}
			for name := range want {
				if unused := strings.HasPrefix(name, "sub_block1.") || name == "scale_last"; !unused {
					t.Errorf("there is no %s", name)
				}
			}
		})
	}
}
