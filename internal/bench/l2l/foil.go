package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/bench"
	"foil/models/backend"
	"foil/models/engine"
	"foil/models/graphs"
	"foil/models/kernels"
	"foil/models/l2l"
	"foil/models/nn"
)

// A stepper runs a step. It returns a function that reads the losses after the clock has stopped.
type stepper func() (losses func() (bench.Losses, error), err error)

// foilsSide is foil's side: the same work as step.py, with the same numbers.
func foilsSide(w Workload) (bench.Result, error) {
	runtime.GOMAXPROCS(w.Threads)
	b, err := backend.Open(w.Backend, w.Threads)
	if err != nil {
		return bench.Result{}, err
	}
	step, err := w.stepper(b)
	if err != nil {
		return bench.Result{}, err
	}
	clear(w.Arrays) // the steps have what they need of it
	runtime.GC()
	result := bench.Result{Version: fmt.Sprintf("foil on %s, %s", w.Backend, runtime.Version())}
	for i := range w.Warmup + w.Steps {
		start := time.Now()
		losses, err := step()
		if err != nil {
			return bench.Result{}, err
		}
		if i >= w.Warmup {
			result.StepMS = append(result.StepMS, 1e3*time.Since(start).Seconds())
		}
		l, err := losses()
		if err != nil {
			return bench.Result{}, err
		}
		result.Losses = append(result.Losses, l)
	}
	return result, nil
}

func (w Workload) stepper(b compute.Backend) (stepper, error) {
	work, err := findWork(w.Work)
	if err != nil {
		return nil, err
	}
	if work.isConv() {
		return w.conv(work.batch, b)
	}
	optimizers := l2l.PaperOptimizers()
	data := l2l.Batch{X: w.values("images"), Labels: w.Labels}
	weights, err := w.weights(work, b)
	if err != nil {
		return nil, err
	}
	method, err := l2l.Find(work.method)
	if err != nil {
		return nil, err
	}
	recipe := method.With(l2l.Settings{Epsilon: epsilon, Steps: attackSteps, Step: attackStep, Beta: 1})
	if method.HasAttacker() {
		return w.game(work, b, recipe, data, weights, optimizers)
	}
	if method.Start == l2l.NearImages {
		data.Noise = w.values("noise")
	}
	trainer, err := l2l.NewTrainer(l2l.TrainerConfig{
		Recipe: recipe, Network: work.networks()["classifier."], Image: image, Optimizer: optimizers[l2l.ClassifiersTurn], Backend: b,
	}, weights[l2l.ClassifiersTurn])
	if err != nil {
		return nil, err
	}
	return func() (func() (bench.Losses, error), error) {
		l, err := trainer.Step(context.Background(), data, rate)
		losses := bench.Losses{"clean": l.Clean}
		if recipe.Moves() > 0 {
			losses["adversarial"] = l.Adversarial
		}
		return told(losses), err
	}, nil
}

func (w Workload) game(work work, b compute.Backend, recipe l2l.Recipe, data l2l.Batch, weights [2]*nn.Weights, optimizers [2]l2l.Optimizer) (stepper, error) {
	game, err := l2l.NewGame(l2l.GameConfig{
		Recipe: recipe, Backend: b, Image: image, Optimizers: optimizers,
		Networks: [2]*nn.Network{work.networks()["classifier."], work.networks()["attacker."]},
	}, weights[l2l.ClassifiersTurn], weights[l2l.AttackersTurn])
	if err != nil {
		return nil, err
	}
	return func() (func() (bench.Losses, error), error) {
		l, err := game.Step(context.Background(), data, [2]float64{rate, attackersRate})
		return told(bench.Losses{"classifier": l[l2l.ClassifiersTurn], "attacker": l[l2l.AttackersTurn]}), err
	}, nil
}

// conv is a convolution and both gradients, without conversions of the images: by the kernels of the
// engine, or as a graph.
func (w Workload) conv(batch int, b compute.Backend) (stepper, error) {
	if !engine.For(b) {
		return w.convGraph(b)
	}
	layout := func(name string) kernels.Layout {
		s := w.Arrays[name].Shape
		return kernels.Layout{Channels: s[1], Height: s[2], Width: s[3], Border: 1}
	}
	in, out := layout("images"), layout("gradient")
	laid := func(name string) []float32 {
		l, values := layout(name), w.values(name)
		x := make([]float32, batch*l.Size())
		n := len(values) / batch
		for i := range batch {
			l.Load(values[i*n:(i+1)*n], x[i*l.Size():])
		}
		return x
	}
	x, v, weights := laid("images"), laid("gradient"), w.values("kernel")
	y, d, g := make([]float32, len(v)), make([]float32, len(x)), make([]float32, len(weights))
	forward, back := kernels.NewConvolution(in, out, 3, 1, 1), kernels.NewTransposed(out, in, 3, 1, 1)
	packed, turned := make([]float32, forward.Weights()), make([]float32, back.Weights())
	return func() (func() (bench.Losses, error), error) {
		forward.Pack(weights, nil, packed)
		back.Pack(weights, nil, turned)
		kernels.InParallel(batch, w.Threads, func(first, last int) {
			for i := first; i < last; i++ {
				from, to := x[i*in.Size():(i+1)*in.Size()], y[i*out.Size():(i+1)*out.Size()]
				forward.Image(from, packed, nil, kernels.NoFloor, to)
				back.Image(v[i*out.Size():(i+1)*out.Size()], turned, nil, kernels.NoFloor, d[i*in.Size():(i+1)*in.Size()])
			}
		})
		clear(g)
		forward.WeightGradient(batch, x, v, g, w.Threads)
		return told(bench.Losses{"image gradient": length(d), "kernel gradient": length(g), "result": length(y)}), nil
	}, nil
}

func (w Workload) convGraph(b compute.Backend) (stepper, error) {
	exec, err := graphs.CompileConvolution(b)
	if err != nil {
		return nil, err
	}
	in := []any{w.tensor("images"), w.tensor("kernel"), w.tensor("gradient")}
	return func() (func() (bench.Losses, error), error) {
		out, err := backend.Run(exec, in...)
		return func() (bench.Losses, error) {
			losses := bench.Losses{}
			for i, name := range []string{"image gradient", "kernel gradient", "result"} {
				if err := backend.Read(out[i], func(x []float32) { losses[name] = length(x) }); err != nil {
					return nil, err
				}
			}
			return losses, backend.Release(out...)
		}, err
	}, nil
}

// weights are both networks', by turn.
func (w Workload) weights(work work, b compute.Backend) (weights [2]*nn.Weights, err error) {
	for turn, prefix := range []string{"classifier.", "attacker."} {
		loaded, wrong := nn.LoadWeights(b, work.networks()[prefix].Params, func(name string) (nn.Stored, bool) {
			a, ok := w.Arrays[prefix+name]
			return nn.Stored{Type: nn.F32, Shape: a.Shape, Values: a.Values()}, ok
		})
		weights[turn], err = loaded, errors.Join(err, wrong)
	}
	return weights, err
}

func (w Workload) values(name string) []float32 { return w.Arrays[name].Values() }

func (w Workload) tensor(name string) *tensors.Tensor {
	a := w.Arrays[name]
	return tensors.FromFlatDataAndDimensions(a.Values(), a.Shape...)
}

func told(l bench.Losses) func() (bench.Losses, error) {
	return func() (bench.Losses, error) { return l, nil }
}

// length is the Euclidean length.
func length(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}
