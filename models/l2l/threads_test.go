package l2l

import (
	"fmt"
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/modeltest"
	"foil/internal/testenv"
	"foil/models/backend"
	"foil/models/nn"
	"foil/models/random"
	"foil/models/zoo"
)

// TestThreadsDoNotChangeResults compares bits: loss, gradients and statistics of the
// classifier and the attacker of the small protocol. It is a promise of the Go backend
// alone; ONNX Runtime cuts sums into pieces that depend on the number of threads.
func TestThreadsDoNotChangeResults(t *testing.T) {
	first := gameStep(t, backend.Default, 1)
	for threads := 2; threads <= 3; threads++ {
		compareBits(t, fmt.Sprintf("1 and %d threads", threads), gameStep(t, backend.Default, threads), first)
	}
}

// TestResultsAreTheSameAgain compiles and runs twice, on one thread and on two.
func TestResultsAreTheSameAgain(t *testing.T) {
	for threads := 1; threads <= 2; threads++ {
		name := testenv.Backend(t)
		first := gameStep(t, name, threads)
		compareBits(t, fmt.Sprintf("two runs on %d threads", threads), gameStep(t, name, threads), first)
	}
}

func compareBits(t *testing.T, between string, got, want [][]float32) {
	t.Helper()
	for i := range got {
		if !slices.EqualFunc(got[i], want[i], sameBits) {
			t.Errorf("output %d differs between %s", i, between)
		}
	}
}

func sameBits(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }

// gameStep is one turn of the classifier against Grad L2L.
func gameStep(t *testing.T, name string, threads int) [][]float32 {
	t.Helper()
	const batch = 16
	testenv.Threads(t, threads)
	b, err := backend.Open(name, threads)
	if err != nil {
		t.Fatal(err)
	}
	networks := []*nn.Network{zoo.ResNet9(16, 10), zoo.Slim(2*nn.ImageChannels, 32)}
	labels := make([]int32, batch)
	for i := range labels {
		labels[i] = int32(i % 10)
	}
	in := []any{modeltest.Normal(random.New(1, "images"), batch, nn.ImageChannels, 32, 32), tensors.FromFlatDataAndDimensions(labels, batch)}
	for i, n := range networks {
		w, err := nn.NewWeights(b, n.Params, 1, fmt.Sprint("weights ", i))
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, w.Inputs()...)
	}
	return modeltest.Evaluate(t, b, func(in []*Node) []*Node {
		cut := 2 + len(networks[0].Params)
		classifier, attacker := networks[0].Bind(in[2:cut]), networks[1].Bind(in[cut:])
		loss := recipe("l2l-grad", Settings{Epsilon: 0.031}).Loss(AttackersTurn, classifier, attacker, in[0], in[1]).Loss
		out := append([]*Node{loss}, Gradient(loss, slices.Concat(classifier.Trainable(), attacker.Trainable())...)...)
		return append(out, attacker.Statistics()...)
	}, in...)
}
