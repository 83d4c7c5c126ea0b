package l2l

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/backend"
	"foil/models/nn"
	"foil/models/zoo"
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
				losses, err := g.Step(t.Context(), Batch{X: x, Labels: labels}, [2]float64{0.1, 1e-3})
				if err != nil {
					t.Fatal(err)
				}
				for i, loss := range losses {
					modeltest.Near(t, fmt.Sprintf("loss %d of update %d", i, step+1), []float32{float32(loss)}, []float32{float32(want[2*step+i])}, authors.LossTolerance)
				}
				tolerance := []float64{1e-3, 2e-2}[step] // the second step starts where the first one ends
				compareWeights(t, f, fmt.Sprintf("out.after%d.classifier.", step+1), g.Weights[ClassifiersTurn], tolerance, 0)
				compareWeights(t, f, fmt.Sprintf("out.after%d.attacker.", step+1), g.Weights[AttackersTurn], tolerance, 2e-3*float64(step+1))
			}
		})
	}
}

// compareWeights compares weights, of which one in a hundred may be off by flipped. Adam divides a
// gradient by its own size: a gradient of about zero, which is rounding, moves a weight by a whole
// step in either direction.
func compareWeights(t *testing.T, f *authors.Case, prefix string, w *nn.Weights, tolerance, flipped float64) {
	t.Helper()
	for i, p := range w.Params {
		got, err := backend.Copy(w.Tensors[i])
		if err != nil {
			t.Fatal(err)
		}
		want := f.Images(prefix + p.Name)
		largest := max(float64(slices.Max(want)), -float64(slices.Min(want)))
		allowed := 0
		if flipped > 0 {
			allowed = 1 + len(want)/100
		}
		for k, v := range got {
			d := math.Abs(float64(v) - float64(want[k]))
			if d <= tolerance*largest {
				continue
			}
			if allowed--; allowed < 0 || d > 1.01*flipped {
				t.Errorf("%s%s: value %d is %g, want %g (largest %g)", prefix, p.Name, k, v, want[k], largest)
				break
			}
		}
	}
}

// TestTheEngineTakesTheStepsOfGraphs takes a step of every method by the engine and by graphs, with a
// rate of 1 and nothing else, so that weights move by the gradients.
func TestTheEngineTakesTheStepsOfGraphs(t *testing.T) {
	b, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	f := authors.Named(t, "l2l_1_updates")
	classifier := f.Hyper.Classifier.Build(t)
	for _, m := range Methods {
		t.Run(m.Name, func(t *testing.T) {
			r := m.With(Settings{Epsilon: 0.03, Steps: 2, Step: 0.01, Beta: 2, Smooth: 0.5})
			batch := interpolationBatch(t, f, "0")
			attacker := zoo.Slim(m.Channels(), f.Hyper.Attacker.Width)
			step := func(byGraph bool) (losses []float64, moved [][]float32, names []string) {
				weights := f.Weights(t, b, classifier, "w.classifier.")
				all := []*nn.Weights{weights}
				if m.HasAttacker() {
					// With other weights, a value next to zero may be on the other side of a ReLU.
					w, err := nn.NewWeights(b, attacker.Params, 3, "weights")
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, w)
				}
				var before [][]float32
				for _, w := range all {
					for i, p := range w.Params {
						before, names = append(before, modeltest.Copied(t, w.Tensors[i])), append(names, p.Name)
					}
				}
				if m.HasAttacker() {
					g, err := NewGame(GameConfig{
						Recipe: r, Backend: b, Image: f.Shape("in.x0"), ByGraph: byGraph,
						Networks: [2]*nn.Network{classifier, attacker}, Optimizers: [2]Optimizer{SGD{}, SGD{}},
					}, weights, all[1])
					if err != nil {
						t.Fatal(err)
					}
					// The classifier stays almost as it is, so that the attacker's turn is the same.
					l := play(t, g, batch, [2]float64{1e-3, 1})
					losses = l[:]
				} else {
					trainer, err := NewTrainer(TrainerConfig{
						Recipe: r, Backend: b, Image: f.Shape("in.x0"), ByGraph: byGraph, Network: classifier, Optimizer: SGD{},
					}, weights)
					if err != nil {
						t.Fatal(err)
					}
					l, err := trainer.Step(t.Context(), batch, 1)
					if err != nil {
						t.Fatal(err)
					}
					losses = []float64{l.Total, l.Clean, l.Adversarial}
				}
				at := 0
				for _, w := range all {
					for i := range w.Params {
						now := modeltest.Copied(t, w.Tensors[i])
						for k := range now {
							now[k] -= before[at][k]
						}
						moved = append(moved, now)
						at++
					}
				}
				return losses, moved, names
			}
			losses, moved, names := step(false)
			wantLosses, want, _ := step(true)
			for i, l := range losses {
				within(t, "loss", l, wantLosses[i], 1e-5)
			}
			for i, name := range names {
				// The gradient of a bias before a norm is zero, up to rounding.
				modeltest.NearWithin(t, name, moved[i], want[i], authors.GradientTolerance, 1e-2)
			}
		})
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
				if _, err := g.Step(t.Context(), Batch{X: f.Images("in.x0"), Labels: f.Classes("in.y0")}, [2]float64{0.1, 1e-3}); err != nil {
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
