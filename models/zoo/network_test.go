package zoo_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/internal/testenv"
	"foil/models/nn"
)

var modes = map[string]nn.Mode{"eval": nn.Evaluation, "train": nn.Training}

// TestClassifiersMatchTheAuthors holds logits, loss, gradients and running
// statistics of every classifier in both modes.
func TestClassifiersMatchTheAuthors(t *testing.T) {
	for _, dir := range testenv.Cases(t, "l2l/classifier_*") {
		t.Run(strings.TrimPrefix(filepath.Base(dir), "classifier_"), func(t *testing.T) {
			f := authors.Read(t, dir)
			for name, mode := range modes {
				t.Run(name, func(t *testing.T) { checkClassifier(t, f, name, mode) })
			}
		})
	}
}

func checkClassifier(t *testing.T, f *authors.Case, name string, mode nn.Mode) {
	b, n := modeltest.Backend(t), f.Hyper.Classifier.Build(t)
	w := f.Weights(t, b, n, "w.")
	build := func(in []*Node) []*Node {
		x, labels := in[0], in[1]
		bound := n.Bind(in[2:])
		features := bound.Features(x, mode)
		logits := bound.Head(features)
		loss := nn.CrossEntropy(logits, labels)
		grads := Gradient(loss, append([]*Node{x}, bound.Trainable()...)...)
		return append(append([]*Node{features, logits, loss}, grads...), bound.Statistics()...)
	}
	out := modeltest.Evaluate(t, b, build, append([]any{f.Input(t, "in.x"), f.Input(t, "in.y")}, w.Inputs()...)...)
	features, logits, loss, xGrad := out[0], out[1], out[2], out[3]
	trainable := authors.Trainables(n)
	grads, statistics := out[4:4+trainable], out[4+trainable:]

	prefix := "out." + name + "."
	if _, ok := f.Tensors[prefix+"feature"]; ok {
		f.Compare(t, prefix+"feature", features, authors.ForwardTolerance)
	}
	f.Compare(t, prefix+"logits", logits, authors.ForwardTolerance)
	f.CompareScalar(t, name+".loss", float64(loss[0]), authors.LossTolerance)
	f.Compare(t, prefix+"grad_x0", xGrad[:len(f.Tensors[prefix+"grad_x0"].F32)], authors.GradientTolerance)
	f.Compare(t, prefix+"grad_first", authors.Value(t, n, grads, f.Hyper.FirstWeight), authors.GradientTolerance)
	f.Compare(t, prefix+"grad_last", authors.Value(t, n, grads, f.Hyper.LastWeight), authors.GradientTolerance)
	f.CompareScalar(t, name+".grad_norm_x", modeltest.Norm(xGrad), authors.GradientTolerance)
	f.CompareScalar(t, name+".grad_norm_params", modeltest.Norm(grads...), authors.GradientTolerance)
	if mode == nn.Training {
		f.CompareStatistics(t, n, prefix+"state.", statistics)
	}
}

// TestAttackersMatchTheAuthors holds perturbations, gradients and running
// statistics of every attacker in both modes.
func TestAttackersMatchTheAuthors(t *testing.T) {
	for _, dir := range testenv.Cases(t, "l2l/attacker_*") {
		t.Run(strings.TrimPrefix(filepath.Base(dir), "attacker_"), func(t *testing.T) {
			f := authors.Read(t, dir)
			for name, mode := range modes {
				t.Run(name, func(t *testing.T) { checkAttacker(t, f, name, mode) })
			}
		})
	}
}

func checkAttacker(t *testing.T, f *authors.Case, name string, mode nn.Mode) {
	b, n := modeltest.Backend(t), f.Hyper.Attacker.Build(t)
	w := f.Weights(t, b, n, "w.")
	_, weighted := f.Tensors["in.r"]
	build := func(in []*Node) []*Node {
		x := in[0]
		r := Ones(x.Graph(), shapes.Make(x.DType(), x.Shape().Dim(0), 3, x.Shape().Dim(2), x.Shape().Dim(3)))
		if weighted {
			r, in = in[1], in[1:]
		}
		bound := n.Bind(in[1:])
		y := bound.Perturb(x, mode, f.Hyper.Attacker.Eps)
		sum := ReduceAllSum(Mul(y, r))
		grads := Gradient(sum, append([]*Node{x}, bound.Trainable()...)...)
		return append(append([]*Node{y, sum}, grads...), bound.Statistics()...)
	}
	in := []any{f.Input(t, "in.x")}
	if weighted {
		in = append(in, f.Input(t, "in.r"))
	}
	out := modeltest.Evaluate(t, b, build, append(in, w.Inputs()...)...)
	trainable := authors.Trainables(n)
	y, sum, xGrad, grads, statistics := out[0], out[1], out[2], out[3:3+trainable], out[3+trainable:]

	prefix := "out." + name + "."
	f.Compare(t, prefix+"y", y, authors.ForwardTolerance)
	largest := max(slices.Max(y), -slices.Min(y))
	f.CompareScalar(t, name+".max_abs", float64(largest), authors.ForwardTolerance)
	if mode == nn.Training {
		f.CompareStatistics(t, n, prefix+"state.", statistics)
	}
	if !weighted {
		return
	}
	f.CompareScalar(t, name+".sum_y_r", float64(sum[0]), authors.LossTolerance)
	f.Compare(t, prefix+"grad_x0", xGrad[:len(f.Tensors[prefix+"grad_x0"].F32)], authors.GradientTolerance)
	f.Compare(t, prefix+"grad_w", authors.Value(t, n, grads, f.Hyper.FirstConv), authors.GradientTolerance)
	f.CompareScalar(t, name+".grad_norm_x", modeltest.Norm(xGrad), authors.GradientTolerance)
	f.CompareScalar(t, name+".grad_norm_params", modeltest.Norm(grads...), authors.GradientTolerance)
	if n.Params[0].Name == "scale_last" {
		f.CompareScalar(t, name+".grad_scale_last", float64(grads[0][0]), authors.GradientTolerance)
	}
}

// TestFullSizeNetworksAreTheAuthors compares names and shapes of all parameters at
// the published widths.
func TestFullSizeNetworksAreTheAuthors(t *testing.T) {
	for _, dir := range append(testenv.Cases(t, "l2l/classifier_*"), testenv.Cases(t, "l2l/attacker_*")...) {
		f := authors.Read(t, dir)
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
			params, want := full.Build(t).Params, f.Hyper.Full.Shapes
			count := nn.Count(params)
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
