package classifier

import (
	"bytes"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/kindtest"
)

// TestEveryClassIsHeldOutByItsShare has labels in a cycle, sorted and of uneven numbers. It also finds
// that every image is either held out or trained on.
func TestEveryClassIsHeldOutByItsShare(t *testing.T) {
	for name, c := range map[string]struct {
		label func(i int) int32
		want  []int // held out by class, of 12 of 120
	}{
		"cycle":  {func(i int) int32 { return int32(i % 4) }, []int{3, 3, 3, 3}},
		"sorted": {func(i int) int32 { return int32(i / 30) }, []int{3, 3, 3, 3}},
		"uneven": {func(i int) int32 { return int32(min(i%6, 3)) }, []int{2, 2, 2, 6}},
	} {
		m := &artifact.Images{Shape: artifact.Shape{Channels: 1, Height: 1, Width: 1}, Classes: []string{"a", "b", "c", "d"}}
		for i := range 120 {
			m.Train.Label, m.Train.Pixels = append(m.Train.Label, c.label(i)), append(m.Train.Pixels, uint8(i))
		}
		for _, images := range []int{12, 0} { // 0: a tenth
			held, rest := Select{From: fromTraining, Images: images}.divide(m)
			counts := make([]int, 4)
			for _, label := range held.Label {
				counts[label]++
			}
			if !slices.Equal(counts, c.want) {
				t.Errorf("%s: %v are held out, want %v", name, counts, c.want)
			}
			seen := map[uint8]bool{}
			for _, part := range []artifact.ImageSet{held, rest} {
				for i, pixel := range part.Pixels {
					if seen[pixel] || part.Label[i] != c.label(int(pixel)) {
						t.Errorf("%s: image %d is there twice, or has another label", name, pixel)
					}
					seen[pixel] = true
				}
			}
			if len(seen) != 120 {
				t.Errorf("%s: %d of 120 images are held out or trained on", name, len(seen))
			}
		}
	}
}

// TestHeldOutImagesAreNotTrainedOn changes one of them, and one that is trained on.
func TestHeldOutImagesAreNotTrainedOn(t *testing.T) {
	images := func(change int) *artifact.Images {
		m := &artifact.Images{Shape: artifact.Shape{Channels: 3, Height: 8, Width: 8}, Classes: []string{"dark", "bright"}}
		for i := range 24 {
			v := uint8(40 + 120*(i%2) + i)
			if i == change {
				v = 255
			}
			m.Train.Label = append(m.Train.Label, int32(i%2))
			m.Train.Pixels = append(m.Train.Pixels, bytes.Repeat([]byte{v}, m.Shape.Size())...)
		}
		m.Test = m.Train
		return m
	}
	weights := func(change int) []byte {
		p := tinyParams("plain")
		p.Select.From, p.Select.Images = fromTraining, 6
		a := train(t, kindtest.Written(t, images(change).Write), p, 7, 1)
		path, err := a.Path("last.safetensors")
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
	same := weights(-1)
	if !bytes.Equal(weights(7), same) {
		t.Error("another image that is held out changes the last weights")
	}
	if bytes.Equal(weights(4), same) {
		t.Error("another image that is trained on changes nothing")
	}
}

func TestThePartThatAnAttackerHasLearned(t *testing.T) {
	of := func(losses ...float64) (found []score) {
		for i, name := range []string{clean, pgd, learned}[:len(losses)] {
			found = append(found, score{name, 0, losses[i]})
		}
		return found
	}
	for _, c := range []struct {
		found []score
		want  float64
		ok    bool
	}{{of(1, 3, 2), 0.5, true}, {of(1, 3, 4), 1.5, true}, {of(1, 3), 0, false}, {of(1, 1, 2), 0, false}} {
		if part, ok := attackersPart(c.found); math.Abs(part-c.want) > 1e-12 || ok != c.ok {
			t.Errorf("%v: %v, %v; want %v, %v", c.found, part, ok, c.want, c.ok)
		}
	}
}

// TestCurvesOfGames finds the curves about attackers and gradients in the history.
func TestCurvesOfGames(t *testing.T) {
	a := train(t, textures(t), tinyParams("l2l-grad"), 7, 1)
	saved, err := checkpoints.Read(a)
	if err != nil {
		t.Fatal(err)
	}
	curves, err := saved.Curves()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range curves {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
		if strings.HasPrefix(c.Name, flatCurve) && (c.Value < 0 || c.Value > 4) {
			t.Errorf("%s is %v in 4 batches", c.Name, c.Value)
		}
	}
	for _, name := range []string{"train/flat_gradients/classifier", "train/flat_gradients/attacker", "selection/learned/part"} {
		if !slices.Contains(names, name) {
			t.Errorf("there is no curve %s: %v", name, names)
		}
	}
}
