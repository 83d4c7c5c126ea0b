package engine_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/modeltest"
	"foil/models/backend"
	"foil/models/engine"
	"foil/models/graphs"
	"foil/models/nn"
)

// sample draws a classifier: layers that change the shape or not, residual sums, joins and
// activations in any order, for images of 3 channels.
func sample(r *rand.Rand, height, width int) *nn.Network {
	b := &nn.Builder{}
	type value struct {
		v       nn.Value
		c, h, w int
	}
	names := 0
	name := func() string { names++; return fmt.Sprint("layer", names) }
	at := value{nn.Images, 3, height, width}
	act := func(x nn.Value) nn.Value {
		switch r.IntN(3) {
		case 0:
			return b.Apply(nn.ReLU{}, x)
		case 1:
			return b.Apply(b.PReLU(name()), x)
		}
		return x
	}
	conv := func(x value, out, kernel, stride, pad int) value {
		s := nn.ConvSpec{In: x.c, Out: out, Kernel: kernel, Stride: stride, Pad: pad, Bias: r.IntN(2) == 0}
		v := b.Apply(b.Conv(name(), s), x.v)
		return value{v, out, (x.h+2*pad-kernel)/stride + 1, (x.w+2*pad-kernel)/stride + 1}
	}
	norm := func(x value) value {
		n := b.PlainNorm(name(), x.c)
		if r.IntN(2) == 0 {
			n = b.Norm(name(), x.c, 1e-3)
		}
		x.v = b.Apply(n, x.v)
		return x
	}
	channels := []int{1, 5, 16, 20, 32}
	for range 3 + r.IntN(4) {
		switch out := channels[r.IntN(len(channels))]; r.IntN(8) {
		case 0:
			at = conv(at, out, 3, 1, 1)
		case 1:
			at = norm(conv(at, out, 3, 1+r.IntN(2), 1))
			at.v = act(at.v)
		case 2:
			at = norm(conv(at, out, 1, 1+r.IntN(2), 0))
		case 3: // a residual block
			y := norm(conv(at, at.c, 3, 1, 1))
			y.v = act(y.v)
			at.v = act(b.Apply(nn.Add{}, at.v, y.v))
		case 4: // both read the same value
			y := conv(at, out, 3, 1, 1)
			at = value{b.Apply(nn.Join{}, at.v, y.v), at.c + out, at.h, at.w}
		case 5:
			if at.h%2 == 0 && at.w%2 == 0 {
				at = value{b.Apply(nn.MaxPool{Size: 2}, at.v), at.c, at.h / 2, at.w / 2}
			}
		case 6:
			at = value{b.Apply(b.Deconv(name(), at.c, out), at.v), out, 2 * at.h, 2 * at.w}
		case 7:
			if at.h > 3 && at.w > 3 {
				at = conv(at, out, 3, 1, 0)
			}
			at.v = act(at.v)
		}
	}
	features, n := nn.SpaceMean{}, at.c
	x := b.Apply(features, at.v) // nothing depends on it if it is not used
	if r.IntN(2) == 0 {
		x, n = b.Apply(nn.Flatten{}, at.v), at.c*at.h*at.w
	}
	hidden := b.Then(x, b.Dense(name(), n, 20), nn.ReLU{}, nn.Drop{})
	b.Apply(b.Dense(name(), 20, 4), hidden)
	return b.Network(3)
}

// TestTheEngineComputesTheGraphs holds random networks in both modes: logits, gradients in images and
// parameters, and running statistics.
func TestTheEngineComputesTheGraphs(t *testing.T) {
	const images = 5
	be, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		height, width := 4+2*r.IntN(3), 4+2*r.IntN(3)
		n := sample(r, height, width)
		x := make([]float32, images*3*height*width)
		d, mask := make([]float32, images*4), make([]float32, images*20)
		for _, values := range [][]float32{x, d} {
			for i := range values {
				values[i] = float32(r.NormFloat64())
			}
		}
		for i := range mask {
			mask[i] = float32(2 * r.IntN(2))
		}
		w, err := nn.NewWeights(be, n.Params, seed, "weights")
		if err != nil {
			t.Fatal(err)
		}
		for _, mode := range []nn.Mode{nn.Evaluation, nn.Training} {
			t.Run(fmt.Sprintf("seed %d, mode %d", seed, mode), func(t *testing.T) {
				net, err := engine.New(n, [3]int{3, height, width}, 3)
				if err == nil {
					err = net.Load(w)
				}
				if err != nil {
					t.Fatal(err)
				}
				want := modeltest.Evaluate(t, be, func(in []*Node) []*Node {
					bound := graphs.BindMasked(n, in[2:])
					y := bound.Logits(in[0], mode)
					of := append([]*Node{in[0]}, bound.Trainable()...)
					return append(append([]*Node{y}, Gradient(ReduceAllSum(Mul(y, in[1])), of...)...), bound.Statistics()...)
				}, slices.Concat([]any{tensors.FromFlatDataAndDimensions(x, images, 3, height, width), tensors.FromFlatDataAndDimensions(d, images, 4)},
					w.Inputs(), []any{tensors.FromFlatDataAndDimensions(mask, 1, images, 20)})...)
				compare(t, n, net, mode, x, d, mask, want)
			})
		}
	}
}

// compare holds two passes of the engine, of which the second finds the buffers of the first one.
func compare(t *testing.T, n *nn.Network, net *engine.Net, mode nn.Mode, x, d, mask []float32, want [][]float32) {
	t.Helper()
	const tolerance = 2e-4
	if mode == nn.Evaluation {
		err := net.Evaluate(len(d)/4, func(p *engine.Pass, from, to int) error {
			size := len(x) / (len(d) / 4)
			y, err := p.Forward(x[from*size : to*size])
			if err != nil {
				return err
			}
			modeltest.Near(t, "logits", y, want[0][from*4:to*4], tolerance)
			modeltest.Near(t, "gradient in images", p.Backward(d[from*4:to*4], engine.OfImages), want[1][from*size:to*size], tolerance)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		return
	}
	largest := 0.0 // of all gradients: that of a bias before a norm is zero, up to rounding
	for _, g := range want[2:] {
		largest = max(largest, float64(slices.Max(g)), -float64(slices.Min(g)))
	}
	for pass := range 2 {
		net.ClearGradients()
		p, err := net.Train(x, mask)
		if err != nil {
			t.Fatal(err)
		}
		modeltest.Near(t, "logits", p.Output(), want[0], tolerance)
		modeltest.Near(t, "gradient in images", p.Backward(d, engine.OfImages|engine.OfWeights), want[1], tolerance)
		p.Done()
		gradient, statistic := 2, 2
		for _, param := range n.Params {
			if param.Trainable {
				statistic++
			}
		}
		for i, param := range n.Params {
			switch {
			case param.Trainable:
				modeltest.NearWithin(t, param.Name, net.Gradients[i], want[gradient], tolerance, largest)
				gradient++
			case pass == 0:
				modeltest.Near(t, param.Name, net.Parameters()[i], want[statistic], tolerance)
				statistic++
			}
		}
	}
}

func TestNetworksThatDoNotFitAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		build func(b *nn.Builder)
		want  string
	}{
		"kernel": {func(b *nn.Builder) {
			b.Apply(b.Conv("c", nn.ConvSpec{In: 3, Out: 3, Kernel: 11, Stride: 2, Pad: 1}), nn.Images)
		},
			"8 x 8 pixels are too few for a convolution with kernel 11 and padding 1: it needs 9 x 9"},
		"dense":    {func(b *nn.Builder) { b.Apply(b.Dense("d", 3, 2), nn.Images) }, "a nn.Dense gets images of 8 x 8 pixels: flatten them first"},
		"channels": {func(b *nn.Builder) { b.Apply(b.Conv("c", nn.Conv3x3(4, 8, 1)), nn.Images) }, "step 1 of the network: a nn.Conv of 4 channels gets 3"},
		"pool":     {func(b *nn.Builder) { b.Apply(nn.MaxPool{Size: 3}, nn.Images) }, "8 x 8 pixels cannot be divided into squares of 3"},
		"sum": {func(b *nn.Builder) {
			b.Apply(nn.Add{}, nn.Images, b.Apply(b.Conv("c", nn.Conv3x3(3, 3, 2)), nn.Images))
		}, "step 2 of the network: values of 3 x 8 x 8 and 3 x 4 x 4 cannot be added"},
		"join": {func(b *nn.Builder) {
			b.Apply(nn.Join{}, nn.Images, b.Apply(b.Conv("c", nn.Conv3x3(3, 3, 2)), nn.Images))
		}, "8 x 8 and 4 x 4 pixels cannot be joined"},
	} {
		b := &nn.Builder{}
		c.build(b)
		if _, err := engine.New(b.Network(3), [3]int{3, 8, 8}, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

func TestPoolsOverTheWholeImageNeedSquares(t *testing.T) {
	b := &nn.Builder{}
	b.Apply(nn.MaxPool{}, nn.Images)
	for rows, want := range map[int]string{8: "", 4: "4 x 8 pixels are not a square"} {
		_, err := engine.New(b.Network(3), [3]int{3, rows, 8}, 1)
		if got := fmt.Sprint(err); (want == "") != (err == nil) || !strings.Contains(got, want) && err != nil {
			t.Errorf("%d rows: error %v, want %q", rows, err, want)
		}
	}
}

func TestOneValuePerChannelHasNoVariance(t *testing.T) {
	b := &nn.Builder{}
	x := b.Then(nn.Images, b.Conv("c", nn.Conv3x3(3, 4, 2)), b.PlainNorm("n", 4))
	b.Then(x, nn.Flatten{}, b.Dense("d", 4, 2))
	net, err := engine.New(b.Network(3), [3]int{3, 2, 2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := net.Train(make([]float32, 12), nil); err == nil || err.Error() != nn.OneValuePerChannel {
		t.Errorf("error %v", err)
	}
	if _, err := net.Train(make([]float32, 24), nil); err != nil {
		t.Errorf("two images: %v", err)
	}
}

// TestImagesDoNotMeetInEvaluation has an image of NaN between others.
func TestImagesDoNotMeetInEvaluation(t *testing.T) {
	be, err := backend.Open(backend.Default, 1)
	if err != nil {
		t.Fatal(err)
	}
	n := sample(rand.New(rand.NewPCG(3, 3)), 8, 8)
	w, err := nn.NewWeights(be, n.Params, 1, "weights")
	if err != nil {
		t.Fatal(err)
	}
	net, err := engine.New(n, [3]int{3, 8, 8}, 2)
	if err == nil {
		err = net.Load(w)
	}
	if err != nil {
		t.Fatal(err)
	}
	const images, size = 9, 3 * 8 * 8
	x, d := make([]float32, images*size), slices.Repeat([]float32{1}, images*4)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	run := func(x []float32) (logits, gradient []float32) {
		logits, gradient = make([]float32, images*4), make([]float32, len(x))
		err := net.Evaluate(images, func(p *engine.Pass, from, to int) error {
			y, err := p.Forward(x[from*size : to*size])
			copy(logits[from*4:], y)
			copy(gradient[from*size:], p.Backward(d[from*4:to*4], engine.OfImages))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return logits, gradient
	}
	logits, gradient := run(x)
	spoilt := slices.Clone(x)
	for i := 2 * size; i < 3*size; i++ {
		spoilt[i] = float32(math.NaN())
	}
	run(spoilt) // leaves its buffers behind
	again, gradientAgain := run(spoilt)
	for i := range images {
		same := slices.Equal(again[i*4:(i+1)*4], logits[i*4:(i+1)*4]) &&
			slices.Equal(gradientAgain[i*size:(i+1)*size], gradient[i*size:(i+1)*size])
		if same != (i != 2) {
			t.Errorf("image %d: the same result is %v", i, same)
		}
	}
}
