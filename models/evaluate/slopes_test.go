package evaluate_test

import (
	"fmt"
	"testing"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/evaluate"
	"foil/models/losses"
)

// TestSlopesMatchTheAuthors holds gradient and logits of FGSM's case by the engine and by graphs, in
// batches that do not divide the number of images.
func TestSlopesMatchTheAuthors(t *testing.T) {
	f, b := authors.Named(t, "attack_fgsm"), modeltest.Backend(t)
	n := f.Hyper.Classifier.Build(t)
	labels := f.Labels()
	for _, byGraph := range []bool{false, true} {
		t.Run(fmt.Sprint("by graph ", byGraph), func(t *testing.T) {
			c := evaluate.Config{Network: n, Shape: f.Shape("in.x"), Batch: 4, Backend: b, ByGraph: byGraph}
			e, err := evaluate.New(c, f.Weights(t, b, n, "w."))
			if err != nil {
				t.Fatal(err)
			}
			logits, values, gradient, err := e.Slopes(t.Context(), f.Images("in.x"), func(i int, logits, d []float32) float64 {
				return losses.CrossEntropy(logits, labels[i], 1/float32(len(labels)), d)
			})
			if err != nil {
				t.Fatal(err)
			}
			f.Compare(t, "out.logits_clean", logits, authors.ForwardTolerance)
			f.Compare(t, "out.grad_x", gradient, authors.GradientTolerance)
			var loss float64
			for _, v := range values {
				loss += v
			}
			f.CompareScalar(t, "loss_clean", loss, authors.LossTolerance)
		})
	}
}
