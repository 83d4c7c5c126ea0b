package l2l

import (
	"fmt"
	"slices"
	"testing"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/backend"
	"foil/models/nn"
)

// TestGameUpdatesMatchTheAuthors replays two alternating updates: four losses, and
// all weights and running statistics of both networks after each.
func TestGameUpdatesMatchTheAuthors(t *testing.T) {
	for _, name := range []string{"l2l_1_updates", "l2l_2_updates"} {
		t.Run(name, func(t *testing.T) {
			f, b := authors.Named(t, name), modeltest.Backend(t)
			classifier, attacker := f.Hyper.Classifier.Build(t), f.Hyper.Attacker.Build(t)
			g, err := NewGame(GameConfig{
				Recipe: variant(f).Within(f.Hyper.Epsilon), Backend: b, Image: f.Shape("in.x0"),
				Networks: [2]*nn.Network{classifier, attacker}, Optimizers: PaperOptimizers(),
			}, f.Weights(t, b, classifier, "w.classifier."), f.Weights(t, b, attacker, "w.attacker."))
			if err != nil {
				t.Fatal(err)
			}
			var want []float64
			f.Scalar(t, "losses", &want)
			for step := range 2 {
				x, labels := f.Images(fmt.Sprintf("in.x%d", step)), f.Classes(fmt.Sprintf("in.y%d", step))
				losses, err := g.Step(Batch{X: x, Labels: labels}, [2]float64{0.1, 1e-3})
				if err != nil {
					t.Fatal(err)
				}
				for i, loss := range losses {
					modeltest.Near(t, fmt.Sprintf("loss %d of update %d", i, step+1), []float32{float32(loss)}, []float32{float32(want[2*step+i])}, authors.LossTolerance)
				}
				// Adam divides a gradient by its own size. So a gradient of about zero, which is
				// rounding, moves a weight by a whole step, and the next step starts from there.
				tolerance := []float64{1e-3, 1e-2}[step]
				compareWeights(t, f, fmt.Sprintf("out.after%d.classifier.", step+1), g.Weights[ClassifiersTurn], tolerance)
				compareWeights(t, f, fmt.Sprintf("out.after%d.attacker.", step+1), g.Weights[AttackersTurn], tolerance)
			}
		})
	}
}

func compareWeights(t *testing.T, f *authors.Case, prefix string, w *nn.Weights, tolerance float64) {
	t.Helper()
	for i, p := range w.Params {
		got, err := backend.Copy(w.Tensors[i])
		if err != nil {
			t.Fatal(err)
		}
		f.Compare(t, prefix+p.Name, got, tolerance)
	}
}

// TestGamesResume plays with either optimizer of the attacker: a game that is set to
// a state on the way ends in the same bytes as the one left alone.
func TestGamesResume(t *testing.T) {
	f, b := authors.Named(t, "l2l_1_updates"), modeltest.Backend(t)
	classifier, attacker := f.Hyper.Classifier.Build(t), f.Hyper.Attacker.Build(t)
	paper := PaperOptimizers()
	ends := map[string]savedState{}
	for name, o := range map[string]Optimizer{"adam": paper[AttackersTurn], "sgd": SGD{Momentum: 0.9, WeightDecay: 2e-4}} {
		t.Run(name, func(t *testing.T) {
			fresh := func() *Game {
				g, err := NewGame(GameConfig{
					Recipe: variant(f).Within(f.Hyper.Epsilon), Backend: b, Image: f.Shape("in.x0"),
					Networks: [2]*nn.Network{classifier, attacker}, Optimizers: [2]Optimizer{paper[ClassifiersTurn], o},
				}, f.Weights(t, b, classifier, "w.classifier."), f.Weights(t, b, attacker, "w.attacker."))
				if err != nil {
					t.Fatal(err)
				}
				return g
			}
			step := func(g *Game) {
				if _, err := g.Step(Batch{X: f.Images("in.x0"), Labels: f.Classes("in.y0")}, [2]float64{0.1, 1e-3}); err != nil {
					t.Fatal(err)
				}
			}
			alone, resumed := fresh(), fresh()
			step(alone)
			state := saved(t, alone.State)
			step(alone)
			if err := resumed.SetState(state.lookup, state.steps); err != nil {
				t.Fatal(err)
			}
			step(resumed)
			ends[name] = saved(t, alone.State)
			sameStates(t, saved(t, resumed.State), ends[name])
		})
	}
	const weight = "attacker.res_group.0.conv.weight"
	if slices.Equal(ends["adam"].arrays[weight].Data, ends["sgd"].arrays[weight].Data) {
		t.Error("the attacker's optimizer makes no difference")
	}
}

func TestNetworksWithoutOptimizerAreNamed(t *testing.T) {
	b, n := modeltest.Backend(t), authors.Tiny(false)
	w, err := nn.NewWeights(b, n.Params, 1, "weights")
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewGame(GameConfig{Backend: b, Networks: [2]*nn.Network{n, n}, Optimizers: [2]Optimizer{SGD{}}}, w, w)
	if err == nil || err.Error() != "the attacker has no optimizer: choose SGD or Adam" {
		t.Errorf("error %v, want one that names the attacker", err)
	}
}
