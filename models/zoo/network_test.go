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
	"foil/models/engine"
	"foil/models/graphs"
	"foil/models/losses"
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
				t.Run(name, func(t *testing.T) { checkClassifier(t, f, name, mode, classifierByGraph) })
				t.Run("engine/"+name, func(t *testing.T) { checkClassifier(t, f, name, mode, classifierByEngine) })
			}
		})
	}
}

// outputs are what a pass through a network gives, and its gradients. Those of the parameters are in
// their order, nil in evaluation mode of the engine, which does not need them.
type outputs struct {
	features, result  []float32
	loss              float64
	inImages          []float32
	grads, statistics [][]float32
}

func classifierByGraph(t *testing.T, f *authors.Case, n *nn.Network, mode nn.Mode) (o outputs) {
	b := modeltest.Backend(t)
	w := f.Weights(t, b, n, "w.")
	build := func(in []*Node) []*Node {
		x, labels := in[0], in[1]
		bound := graphs.Bind(n, in[2:])
		features := bound.Features(x, mode)
		logits := bound.Head(features)
		loss := graphs.CrossEntropy(logits, labels)
		grads := Gradient(loss, append([]*Node{x}, bound.Trainable()...)...)
		return append(append([]*Node{features, logits, loss}, grads...), bound.Statistics()...)
	}
	out := modeltest.Evaluate(t, b, build, append([]any{f.Input(t, "in.x"), f.Input(t, "in.y")}, w.Inputs()...)...)
	trainable := authors.Trainables(n)
	return outputs{out[0], out[1], float64(out[2][0]), out[3], out[4 : 4+trainable], out[4+trainable:]}
}

func classifierByEngine(t *testing.T, f *authors.Case, n *nn.Network, mode nn.Mode) (o outputs) {
	labels := f.Labels()
	o = throughEngine(t, f, n, mode, func(from, i int, logits, d []float32) float64 {
		return losses.CrossEntropy(logits, labels[from+i], 1/float32(len(labels)), d)
	})
	body := throughEngine(t, f, n.Body(), mode, func(int, int, []float32, []float32) float64 { return 0 })
	o.features = body.result
	return o
}

// throughEngine takes the images of a case through a network and back from a loss, of which image
// gives the part of image from+i with its gradient.
func throughEngine(t *testing.T, f *authors.Case, n *nn.Network, mode nn.Mode, image func(from, i int, y, d []float32) float64) (o outputs) {
	t.Helper()
	x := f.Images("in.x")
	b := modeltest.Backend(t)
	shape := f.Shape("in.x")
	net, err := engine.New(n, shape, 2)
	if err == nil {
		err = net.Load(f.Weights(t, b, n, "w."))
	}
	if err != nil {
		t.Fatal(err)
	}
	net.ClearGradients()
	size := shape[0] * shape[1] * shape[2]
	back := func(p *engine.Pass, from, images int, want engine.Want) (result, inImages []float32, loss float64) {
		y := p.Output()
		d := make([]float32, len(y))
		for i := range images {
			row := len(y) / images
			loss += image(from, i, y[i*row:(i+1)*row], d[i*row:(i+1)*row])
		}
		return slices.Clone(y), slices.Clone(p.Backward(d, want)), loss
	}
	if mode == nn.Training {
		p, err := net.Train(x, nil)
		if err != nil {
			t.Fatal(err)
		}
		o.result, o.inImages, o.loss = back(p, 0, len(x)/size, engine.OfImages|engine.OfWeights)
		p.Done()
		for i, param := range n.Params {
			if param.Trainable {
				o.grads = append(o.grads, net.Gradients[i])
			} else {
				o.statistics = append(o.statistics, net.Parameters()[i])
			}
		}
		return o
	}
	outs := net.Outputs()
	o.result, o.inImages = make([]float32, len(x)/size*outs), make([]float32, len(x))
	each := make([]float64, len(x)/size)
	err = net.Evaluate(len(x)/size, func(p *engine.Pass, from, to int) error {
		if _, err := p.Forward(x[from*size : to*size]); err != nil {
			return err
		}
		result, inImages, loss := back(p, from, to-from, engine.OfImages)
		copy(o.result[from*outs:], result)
		copy(o.inImages[from*size:], inImages)
		each[from] = loss
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range each {
		o.loss += l
	}
	return o
}

type interpreter func(t *testing.T, f *authors.Case, n *nn.Network, mode nn.Mode) outputs

func checkClassifier(t *testing.T, f *authors.Case, name string, mode nn.Mode, run interpreter) {
	n := f.Hyper.Classifier.Build(t)
	o := run(t, f, n, mode)
	prefix := "out." + name + "."
	if _, ok := f.Tensors[prefix+"feature"]; ok {
		f.Compare(t, prefix+"feature", o.features, authors.ForwardTolerance)
	}
	f.Compare(t, prefix+"logits", o.result, authors.ForwardTolerance)
	f.CompareScalar(t, name+".loss", o.loss, authors.LossTolerance)
	f.Compare(t, prefix+"grad_x0", o.inImages[:len(f.Tensors[prefix+"grad_x0"].F32)], authors.GradientTolerance)
	f.CompareScalar(t, name+".grad_norm_x", modeltest.Norm(o.inImages), authors.GradientTolerance)
	if o.grads != nil {
		f.Compare(t, prefix+"grad_first", authors.Value(t, n, o.grads, f.Hyper.FirstWeight), authors.GradientTolerance)
		f.Compare(t, prefix+"grad_last", authors.Value(t, n, o.grads, f.Hyper.LastWeight), authors.GradientTolerance)
		f.CompareScalar(t, name+".grad_norm_params", modeltest.Norm(o.grads...), authors.GradientTolerance)
	}
	if mode == nn.Training {
		f.CompareStatistics(t, n, prefix+"state.", o.statistics)
	}
}

// TestAttackersMatchTheAuthors holds perturbations, gradients and running
// statistics of every attacker in both modes.
func TestAttackersMatchTheAuthors(t *testing.T) {
	for _, dir := range testenv.Cases(t, "l2l/attacker_*") {
		t.Run(strings.TrimPrefix(filepath.Base(dir), "attacker_"), func(t *testing.T) {
			f := authors.Read(t, dir)
			for name, mode := range modes {
				t.Run(name, func(t *testing.T) { checkAttacker(t, f, name, mode, attackerByGraph) })
				t.Run("engine/"+name, func(t *testing.T) { checkAttacker(t, f, name, mode, attackerByEngine) })
			}
		})
	}
}

func attackerByGraph(t *testing.T, f *authors.Case, n *nn.Network, mode nn.Mode) (o outputs) {
	b := modeltest.Backend(t)
	w := f.Weights(t, b, n, "w.")
	_, weighted := f.Tensors["in.r"]
	build := func(in []*Node) []*Node {
		x := in[0]
		r := Ones(x.Graph(), shapes.Make(x.DType(), x.Shape().Dim(0), 3, x.Shape().Dim(2), x.Shape().Dim(3)))
		if weighted {
			r, in = in[1], in[1:]
		}
		bound := graphs.Bind(n, in[1:])
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
	return outputs{nil, out[0], float64(out[1][0]), out[2], out[3 : 3+trainable], out[3+trainable:]}
}

func attackerByEngine(t *testing.T, f *authors.Case, n *nn.Network, mode nn.Mode) (o outputs) {
	r := f.Images("in.r")
	epsilon := float32(f.Hyper.Attacker.Eps)
	o = throughEngine(t, f, n, mode, func(from, i int, y, d []float32) (sum float64) {
		for k, v := range y {
			weight := float32(1)
			if r != nil {
				weight = r[(from+i)*len(y)+k]
			}
			sum += float64(epsilon * v * weight)
			d[k] = epsilon * weight
		}
		return sum
	})
	for i := range o.result {
		o.result[i] *= epsilon
	}
	return o
}

func checkAttacker(t *testing.T, f *authors.Case, name string, mode nn.Mode, run interpreter) {
	n := f.Hyper.Attacker.Build(t)
	o := run(t, f, n, mode)

	prefix := "out." + name + "."
	f.Compare(t, prefix+"y", o.result, authors.ForwardTolerance)
	largest := max(slices.Max(o.result), -slices.Min(o.result))
	f.CompareScalar(t, name+".max_abs", float64(largest), authors.ForwardTolerance)
	if mode == nn.Training {
		f.CompareStatistics(t, n, prefix+"state.", o.statistics)
	}
	if _, weighted := f.Tensors["in.r"]; !weighted {
		return
	}
	f.CompareScalar(t, name+".sum_y_r", o.loss, authors.LossTolerance)
	f.Compare(t, prefix+"grad_x0", o.inImages[:len(f.Tensors[prefix+"grad_x0"].F32)], authors.GradientTolerance)
	f.CompareScalar(t, name+".grad_norm_x", modeltest.Norm(o.inImages), authors.GradientTolerance)
	if o.grads == nil {
		return
	}
	f.Compare(t, prefix+"grad_w", authors.Value(t, n, o.grads, f.Hyper.FirstConv), authors.GradientTolerance)
	f.CompareScalar(t, name+".grad_norm_params", modeltest.Norm(o.grads...), authors.GradientTolerance)
	if n.Params[0].Name == "scale_last" {
		f.CompareScalar(t, name+".grad_scale_last", float64(o.grads[0][0]), authors.GradientTolerance)
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
