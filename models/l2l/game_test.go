package l2l

import (
	"fmt"
	"testing"

	"foil/models/backend"
	"foil/models/optim"
)

// TestGameUpdatesMatchTheAuthors replays two alternating updates: four losses, and
// all weights and running statistics of both networks after each.
func TestGameUpdatesMatchTheAuthors(t *testing.T) {
	for _, name := range []string{"l2l_1_updates", "l2l_2_updates"} {
		t.Run(name, func(t *testing.T) {
			f, b := oneCase(t, name), openBackend(t)
			classifier, attacker := f.Hyper.Classifier.build(t), f.Hyper.Attacker.build(t)
			g, err := NewGame(GameConfig{
				Variant: f.variant(), Epsilon: f.Hyper.Epsilon, Backend: b,
				SGD:      optim.SGD{Momentum: 0.9, WeightDecay: 2e-4},
				Adam:     optim.DefaultAdam(2e-4),
				Networks: [2]*Network{classifier, attacker},
			}, f.weights(t, b, classifier, "w.classifier."), f.weights(t, b, attacker, "w.attacker."))
			if err != nil {
				t.Fatal(err)
			}
			var want []float64
			f.scalar(t, "losses", &want)
			for step := range 2 {
				x, labels := f.input(t, fmt.Sprintf("in.x%d", step)), f.input(t, fmt.Sprintf("in.y%d", step))
				losses, err := g.Step(x, labels, 0.1, 1e-3)
				if err != nil {
					t.Fatal(err)
				}
				for i, loss := range losses {
					near(t, fmt.Sprintf("loss %d of update %d", i, step+1), []float32{float32(loss)}, []float32{float32(want[2*step+i])}, lossTolerance)
				}
				f.compareWeights(t, fmt.Sprintf("out.after%d.classifier.", step+1), g.Weights[ClassifiersTurn])
				f.compareWeights(t, fmt.Sprintf("out.after%d.attacker.", step+1), g.Weights[AttackersTurn])
			}
		})
	}
}

func (f *fixture) compareWeights(t *testing.T, prefix string, w *Weights) {
	t.Helper()
	for i, p := range w.Params {
		got, err := backend.Copy(w.Tensors[i])
		if err != nil {
			t.Fatal(err)
		}
		f.compare(t, prefix+p.Name, got, 1e-3)
	}
}
