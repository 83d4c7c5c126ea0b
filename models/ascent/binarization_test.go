package ascent

import (
	"errors"
	"math"
	"slices"
	"testing"

	"foil/models/random"
)

// TestBinaryClassifiersTellTheEndFromTheInside draws the points of a classifier again, and holds its
// logits to features and readout of the network, by engine and graph.
func TestBinaryClassifiersTellTheEndFromTheInside(t *testing.T) {
	for _, byGraph := range []bool{false, true} {
		f, on := peer(t, byGraph)
		w := f.Weights(t, on.Config.Backend, on.Config.Network, "w.")
		settings := DefaultBinarization(0.03)
		settings.Inner = 20
		b, err := NewBinarizer(settings, on.Config, w)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			x := row(f.Images("in.x"), i, on.Size())
			binary, err := b.Around(t.Context(), x, random.New(1, "points"))
			if err != nil {
				t.Fatal(err)
			}
			points, draw := slices.Clone(x), random.New(1, "points")
			for range settings.Inner {
				points = append(points, b.inside(x, 1-settings.Gap, draw)...)
			}
			end := b.corner(x, draw)
			logits := logitsOf(t, binary, append(points, end...))
			least, most := math.Inf(1), math.Inf(-1)
			for j := range settings.Inner + 2 {
				lead := float64(logits[2*j+1] - logits[2*j])
				if want := j == settings.Inner+1; lead > 0 != want {
					t.Errorf("by graph %v, image %d, point %d: class 1 leads by %g", byGraph, i, j, lead)
				}
				least, most = min(least, lead), max(most, lead)
			}
			if math.Abs(most-least-1) > 1e-3 {
				t.Errorf("by graph %v, image %d: the logits have a range of %g, want 1", byGraph, i, most-least)
			}
			if d := distance(end, x); math.Abs(float64(d)-0.03) > 1e-6 {
				t.Errorf("the end is %g from the image", d)
			}
		}
		if logits := logitsOf(t, on, row(f.Images("in.x"), 0, on.Size())); len(logits) != 6 {
			t.Errorf("the classifier itself has %d classes now", len(logits))
		}
	}
}

// TestRandomSearchesFindWhatIsEverywhere puts the boundary beside the inner points.
func TestRandomSearchesFindWhatIsEverywhere(t *testing.T) {
	f, on := peer(t, false)
	w := f.Weights(t, on.Config.Backend, on.Config.Network, "w.")
	found := func(closeness float64, n int) (times int) {
		settings := DefaultBinarization(0.03)
		settings.Inner, settings.Closeness, settings.Random = 10, closeness, n
		b, err := NewBinarizer(settings, on.Config, w)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 6 {
			x, draw := row(f.Images("in.x"), i, on.Size()), random.New(uint64(i), "points")
			binary, err := b.Around(t.Context(), x, draw)
			if err != nil {
				t.Fatal(err)
			}
			ok, err := b.AtRandom(t.Context(), binary, x, draw)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				times++
			}
		}
		return times
	}
	if far, near := found(-0.9, 200), found(0.999, 1); far != 6 || near == 6 {
		t.Errorf("a random search finds class 1 for %d of 6 images where it is large, for %d where it is small", far, near)
	}
}

func TestNetworksThatDoNotSeparateAreTold(t *testing.T) {
	f, on := peer(t, false)
	w := f.Weights(t, on.Config.Backend, on.Config.Network, "w.")
	settings := DefaultBinarization(0) // all points are the same
	settings.Inner = 3
	b, err := NewBinarizer(settings, on.Config, w)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Around(t.Context(), row(f.Images("in.x"), 0, on.Size()), random.New(1, "points")); !errors.Is(err, ErrNotSeparable) {
		t.Errorf("error %v, want %v", err, ErrNotSeparable)
	}
}

// TestSeparationIsBeyondAllPoints has points that the first direction separates, points that need
// more, and points that nothing separates.
func TestSeparationIsBeyondAllPoints(t *testing.T) {
	for _, c := range []struct {
		inner, outer []float32
		ok           bool
	}{
		{[]float32{0, 0, 1, 0, 0, 1, 1, 1}, []float32{2, 2}, true},
		{[]float32{0, 0, 10, 1, -10, 1, 3, 1, 0, -9}, []float32{0, 1.2}, true},
		{[]float32{0, 0, 9, 0.9, 9, 0.8, 9, 0.7, 9, -5, -30, -8}, []float32{8.9, 1}, true},
		{[]float32{0, 0, 2, 0, 0, 2, 2, 2}, []float32{1, 1}, false},
	} {
		way, ok := separate(c.inner, c.outer)
		if ok != c.ok {
			t.Errorf("%v from %v: separated %v, want %v", c.outer, c.inner, ok, c.ok)
			continue
		}
		for i := 0; ok && i < len(c.inner); i += 2 {
			if dot(way, c.inner[i:i+2]) >= dot(way, c.outer) {
				t.Errorf("%v from %v: point %d lies as far along %v", c.outer, c.inner, i/2, way)
			}
		}
	}
}
