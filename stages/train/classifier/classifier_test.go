package classifier

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/classifiers"
	"foil/internal/kindtest"
	"foil/pipeline"
	"foil/stages/load"
)

// textures are small images of three classes.
func textures(t testing.TB) pipeline.Artifact {
	t.Helper()
	p := load.SyntheticImages().Params().(*load.SyntheticImagesParams)
	p.Classes, p.Size, p.PerClassTrain, p.PerClassTest = 3, 16, 9, 4
	return kindtest.MustRun(t, load.SyntheticImages(), p, &pipeline.Cell{Seed: 1})
}

func tinyParams(method string) *Params {
	p := params.New()
	p.Method = method
	p.Network = classifiers.Network{Name: "resnet-9", Width: 2}
	p.Epochs, p.Batch, p.Crop = 3, 8, 2
	p.Schedule.Epochs = []int{2}
	p.PGD.Steps, p.TRADES.Steps, p.Select.Steps = 2, 2, 2
	p.L2L.Attacker = classifiers.Attacker{Name: "slim", Width: 2}
	p.Select.From, p.Select.Images = fromTest, 0
	params.SettleAll(p)
	return p
}

func train(t testing.TB, data pipeline.Artifact, p *Params, seed uint64, cores int) pipeline.Artifact {
	t.Helper()
	return kindtest.MustRun(t, Kind(), p, &pipeline.Cell{
		Seed: seed, Cores: cores, Inputs: map[string]pipeline.Artifact{"data": data},
	})
}

var methods = []string{"plain", "fgsm", "pgd", "trades", "l2l-naive", "l2l-grad", "l2l-2step", "l2l-kstep", "l2l-grad-interpolation", "l2l-2step-interpolation"}

func TestSameTrainingGivesTheSameBytes(t *testing.T) {
	data := textures(t)
	for _, method := range methods {
		want := train(t, data, tinyParams(method), 7, 1).Digest()
		if got := train(t, data, tinyParams(method), 7, 2).Digest(); got != want {
			t.Errorf("%s: two threads give other bytes", method)
		}
		if got := train(t, data, tinyParams(method), 8, 1).Digest(); got == want {
			t.Errorf("%s: two seeds give the same bytes", method)
		}
	}
}

// TestEveryMethodLearns trains longer, without augmentation.
func TestEveryMethodLearns(t *testing.T) {
	data := textures(t)
	for _, method := range methods {
		p := tinyParams(method)
		p.Epochs, p.Schedule.Epochs, p.Crop, p.Network.Width = 12, nil, 0, 4
		points := kindtest.Curves(t, train(t, data, p, 7, 1))
		var losses []float64
		for _, c := range points {
			if c.Name == "train/loss" {
				losses = append(losses, c.Value)
			}
		}
		if first, last := losses[0], losses[len(losses)-1]; last >= first {
			t.Errorf("%s: the loss goes from %.3f to %.3f", method, first, last)
		}
	}
}

// TestTheLastOfEqualEpochsIsTheBest selects by few images, so that epochs are equal.
func TestTheLastOfEqualEpochsIsTheBest(t *testing.T) {
	p := tinyParams("plain")
	p.Epochs, p.Select.Images = 5, 3
	a := train(t, textures(t), p, 7, 1)
	var best float64
	var epochs []int // that have it
	for _, c := range kindtest.Curves(t, a) {
		switch {
		case c.Name != "selection/pgd/accuracy" || c.Value < best:
		case c.Value > best:
			best, epochs = c.Value, []int{c.Epoch}
		default:
			epochs = append(epochs, c.Epoch)
		}
	}
	saved, err := checkpoints.Read(a)
	if err != nil || len(epochs) < 2 || saved.BestEpoch != epochs[len(epochs)-1] {
		t.Errorf("the best epoch is %d; the epochs %v are equal (%v)", saved.BestEpoch, epochs, err)
	}
}

// TestALossThatIsNoNumberIsNamed trains at a rate that no network survives.
func TestALossThatIsNoNumberIsNamed(t *testing.T) {
	for method, want := range map[string]string{"plain": `: the loss is (NaN|\+Inf); lower the rate$`, "l2l-naive": `: the (attacker )?loss is (NaN|\+Inf); lower the rate$`} {
		p := tinyParams(method)
		p.Rate = 1e30
		_, err := kindtest.Run(t, Kind(), p, &pipeline.Cell{
			Seed: 7, Cores: 1, Inputs: map[string]pipeline.Artifact{"data": textures(t)},
		})
		if err == nil || !regexp.MustCompile(`^epoch 1: step \d+`+want).MatchString(err.Error()) {
			t.Errorf("%s: error %v, want one like %s", method, err, want)
		}
	}
	for loss, want := range map[string]string{"loss": "loss", "adversarial": "adversarial loss", "attacker": "attacker loss"} {
		if got := inWords(loss); got != want {
			t.Errorf("the loss %q is called %q, want %q", loss, got, want)
		}
	}
}

// specks are images of two classes and 8 x 8 pixels, the smallest there are.
func specks(t testing.TB, train int) pipeline.Artifact {
	t.Helper()
	m := &artifact.Images{Shape: artifact.Shape{Channels: 3, Height: 8, Width: 8}, Classes: []string{"dark", "light"}}
	for i := range train {
		m.Train.Label = append(m.Train.Label, int32(i%2))
		m.Train.Pixels = append(m.Train.Pixels, bytes.Repeat([]byte{uint8(40 + 120*(i%2))}, m.Shape.Size())...)
	}
	m.Test = m.Train
	return kindtest.Written(t, m.Write)
}

func TestWhatCannotBeTrainedIsRefused(t *testing.T) {
	data := textures(t) // 16 x 16, 12 test images
	for _, c := range []struct {
		name, want string
		data       pipeline.Artifact
		edit       func(*Params)
	}{
		{"more held-out images than there are", "select.images is 27, but the data has 27 training images, and some must remain to train on", data,
			func(p *Params) { p.Select.From, p.Select.Images = fromTraining, 27 }},
		{"more test images than there are", "select.images is 13, but the data has 12", data, func(p *Params) { p.Select.Images = 13 }},
		{"a rate that is far too large", "lower the rate", data, func(p *Params) { p.Rate, p.Epochs = 1e30, 5 }},
		{"a last batch of one image that shrinks to a pixel", "batch norm gets one value per channel", specks(t, 9), func(*Params) {}},
		{"images that a network cannot halve twice", "small-cnn needs 16 x 16 or larger, and a height and width that are multiples of 4", specks(t, 10),
			func(p *Params) { p.Network = classifiers.Network{Name: "small-cnn", Width: 2} }},
		{"none of these", "", specks(t, 10), func(*Params) {}},
	} {
		p := tinyParams("plain")
		c.edit(p)
		_, err := kindtest.Run(t, Kind(), p, &pipeline.Cell{Seed: 7, Inputs: map[string]pipeline.Artifact{"data": c.data}})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
