package l2l

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/backend"
	"foil/models/nn"
)

// TestCancelledStepsLeaveTheWeights has trainings with and without attacks, and games.
func TestCancelledStepsLeaveTheWeights(t *testing.T) {
	f := authors.Named(t, "l2l_1_updates")
	b, err := backend.Open(backend.Default, 2)
	if err != nil {
		t.Fatal(err)
	}
	batch := Batch{X: f.Images("in.x0"), Labels: f.Classes("in.y0")}
	batch.Noise = make([]float32, len(batch.X))
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, method := range []string{"plain", "pgd", "trades", "l2l-naive", "l2l-grad", "l2l-grad-interpolation"} {
		for _, byGraph := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, by graph %v", method, byGraph), func(t *testing.T) {
				r := recipe(method, Settings{Epsilon: 0.03, Steps: 2, Step: 0.01, Beta: 1, Smooth: 0.5})
				classifier := f.Hyper.Classifier.Build(t)
				weights := []*nn.Weights{f.Weights(t, b, classifier, "w.classifier.")}
				var step func() error
				if r.Method.HasAttacker() {
					attacker := f.Hyper.Attacker.Build(t)
					if r.Method.Sees == Images {
						attacker = naiveAttacker()
					}
					w, err := nn.NewWeights(b, attacker.Params, 1, "attacker")
					if err != nil {
						t.Fatal(err)
					}
					weights = append(weights, w)
					g, err := NewGame(GameConfig{
						Recipe: r, Backend: b, Image: f.Shape("in.x0"), ByGraph: byGraph,
						Networks: [2]*nn.Network{classifier, attacker}, Optimizers: PaperOptimizers(),
					}, weights[0], w)
					if err != nil {
						t.Fatal(err)
					}
					step = func() error { _, err := g.Step(cancelled, batch, [2]float64{1, 1}); return err }
				} else {
					trainer, err := NewTrainer(TrainerConfig{
						Recipe: r, Network: classifier, Image: f.Shape("in.x0"), Optimizer: SGD{}, Backend: b, ByGraph: byGraph,
					}, weights[0])
					if err != nil {
						t.Fatal(err)
					}
					step = func() error { _, err := trainer.Step(cancelled, batch, 1); return err }
				}
				values := func() (all []float32) {
					for _, w := range weights {
						for _, tensor := range w.Tensors {
							all = append(all, modeltest.Copied(t, tensor)...)
						}
					}
					return all
				}
				before := values()
				if err := step(); !errors.Is(err, context.Canceled) {
					t.Errorf("error %v, want that the step was cancelled", err)
				}
				if !slices.Equal(values(), before) {
					t.Error("weights have changed")
				}
			})
		}
	}
}

// naiveAttacker is a small attacker that sees images alone.
func naiveAttacker() *nn.Network {
	b := &nn.Builder{}
	b.Then(nn.Images, b.Conv("c", nn.Conv3x3(3, 3, 1)), nn.Tanh{Scale: -1})
	return b.Network(3)
}
