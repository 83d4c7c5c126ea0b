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

// TestHeldOutImagesAreAtEqualDistances also finds that every image is either held out or trained on.
func TestHeldOutImagesAreAtEqualDistances(t *testing.T) {
	m := &artifact.Images{Shape: artifact.Shape{Channels: 1, Height: 1, Width: 1}}
	for i := range 10 {
		m.Train.Label, m.Train.Pixels = append(m.Train.Label, int32(i)), append(m.Train.Pixels, uint8(i))
	}
	for n, want := range map[int][]int32{1: {9}, 3: {3, 6, 9}, 5: {1, 3, 5, 7, 9}, 9: {1, 2, 3, 4, 5, 6, 7, 8, 9}, 0: {9}} {
		held, rest := Select{From: fromTraining, Images: n}.divide(m)
		if !slices.Equal(held.Label, want) {
			t.Errorf("%d of 10: %v are held out, want %v", n, held.Label, want)
		}
		all := append(slices.Clone(held.Label), rest.Label...)
		slices.Sort(all)
		if !slices.Equal(all, m.Train.Label) {
			t.Errorf("%d of 10: held out %v, trained on %v", n, held.Label, rest.Label)
		}
		for i, label := range rest.Label {
			if rest.Pixels[i] != uint8(label) {
				t.Errorf("image %d has the pixels of %d", label, rest.Pixels[i])
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
	if !bytes.Equal(weights(3), same) {
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
