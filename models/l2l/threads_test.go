package l2l

import (
	"fmt"
	"testing"

	"foil/internal/modeltest"
	"foil/internal/testenv"
	"foil/models/backend"
	"foil/models/nn"
	"foil/models/random"
	"foil/models/zoo"
)

// TestThreadsDoNotChangeResults compares bits after two steps: all weights, running statistics and
// moments of the classifier and the attacker of the small protocol. It is a promise of the engine
// alone; ONNX Runtime cuts sums into pieces that depend on the number of threads.
func TestThreadsDoNotChangeResults(t *testing.T) {
	for _, m := range []string{"l2l-grad", "l2l-2step-interpolation"} {
		first := gameSteps(t, backend.Default, m, 1)
		for _, threads := range []int{2, 3, 4} {
			t.Run(fmt.Sprint(m, " on ", threads), func(t *testing.T) {
				sameStates(t, gameSteps(t, backend.Default, m, threads), first)
			})
		}
	}
}

// TestResultsAreTheSameAgain runs twice, on one thread and on two.
func TestResultsAreTheSameAgain(t *testing.T) {
	for threads := 1; threads <= 2; threads++ {
		name := testenv.Backend(t)
		sameStates(t, gameSteps(t, name, "l2l-grad", threads), gameSteps(t, name, "l2l-grad", threads))
	}
}

// gameSteps is two steps of a game.
func gameSteps(t *testing.T, name, method string, threads int) savedState {
	t.Helper()
	const images = 10
	testenv.Threads(t, threads)
	b, err := backend.Open(name, threads)
	if err != nil {
		t.Fatal(err)
	}
	r := recipe(method, Settings{Epsilon: 0.031, Smooth: 0.5})
	networks := [2]*nn.Network{zoo.ResNet9(16, 10), zoo.Slim(2*nn.ImageChannels, 32)}
	var weights [2]*nn.Weights
	for i, n := range networks {
		if weights[i], err = nn.NewWeights(b, n.Params, 1, fmt.Sprint("weights ", i)); err != nil {
			t.Fatal(err)
		}
	}
	c := GameConfig{Recipe: r, Backend: b, Image: [3]int{3, 32, 32}, Networks: networks, Optimizers: PaperOptimizers()}
	g, err := NewGame(c, weights[0], weights[1])
	if err != nil {
		t.Fatal(err)
	}
	batch := Batch{
		X:      modeltest.Copied(t, modeltest.Normal(random.New(1, "images"), images, nn.ImageChannels, 32, 32)),
		Labels: make([]int32, images),
	}
	batch.Noise = make([]float32, len(batch.X))
	for i := range batch.Labels {
		batch.Labels[i] = int32(i % 10)
	}
	for range 2 {
		if _, err := g.Step(t.Context(), batch, [2]float64{0.05, 1e-3}); err != nil {
			t.Fatal(err)
		}
	}
	return saved(t, g.State)
}
