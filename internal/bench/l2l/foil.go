package main

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/bench"
	"foil/models/backend"
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
		return w.conv(b)
	}
	optimizers := l2l.PaperOptimizers()
	data := l2l.Batch{X: w.tensor("images"), Labels: tensors.FromFlatDataAndDimensions(w.Labels, batch)}
	weights, err := w.weights(b)
	if err != nil {
		return nil, err
	}
	method, err := l2l.Find(w.Work)
	if err != nil {
		return nil, err
	}
	recipe := method.With(l2l.Settings{Epsilon: epsilon, Steps: attackSteps, Step: attackStep, Beta: 1})
	if method.HasAttacker() {
		return w.game(b, recipe, data, weights, optimizers)
	}
	if method.Start == l2l.NearImages {
		data.Noise = w.tensor("noise")
	}
	trainer, err := l2l.NewTrainer(l2l.TrainerConfig{
		Recipe: recipe, Network: networks()["classifier."], Optimizer: optimizers[l2l.ClassifiersTurn], Backend: b,
	}, weights[l2l.ClassifiersTurn])
	if err != nil {
		return nil, err
	}
	return func() (func() (bench.Losses, error), error) {
		l, err := trainer.Step(data, rate)
		losses := bench.Losses{"clean": l.Clean}
		if recipe.Moves() > 0 {
			losses["adversarial"] = l.Adversarial
		}
		return told(losses), err
	}, nil
}

func (w Workload) game(b compute.Backend, recipe l2l.Recipe, data l2l.Batch, weights [2]*nn.Weights, optimizers [2]l2l.Optimizer) (stepper, error) {
	game, err := l2l.NewGame(l2l.GameConfig{
		Recipe: recipe, Backend: b, Optimizers: optimizers,
		Networks: [2]*nn.Network{networks()["classifier."], networks()["attacker."]},
	}, weights[l2l.ClassifiersTurn], weights[l2l.AttackersTurn])
	if err != nil {
		return nil, err
	}
	return func() (func() (bench.Losses, error), error) {
		l, err := game.Step(data, [2]float64{rate, attackersRate})
		return told(bench.Losses{"classifier": l[l2l.ClassifiersTurn], "attacker": l[l2l.AttackersTurn]}), err
	}, nil
}

func (w Workload) conv(b compute.Backend) (stepper, error) {
	layer, err := nn.NewConvLayer(b, w.tensor("images"), w.tensor("kernel"), w.tensor("gradient"))
	if err != nil {
		return nil, err
	}
	return func() (func() (bench.Losses, error), error) {
		out, err := layer.Step()
		return func() (bench.Losses, error) {
			losses := bench.Losses{}
			for name, ts := range map[string][]*tensors.Tensor{"image gradient": out.Images, "kernel gradient": out.Kernel, "result": out.Result} {
				l, err := length(ts)
				if err != nil {
					return nil, err
				}
				losses[name] = l
			}
			return losses, backend.Release(out.All()...)
		}, err
	}, nil
}

// weights are both networks', by turn.
func (w Workload) weights(b compute.Backend) (weights [2]*nn.Weights, err error) {
	for turn, prefix := range []string{"classifier.", "attacker."} {
		loaded, wrong := nn.LoadWeights(b, networks()[prefix].Params, func(name string) (nn.Stored, bool) {
			a, ok := w.Arrays[prefix+name]
			return nn.Stored{Type: nn.F32, Shape: a.Shape, Values: a.Values()}, ok
		})
		weights[turn], err = loaded, errors.Join(err, wrong)
	}
	return weights, err
}

func (w Workload) tensor(name string) *tensors.Tensor {
	a := w.Arrays[name]
	return tensors.FromFlatDataAndDimensions(a.Values(), a.Shape...)
}

func told(l bench.Losses) func() (bench.Losses, error) {
	return func() (bench.Losses, error) { return l, nil }
}

// length is the Euclidean length of all parts together.
func length(parts []*tensors.Tensor) (float64, error) {
	var sum float64
	for _, part := range parts {
		err := backend.Read(part, func(x []float32) {
			for _, v := range x {
				sum += float64(v) * float64(v)
			}
		})
		if err != nil {
			return 0, err
		}
	}
	return math.Sqrt(sum), nil
}
