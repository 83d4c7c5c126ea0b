package l2l

import (
	"errors"
	"fmt"
	"testing"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/backend"
	"foil/models/nn"
)

// flatGame is a game with a classifier that says the same about all images, so that every gradient in
// them is zero.
func flatGame(t *testing.T, byGraph, stop bool) *Game {
	t.Helper()
	f := authors.Named(t, "l2l_1_updates")
	b, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	classifier, attacker := f.Hyper.Classifier.Build(t), f.Hyper.Attacker.Build(t)
	weights := f.Weights(t, b, classifier, "w.classifier.")
	head := classifier.Head().Weight
	if err := backend.Write(weights.Tensors[head], func(x []float32) { clear(x) }); err != nil {
		t.Fatal(err)
	}
	g, err := NewGame(GameConfig{
		Recipe: recipe("l2l-grad", Settings{Epsilon: 0.03, Updates: 2}), Backend: b, Image: f.Shape("in.x0"), ByGraph: byGraph, StopAtFlat: stop,
		Networks: [2]*nn.Network{classifier, attacker}, Optimizers: PaperOptimizers(),
	}, weights, f.Weights(t, b, attacker, "w.attacker."))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestFlatGradientsAreCounted has a rate of 0 for the classifier, which stays as it is.
func TestFlatGradientsAreCounted(t *testing.T) {
	f := authors.Named(t, "l2l_1_updates")
	batch := Batch{X: f.Images("in.x0"), Labels: f.Classes("in.y0")}
	for _, byGraph := range []bool{false, true} {
		t.Run(fmt.Sprint("by graph ", byGraph), func(t *testing.T) {
			g := flatGame(t, byGraph, false)
			for range 3 {
				losses := play(t, g, batch, [2]float64{0, 1e-3})
				for _, l := range losses {
					if !(l > 0 && l < 100) {
						t.Errorf("losses %v", losses)
					}
				}
			}
			if n := g.Flat(); n != [2]int{3, 6} {
				t.Errorf("%v flat gradients, want 3 on the classifier's turns and 6 on the attacker's", n)
			}
			if n := g.Flat(); n != [2]int{} {
				t.Errorf("%v flat gradients are counted twice", n)
			}
			stops := flatGame(t, byGraph, true)
			if _, err := stops.Step(batch, [2]float64{0, 1e-3}); !errors.Is(err, ErrFlat) || err.Error()[:len("the classifier's turn")] != "the classifier's turn" {
				t.Errorf("error %v, want ErrFlat in the classifier's turn", err)
			}
		})
	}
}

// TestAttackersUpdateSeveralTimes finds the same state after the turns one by one.
func TestAttackersUpdateSeveralTimes(t *testing.T) {
	f, b := authors.Named(t, "l2l_1_updates"), modeltest.Backend(t)
	for _, method := range []string{"l2l-grad", "l2l-2step-interpolation"} {
		m := recipe(method, Settings{Smooth: 0.5, Updates: 3})
		fresh := func(r Recipe) *Game { return interpolationGame(t, f, b, r) }
		batch := interpolationBatch(t, f, "0")
		whole, parts := fresh(m), fresh(m)
		losses := play(t, whole, batch, [2]float64{0.1, 1e-3})
		var attackers float64
		turn := func(i int) []float32 {
			var r turnResult
			var attacked []float32
			var err error
			if m.Method.Interpolates() {
				attacked, r, err = parts.on.pull(batch, i, 1e-3)
			} else {
				r, err = parts.on.turn(AttackersTurn, batch, i, 1e-3)
			}
			if err != nil {
				t.Fatal(err)
			}
			attackers += r.loss / 3
			return attacked
		}
		if m.Method.Interpolates() {
			attacked := turn(1)
			turn(2)
			turn(3)
			if _, err := parts.on.smoothed(attacked, batch, 1, 0.1); err != nil {
				t.Fatal(err)
			}
		} else {
			if _, err := parts.on.turn(ClassifiersTurn, batch, 1, 0.1); err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				turn(i + 1)
			}
		}
		parts.steps = 1
		sameStates(t, saved(t, whole.State), saved(t, parts.State))
		within(t, method+": loss", losses[AttackersTurn], attackers, 1e-6)
		if one := fresh(recipe(method, Settings{Smooth: 0.5})); one != nil {
			play(t, one, batch, [2]float64{0.1, 1e-3})
			const weight = "attacker.res_group.0.conv.weight"
			if fmt.Sprint(saved(t, one.State).arrays[weight].Data) == fmt.Sprint(saved(t, whole.State).arrays[weight].Data) {
				t.Errorf("%s: the number of updates makes no difference", method)
			}
		}
		p, single := m.Passes(), recipe(method, Settings{Smooth: 0.5}).Passes()
		if p.AttackerBackward != 3*single.AttackerBackward || p.Backward <= single.Backward {
			t.Errorf("%s: passes %+v, with one update %+v", method, p, single)
		}
	}
}
