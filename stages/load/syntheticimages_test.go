package load

import (
	"context"
	"fmt"
	"math"
	"testing"

	"foil/internal/artifact"
	"foil/spec"
)

func somePictures(t testing.TB, seed uint64, change func(*SyntheticImagesParams)) (*SyntheticImagesParams, *artifact.Images) {
	t.Helper()
	p := &SyntheticImagesParams{Classes: 6, Size: 16, PerClassTrain: 40, PerClassTest: 20, Noise: 0.05}
	change(p)
	m, err := synthesizeImages(t.Context(), p, seed)
	if err != nil {
		t.Fatal(err)
	}
	return p, m
}

// energies says how strong every wave is in an image, whatever its phase, summed
// over the channels in the wave's own mixture.
func energies(q *painter, waves []wave, px []uint8) []float64 {
	out := make([]float64, len(waves))
	plane := q.size * q.size
	for n, w := range waves {
		var re, im, norm float64
		for i := range plane {
			turn := 2 * math.Pi * float64(w.across*(i%q.size)+w.down*(i/q.size)) / float64(q.size)
			sin, cos := math.Sincos(turn)
			for c, share := range w.colour {
				v := float64(share) / colourUnit * float64(px[c*plane+i])
				re += v * cos
				im += v * sin
			}
		}
		for _, share := range w.colour {
			norm += float64(share*share) / (colourUnit * colourUnit)
		}
		out[n] = math.Hypot(re, im) / (norm * float64(plane) / 2)
	}
	return out
}

// best is the class whose two waves are strongest together.
func (q *painter) best(px []uint8) int {
	e := energies(q, q.pool, px)
	best, most := 0, -1.0
	for class, pair := range q.pairs {
		if sum := e[pair[0]] + e[pair[1]]; sum > most {
			best, most = class, sum
		}
	}
	return best
}

// hit is the share of the images of which guess is right.
func hit(x artifact.ImageSet, size int, guess func(i int, px []uint8) int) float64 {
	right := 0
	for i, label := range x.Label {
		if guess(i, x.Pixels[i*size:][:size]) == int(label) {
			right++
		}
	}
	return float64(right) / float64(x.Len())
}

func TestTexturesTellTheClass(t *testing.T) {
	for seed := range uint64(3) {
		p, m := somePictures(t, seed, func(*SyntheticImagesParams) {})
		q := newPainter(p, seed)
		if got := hit(m.Test, m.Shape.Size(), func(_ int, px []uint8) int { return q.best(px) }); got < 0.95 {
			t.Errorf("seed %d: who knows the waves is right in a share of %.2f only", seed, got)
		}
	}
}

// Where phases differ, single pixels say nothing: a linear model finds no class.
func TestSinglePixelsTellNothing(t *testing.T) {
	for seed := range uint64(3) {
		p, m := somePictures(t, seed, func(p *SyntheticImagesParams) { p.PerClassTrain = 200 })
		size := m.Shape.Size()
		mean := make([]float64, p.Classes*size)
		for i, label := range m.Train.Label {
			for j, v := range m.Train.Pixels[i*size:][:size] {
				mean[int(label)*size+j] += float64(v) / float64(p.PerClassTrain)
			}
		}
		nearest := func(_ int, px []uint8) int {
			best, least := 0, math.Inf(1)
			for class := range p.Classes {
				far := 0.0
				for j, v := range px {
					d := float64(v) - mean[class*size+j]
					far += d * d
				}
				if far < least {
					best, least = class, far
				}
			}
			return best
		}
		if got := hit(m.Test, size, nearest); got > 0.35 {
			t.Errorf("seed %d: the nearest mean image is right in a share of %.2f; chance is %.2f", seed, got, 1/float64(p.Classes))
		}
	}
}

// Eight levels, what attacks on images may usually change, mislead networks that
// were not trained against them, but leave enough of the waves that one can be:
// only three times as much hides them from who knows what to look for.
func TestTheClassSurvivesSmallChanges(t *testing.T) {
	p, m := somePictures(t, 1, func(*SyntheticImagesParams) {})
	q := newPainter(p, 1)
	attacked := func(levels float64) float64 {
		return hit(m.Test, m.Shape.Size(), func(i int, px []uint8) int {
			class := int(m.Test.Label[i])
			return q.best(q.mislead(px, class, (class+1)%p.Classes, levels))
		})
	}
	if small, large := attacked(8), attacked(24); small < 0.7 || large > 0.3 {
		t.Errorf("right in a share of %.2f after a change of 8 levels, of %.2f after 24", small, large)
	}
}

// mislead changes every pixel by at most so many levels, along the gradient of
// how much more of another class's waves there is than of its own.
func (q *painter) mislead(px []uint8, from, to int, levels float64) []uint8 {
	plane := q.size * q.size
	gradient := make([]float64, len(px))
	add := func(w wave, sign float64) {
		var re, im float64
		value := func(i int) (sin, cos float64) {
			return math.Sincos(2 * math.Pi * float64(w.across*(i%q.size)+w.down*(i/q.size)) / float64(q.size))
		}
		for i := range plane {
			sin, cos := value(i)
			for c, share := range w.colour {
				re += float64(share) * float64(px[c*plane+i]) * cos
				im += float64(share) * float64(px[c*plane+i]) * sin
			}
		}
		for i := range plane {
			sin, cos := value(i)
			for c, share := range w.colour {
				gradient[c*plane+i] += sign * float64(share) * (re*cos + im*sin) / math.Hypot(re, im)
			}
		}
	}
	for i := range 2 {
		add(q.pool[q.pairs[to][i]], 1)
		add(q.pool[q.pairs[from][i]], -1)
	}
	out := make([]uint8, len(px))
	for i, v := range px {
		out[i] = uint8(min(max(float64(v)+math.Copysign(levels, gradient[i]), 0), 255))
	}
	return out
}

func TestImagesAreThoseAskedFor(t *testing.T) {
	for _, c := range []SyntheticImagesParams{
		{Classes: 2, Size: 16, PerClassTrain: 1, PerClassTest: 1},
		{Classes: 100, Size: 16, PerClassTrain: 2, PerClassTest: 1, Noise: 1},
		{Classes: 3, Size: 24, PerClassTrain: 5, PerClassTest: 2, Noise: 0.1},
		{Classes: 100, Size: 64, PerClassTrain: 1, PerClassTest: 1},
	} {
		m, err := synthesizeImages(t.Context(), &c, 7)
		if err != nil {
			t.Fatal(err)
		}
		if m.Train.Len() != c.Classes*c.PerClassTrain || m.Test.Len() != c.Classes*c.PerClassTest || len(m.Classes) != c.Classes || m.Shape.Height != c.Size {
			t.Errorf("%+v: %d and %d images of %d classes, %v", c, m.Train.Len(), m.Test.Len(), len(m.Classes), m.Shape)
		}
		pairs := map[[2]int]bool{}
		for _, pair := range newPainter(&c, 7).pairs {
			pairs[pair] = true
		}
		if len(pairs) != c.Classes {
			t.Errorf("%+v: %d different pairs of waves", c, len(pairs))
		}
	}
}

// More images leave those that were there as they are, and tests do not depend
// on training.
func TestMoreImagesBeginWithTheSame(t *testing.T) {
	_, few := somePictures(t, 3, func(p *SyntheticImagesParams) { p.PerClassTrain = 2 })
	_, many := somePictures(t, 3, func(p *SyntheticImagesParams) { p.PerClassTrain = 5 })
	if n := len(few.Train.Pixels); string(many.Train.Pixels[:n]) != string(few.Train.Pixels) || string(many.Test.Pixels) != string(few.Test.Pixels) {
		t.Error("other images")
	}
}

// Output changed and Version not raised: raise it, and only then change the
// digest here.
func TestSyntheticImagesArePinned(t *testing.T) {
	kind := SyntheticImages()
	tiny := func() *SyntheticImagesParams {
		return &SyntheticImagesParams{Classes: 3, Size: 16, PerClassTrain: 4, PerClassTest: 2, Noise: 0.05}
	}
	first, a, _, err := loadedImages(t, kind, nil, tiny())
	if err != nil {
		t.Fatal(err)
	}
	if _, again, _, err := loadedImages(t, kind, nil, tiny()); err != nil || again.Digest() != a.Digest() {
		t.Errorf("two runs differ (%v)", err)
	}
	if got, want := fmt.Sprint(kind.Version, " ", a.Digest().Short()), "1 c8a5fad861f4"; got != want {
		t.Errorf("version and digest are %s, were %s", got, want)
	}
	if other, err := synthesizeImages(t.Context(), tiny(), 43); err != nil || string(other.Train.Pixels) == string(first.Train.Pixels) {
		t.Errorf("another seed has the same images (%v)", err)
	}
}

func TestOddSizesAreReported(t *testing.T) {
	p := &SyntheticImagesParams{Size: 30}
	var got string
	syntheticImagesParams.Check(p, spec.ReportTo(func(path, message string) { got = path + ": " + message }))
	if want := "size: 30 is not a multiple of 8; the next larger one is 32"; got != want {
		t.Error(got)
	}
}

func TestCancelledPaintingStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := synthesizeImages(ctx, syntheticImagesParams.New(), 1); err != context.Canceled {
		t.Error(err)
	}
}
