package engine

import (
	"math"
	"slices"
	"strings"
	"testing"

	"foil/internal/modeltest"
	"foil/models/nn"
)

// loaded is a network with initial weights, on one thread.
func loaded(t *testing.T, n *nn.Network, image [3]int) *Net {
	t.Helper()
	w, err := nn.NewWeights(modeltest.Backend(t), n.Params, 1, "weights")
	if err != nil {
		t.Fatal(err)
	}
	net, err := New(n, image, 1)
	if err == nil {
		err = net.Load(w)
	}
	if err != nil {
		t.Fatal(err)
	}
	return net
}

// TestPassesDoNotPileUp trains on batches that grow, and on some that fail.
func TestPassesDoNotPileUp(t *testing.T) {
	b := &nn.Builder{}
	x := b.Then(nn.Images, b.Conv("c", nn.Conv3x3(3, 4, 1)), b.PlainNorm("n", 4), nn.Flatten{})
	b.Apply(b.Dense("d", 4, 2), x)
	net := loaded(t, b.Network(3), [3]int{3, 1, 1})
	for images := 1; images < 6; images++ {
		p, err := net.Train(make([]float32, 3*images), nil)
		if (err != nil) != (images == 1) { // one value has no variance
			t.Fatalf("%d images: error %v", images, err)
		}
		if err == nil {
			p.Done()
		}
		if n := len(net.free[nn.Training]); n != 1 {
			t.Fatalf("%d images: %d passes are kept, not 1", images, n)
		}
	}
}

func TestImagesThatDoNotFitAreRefused(t *testing.T) {
	b := &nn.Builder{}
	b.Then(nn.Images, nn.Flatten{}, b.Dense("d", 12, 2))
	net := loaded(t, b.Network(3), [3]int{3, 2, 2})
	for _, n := range []int{0, 13} {
		want := "values are not those of one or more images of shape [3 2 2]"
		if _, err := net.Train(make([]float32, n), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d values: error %v, want %q", n, err, want)
		}
	}
	err := net.Evaluate(2, func(p *Pass, from, to int) error {
		if y, err := p.Forward(make([]float32, 12)); err != nil || len(y) != 2 {
			t.Errorf("the first result has %d values, error %v", len(y), err)
		}
		_, err := p.Forward(make([]float32, 36))
		return err
	})
	if want := "3 images for a pass that holds 2"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}

// TestGradientsOfImagesDoNotStay has a parameter right behind the images: its gradient goes through
// that of the images, which the first call does not want.
func TestGradientsOfImagesDoNotStay(t *testing.T) {
	b := &nn.Builder{}
	scale := b.Trainable("scale", nn.Constant(2), 1)
	b.Then(nn.Images, nn.Tanh{Scale: scale})
	net := loaded(t, b.Network(3), [3]int{3, 2, 2})
	x, d := []float32{.1, .2, .3, .4, .5, .6, .7, .8, .9, 1, 0, -1}, slices.Repeat([]float32{1}, 12)
	net.ClearGradients()
	p, err := net.Train(x, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Done()
	want := slices.Clone(p.Backward(d, OfImages))
	if p.Backward(d, OfWeights) != nil {
		t.Error("a gradient of images that was not asked for")
	}
	if got := p.Backward(d, OfImages); !slices.Equal(got, want) {
		t.Errorf("the gradient is %v, then %v", want, got)
	}
}

// TestNaNDoesNotStayInBuffers has values whose channels do not fill a block, behind others in a join.
// The gradient of one image is NaN, and the next one gets its buffers.
func TestNaNDoesNotStayInBuffers(t *testing.T) {
	b := &nn.Builder{}
	x := b.Then(nn.Images, b.Conv("c1", nn.Conv3x3(3, 6, 1)), b.Conv("c2", nn.Conv3x3(6, 6, 1)))
	y := b.Apply(b.Conv("c3", nn.Conv3x3(3, 5, 1)), nn.Images)
	z := b.Then(b.Apply(nn.Join{}, y, x), nn.SpaceMean{})
	b.Apply(b.Dense("d", 11, 2), z)
	net := loaded(t, b.Network(3), [3]int{3, 4, 4})
	images, nan := slices.Repeat([]float32{.5}, 48), float32(math.NaN())
	err := net.Evaluate(1, func(p *Pass, _, _ int) error {
		var found [][]float32
		for _, d := range [][]float32{{1, 2}, {nan, nan}, {1, 2}} {
			if _, err := p.Forward(images); err != nil {
				return err
			}
			found = append(found, slices.Clone(p.Backward(d, OfImages)))
		}
		if !slices.Equal(found[0], found[2]) {
			t.Errorf("the gradient is %v, and after one of NaN %v", found[0], found[2])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
