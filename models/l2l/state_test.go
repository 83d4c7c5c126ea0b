package l2l

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/nn"
)

// A savedState is a State that later steps do not change.
type savedState struct {
	arrays map[string]Array
	steps  int
}

func saved(t *testing.T, state func() (State, error)) savedState {
	t.Helper()
	s, err := state()
	if err != nil {
		t.Fatal(err)
	}
	out := savedState{map[string]Array{}, s.Steps}
	for _, a := range s.Arrays {
		if _, twice := out.arrays[a.Name]; twice {
			t.Errorf("there are two arrays %s", a.Name)
		}
		a.Data = slices.Clone(a.Data)
		out.arrays[a.Name] = a
	}
	return out
}

func (s savedState) lookup(name string, shape []int) ([]float32, error) {
	a, ok := s.arrays[name]
	if !ok || !slices.Equal(a.Shape, shape) {
		return nil, fmt.Errorf("no %s of shape %v", name, shape)
	}
	return a.Data, nil
}

func sameStates(t *testing.T, got, want savedState) {
	t.Helper()
	if got.steps != want.steps || len(got.arrays) != len(want.arrays) {
		t.Errorf("%d steps and %d arrays, want %d and %d", got.steps, len(got.arrays), want.steps, len(want.arrays))
	}
	for name, a := range want.arrays {
		if !slices.Equal(got.arrays[name].Data, a.Data) {
			t.Errorf("%s has other bytes", name)
		}
	}
}

// TestStatesThatDoNotFitChangeNothing takes away one array, cuts another, and finds
// both named and the training as it was.
func TestStatesThatDoNotFitChangeNothing(t *testing.T) {
	b, n := modeltest.Backend(t), authors.Tiny(true)
	fresh := func(seed uint64) *Trainer {
		w, err := nn.NewWeights(b, n.Params, seed, "weights")
		if err != nil {
			t.Fatal(err)
		}
		return newTrainer(t, b, n, [3]int{3, 16, 16}, w, recipe("plain", Settings{}), PaperOptimizers()[ClassifiersTurn])
	}
	other := saved(t, fresh(2).State)
	delete(other.arrays, "classifier.velocity.conv1.weight")
	cut := other.arrays["classifier.bn1.running_var"]
	cut.Data = cut.Data[:1]
	other.arrays["classifier.bn1.running_var"] = cut

	trainer := fresh(1)
	before := saved(t, trainer.State)
	err := trainer.SetState(other.lookup, 7)
	for _, want := range []string{"classifier.velocity.conv1.weight", "classifier.bn1.running_var has 1 values"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that names %s", err, want)
		}
	}
	sameStates(t, saved(t, trainer.State), before)
}
