package classifier

import (
	"testing"

	"foil/pipeline"
	"foil/stages/classifierfile"
	"foil/stages/load"
	"foil/stages/stagetest"
)

// textures are small images of three classes.
func textures(t testing.TB) pipeline.Artifact {
	t.Helper()
	p := load.SyntheticImages().Params().(*load.SyntheticImagesParams)
	p.Classes, p.Size, p.PerClassTrain, p.PerClassTest = 3, 16, 9, 4
	return stagetest.MustRun(t, load.SyntheticImages(), &pipeline.Cell{Params: p, Seed: 1})
}

func tinyParams(method string) *Params {
	p := defaults().(*Params)
	p.Method = method
	p.Network = classifierfile.Network{Name: "resnet-9", Width: 2}
	p.Epochs, p.Batch, p.Crop = 3, 8, 2
	p.Schedule.Epochs = []int{2}
	p.PGD.Steps, p.TRADES.Steps, p.Select.Steps = 2, 2, 2
	p.L2L.Attacker = classifierfile.Attacker{Name: "slim", Width: 2}
	p.Settle()
	return p
}

func train(t testing.TB, data pipeline.Artifact, p *Params, seed uint64, cores int) pipeline.Artifact {
	t.Helper()
	return stagetest.MustRun(t, Kind(), &pipeline.Cell{
		Params: p, Seed: seed, Cores: cores, Inputs: map[string]pipeline.Artifact{"data": data},
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
		points := stagetest.Curves(t, train(t, data, p, 7, 1))
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
