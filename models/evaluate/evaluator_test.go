package evaluate_test

import (
	"testing"

	"foil/internal/modeltest"
	"foil/models/evaluate"
	"foil/models/nn"
)

// TestWeightsThatWereNotReadAreReadAgain fails to read frozen weights twice.
func TestWeightsThatWereNotReadAreReadAgain(t *testing.T) {
	be, b := modeltest.Backend(t), &nn.Builder{}
	b.Then(nn.Images, nn.Flatten{}, b.Dense("d", 12, 2))
	n := b.Network(3)
	w, err := nn.NewWeights(be, n.Params, 1, "weights")
	if err != nil {
		t.Fatal(err)
	}
	e, err := evaluate.New(evaluate.Config{Network: n, Shape: [3]int{3, 2, 2}, Batch: 1, Frozen: true, Backend: be}, w)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Tensors[1].FinalizeAll(); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if _, err := e.Logits(t.Context(), make([]float32, 12)); err == nil {
			t.Errorf("call %d: logits of weights that cannot be read", i+1)
		}
	}
}
