package engine_test

import (
	"runtime"
	"testing"

	"foil/models/backend"
	"foil/models/engine"
	"foil/models/nn"
	"foil/models/random"
	"foil/models/zoo"
)

// BenchmarkResNet9 is a pass forward and backward at the sizes of the small protocol, width 16 and
// batch 32, on the threads that -cpu gives.
func BenchmarkResNet9(b *testing.B) { benchmark(b, zoo.ResNet9(16, 10), 32) }

// BenchmarkWideResNet is the same for WRN-34-10 with batch 4.
func BenchmarkWideResNet(b *testing.B) { benchmark(b, zoo.WideResNet(34, 10, 16, 10), 4) }

func benchmark(b *testing.B, n *nn.Network, batch int) {
	be, err := backend.Open(backend.Default, 1)
	if err != nil {
		b.Fatal(err)
	}
	w, err := nn.NewWeights(be, n.Params, 1, "weights")
	if err != nil {
		b.Fatal(err)
	}
	net, err := engine.New(n, [3]int{nn.ImageChannels, 32, 32}, runtime.GOMAXPROCS(0))
	if err == nil {
		err = net.Load(w)
	}
	if err != nil {
		b.Fatal(err)
	}
	net.ClearGradients()
	x := make([]float32, batch*nn.ImageChannels*32*32)
	random.Normal(random.New(1, "bench"), x, 1)
	d := make([]float32, batch*10)
	for i := range d {
		d[i] = 0.01
	}
	b.Run("training", func(b *testing.B) {
		for b.Loop() {
			p, err := net.Train(x, nil)
			if err != nil {
				b.Fatal(err)
			}
			p.Backward(d, engine.OfWeights)
			p.Done()
		}
	})
	b.Run("evaluation", func(b *testing.B) {
		for b.Loop() {
			err := net.Evaluate(batch, func(p *engine.Pass, from, to int) error {
				size := len(x) / batch
				_, err := p.Forward(x[from*size : to*size])
				p.Backward(d[from*10:to*10], engine.OfImages)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
