package l2l

import (
	"runtime"
	"testing"

	"foil/models/backend"
	"foil/models/nn"
	"foil/models/random"
	"foil/models/zoo"
)

// BenchmarkGradL2L is a step of Grad L2L at the sizes of the small protocol, on the threads that -cpu
// gives.
func BenchmarkGradL2L(b *testing.B) {
	const images = 32
	be, err := backend.Open(backend.Default, runtime.GOMAXPROCS(0))
	if err != nil {
		b.Fatal(err)
	}
	networks := [2]*nn.Network{zoo.ResNet9(16, 10), zoo.Slim(2*nn.ImageChannels, 32)}
	var weights [2]*nn.Weights
	for i, n := range networks {
		if weights[i], err = nn.NewWeights(be, n.Params, 1, "weights"); err != nil {
			b.Fatal(err)
		}
	}
	g, err := NewGame(GameConfig{
		Recipe: recipe("l2l-grad", Settings{Epsilon: 0.031}), Backend: be, Image: [3]int{nn.ImageChannels, 32, 32},
		Networks: networks, Optimizers: PaperOptimizers(),
	}, weights[0], weights[1])
	if err != nil {
		b.Fatal(err)
	}
	batch := Batch{X: make([]float32, images*nn.ImageChannels*32*32), Labels: make([]int32, images)}
	random.Normal(random.New(1, "bench"), batch.X, 1)
	for b.Loop() {
		if _, err := g.Step(b.Context(), batch, [2]float64{0.05, 1e-3}); err != nil {
			b.Fatal(err)
		}
	}
}
