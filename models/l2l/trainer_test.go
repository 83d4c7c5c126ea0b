package l2l

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/backend"
)

// TestTrainerTakesTheAuthorsStep holds the losses of a step, and that with a rate of
// 1 and nothing else the weights move by the published gradients.
func TestTrainerTakesTheAuthorsStep(t *testing.T) {
	for name, method := range map[string]func(PGD, float64) Method{"advtrain_pgd": PGDTraining, "trades": TradesTraining} {
		t.Run(name, func(t *testing.T) {
			f, b := oneCase(t, name), openBackend(t)
			n := f.Hyper.Classifier.build(t)
			trainer := newTrainer(t, b, n, f.weights(t, b, n, "w."), method(PGD{10, f.Hyper.StepSize, f.Hyper.Epsilon}, f.Hyper.Beta), SGD{})
			losses, err := trainer.Step(Batch{X: f.input(t, "in.x"), Labels: f.input(t, "in.y"), Noise: f.input(t, "in.start_normal")}, 1)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string][2]string{"advtrain_pgd": {"loss_clean", "loss_adv"}, "trades": {"loss_natural", "loss_robust"}}[name]
			f.compareScalar(t, "loss", losses.Total, lossTolerance)
			f.compareScalar(t, parts[0], losses.Clean, lossTolerance)
			f.compareScalar(t, parts[1], losses.Adversarial, lossTolerance)
			for i, p := range n.Params {
				moved := copied(t, trainer.Weights.Tensors[i])
				if !p.Trainable {
					f.compare(t, "out.state."+p.Name, moved, forwardTolerance)
					continue
				}
				gradient := slices.Clone(f.tensors["w."+p.Name].F32)
				for k, w := range moved {
					gradient[k] -= w
				}
				f.compare(t, "out.grad."+p.Name, gradient, gradientTolerance)
			}
		})
	}
}

// TestTrainersLearnAndResume trains with each method: the loss falls, and a training
// that is set to a state on the way ends in the same bytes as the one left alone.
func TestTrainersLearnAndResume(t *testing.T) {
	f, b := oneCase(t, "advtrain_pgd"), openBackend(t)
	n := f.Hyper.Classifier.build(t)
	batch := Batch{X: f.input(t, "in.x"), Labels: f.input(t, "in.y"), Noise: f.input(t, "in.start_normal")}
	attack := PGD{3, f.Hyper.StepSize, f.Hyper.Epsilon}
	for _, m := range []Method{PlainTraining(), FGSMTraining(f.Hyper.Epsilon), PGDTraining(attack, 1), TradesTraining(attack, 6)} {
		t.Run(m.Name, func(t *testing.T) {
			fresh := func() *Trainer {
				return newTrainer(t, b, n, f.weights(t, b, n, "w."), m, PaperOptimizers()[ClassifiersTurn])
			}
			run := func(trainer *Trainer, steps int) (losses []float64) {
				for range steps {
					l, err := trainer.Step(batch, 0.05)
					if err != nil {
						t.Fatal(err)
					}
					losses = append(losses, l.Total)
				}
				return losses
			}
			alone, resumed := fresh(), fresh()
			losses := run(alone, 4)
			state := saved(t, alone.State)
			losses = append(losses, run(alone, 4)...)
			if losses[7] >= losses[0] {
				t.Errorf("the loss does not fall: %v", losses)
			}
			if err := resumed.SetState(state.lookup, state.steps); err != nil {
				t.Fatal(err)
			}
			run(resumed, 4)
			sameStates(t, saved(t, resumed.State), saved(t, alone.State))
		})
	}
}

func TestNoiseThatIsMissingIsNamed(t *testing.T) {
	f, b := oneCase(t, "advtrain_pgd"), openBackend(t)
	n := f.Hyper.Classifier.build(t)
	trainer := newTrainer(t, b, n, f.weights(t, b, n, "w."), PGDTraining(PGD{1, 0.1, 0.1}, 1), SGD{})
	batch := Batch{X: f.input(t, "in.x"), Labels: f.input(t, "in.y")}
	if _, err := trainer.Step(batch, 1); err == nil || !strings.Contains(err.Error(), "pgd training: the attack starts from noise") {
		t.Errorf("error %v, want one that names the noise", err)
	}
	batch.Noise = tensors.FromFlatDataAndDimensions(make([]float32, 3), 1, 3)
	if _, err := trainer.Step(batch, 1); err == nil || !strings.Contains(err.Error(), "[1, 3]") {
		t.Errorf("error %v, want one that gives the noise's shape", err)
	}
}

func newTrainer(t testing.TB, b compute.Backend, n *Network, w *Weights, m Method, o Optimizer) *Trainer {
	t.Helper()
	trainer, err := NewTrainer(TrainerConfig{Method: m, Network: n, Optimizer: o, Backend: b}, w)
	if err != nil {
		t.Fatal(err)
	}
	return trainer
}

func copied(t testing.TB, x *tensors.Tensor) []float32 {
	t.Helper()
	values, err := backend.Copy(x)
	if err != nil {
		t.Fatal(err)
	}
	return values
}
