package l2l

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/ascent"
	"foil/models/nn"
)

// TestTrainerTakesTheAuthorsStep holds the losses of a step, and that with a rate of
// 1 and nothing else the weights move by the published gradients.
func TestTrainerTakesTheAuthorsStep(t *testing.T) {
	for name, method := range map[string]string{"advtrain_pgd": "pgd", "trades": "trades"} {
		t.Run(name, func(t *testing.T) {
			f, b := authors.Named(t, name), modeltest.Backend(t)
			n := f.Hyper.Classifier.Build(t)
			trainer := newTrainer(t, b, n, f.Shape("in.x"), f.Weights(t, b, n, "w."), recipe(method, ascending(ascent.PGD{Steps: 10, Step: f.Hyper.StepSize, Epsilon: f.Hyper.Epsilon}, f.Hyper.Beta)), SGD{})
			losses, err := trainer.Step(t.Context(), Batch{X: f.Images("in.x"), Labels: f.Labels(), Noise: f.Images("in.start_normal")}, 1)
			if err != nil {
				t.Fatal(err)
			}
			parts := map[string][2]string{"advtrain_pgd": {"loss_clean", "loss_adv"}, "trades": {"loss_natural", "loss_robust"}}[name]
			f.CompareScalar(t, "loss", losses.Total, authors.LossTolerance)
			f.CompareScalar(t, parts[0], losses.Clean, authors.LossTolerance)
			f.CompareScalar(t, parts[1], losses.Adversarial, authors.LossTolerance)
			for i, p := range n.Params {
				moved := modeltest.Copied(t, trainer.Weights.Tensors[i])
				if !p.Trainable {
					f.Compare(t, "out.state."+p.Name, moved, authors.ForwardTolerance)
					continue
				}
				gradient := slices.Clone(f.Tensors["w."+p.Name].F32)
				for k, w := range moved {
					gradient[k] -= w
				}
				f.Compare(t, "out.grad."+p.Name, gradient, authors.GradientTolerance)
			}
		})
	}
}

// TestTrainersLearnAndResume trains with each method: the loss falls, and a training
// that is set to a state on the way ends in the same bytes as the one left alone.
func TestTrainersLearnAndResume(t *testing.T) {
	f, b := authors.Named(t, "advtrain_pgd"), modeltest.Backend(t)
	n := f.Hyper.Classifier.Build(t)
	batch := Batch{X: f.Images("in.x"), Labels: f.Labels(), Noise: f.Images("in.start_normal")}
	attack := ascent.PGD{Steps: 3, Step: f.Hyper.StepSize, Epsilon: f.Hyper.Epsilon}
	for _, m := range []Recipe{recipe("plain", Settings{}), recipe("fgsm", Settings{Epsilon: f.Hyper.Epsilon, Beta: 1}), recipe("pgd", ascending(attack, 1)), recipe("trades", ascending(attack, 6))} {
		t.Run(m.Method.Name, func(t *testing.T) {
			fresh := func() *Trainer {
				return newTrainer(t, b, n, f.Shape("in.x"), f.Weights(t, b, n, "w."), m, PaperOptimizers()[ClassifiersTurn])
			}
			run := func(trainer *Trainer, steps int) (losses []float64) {
				for range steps {
					l, err := trainer.Step(t.Context(), batch, 0.05)
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
	f, b := authors.Named(t, "advtrain_pgd"), modeltest.Backend(t)
	n := f.Hyper.Classifier.Build(t)
	trainer := newTrainer(t, b, n, f.Shape("in.x"), f.Weights(t, b, n, "w."), recipe("pgd", ascending(ascent.PGD{Steps: 1, Step: 0.1, Epsilon: 0.1}, 1)), SGD{})
	batch := Batch{X: f.Images("in.x"), Labels: f.Labels()}
	if _, err := trainer.Step(t.Context(), batch, 1); err == nil || !strings.Contains(err.Error(), "pgd training: the attack starts from noise") {
		t.Errorf("error %v, want one that names the noise", err)
	}
	batch.Noise = make([]float32, 3)
	if _, err := trainer.Step(t.Context(), batch, 1); err == nil || !strings.Contains(err.Error(), "the noise has 3 values") {
		t.Errorf("error %v, want one that gives the noise's size", err)
	}
}

func newTrainer(t testing.TB, b compute.Backend, n *nn.Network, image [3]int, w *nn.Weights, m Recipe, o Optimizer) *Trainer {
	t.Helper()
	trainer, err := NewTrainer(TrainerConfig{Recipe: m, Network: n, Image: image, Optimizer: o, Backend: b}, w)
	if err != nil {
		t.Fatal(err)
	}
	return trainer
}

// recipe is the method of the given name with its settings.
func recipe(name string, s Settings) Recipe {
	m, err := Find(name)
	if err != nil {
		panic(err)
	}
	return m.With(s)
}

// ascending are the settings of a training on images attacked by PGD.
func ascending(a ascent.PGD, beta float64) Settings {
	return Settings{Epsilon: a.Epsilon, Steps: a.Steps, Step: a.Step, Beta: beta}
}
