package zoo_test

import (
	"runtime"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/modeltest"
	"foil/internal/testenv"
	"foil/models/backend"
	"foil/models/graphs"
	"foil/models/nn"
	"foil/models/random"
	"foil/models/zoo"
)

// BenchmarkResNet9 is the loss and its gradients at the sizes of the small
// protocol: width 16, batch 32, training mode, on the threads that -cpu gives.
func BenchmarkResNet9(b *testing.B) {
	const batch = 32
	n := zoo.ResNet9(16, 10)
	be, err := backend.Open(testenv.Backend(b), runtime.GOMAXPROCS(0))
	if err != nil {
		b.Fatal(err)
	}
	w, err := nn.NewWeights(be, n.Params, 1, "weights")
	if err != nil {
		b.Fatal(err)
	}
	exec, err := backend.Compile(be, func(in []*Node) []*Node {
		bound := graphs.Bind(n, in[2:])
		loss := graphs.CrossEntropy(bound.Logits(in[0], nn.Training), in[1])
		return slices.Concat([]*Node{loss}, Gradient(loss, bound.Trainable()...), bound.Statistics())
	})
	if err != nil {
		b.Fatal(err)
	}
	x := modeltest.Normal(random.New(1, "bench"), batch, nn.ImageChannels, 32, 32)
	labels := tensors.FromFlatDataAndDimensions(make([]int32, batch), batch)
	in := append([]any{x, labels}, w.Inputs()...)
	for b.Loop() {
		out, err := backend.Run(exec, in...)
		if err != nil {
			b.Fatal(err)
		}
		if err := backend.Release(out...); err != nil {
			b.Fatal(err)
		}
	}
}
