package l2l

import (
	"math"
	"slices"
	"strings"
	"testing"

	"foil/models/backend"
)

func TestLoadNamesEveryTensorThatDoesNotFit(t *testing.T) {
	n := tiny(true)
	w, err := NewWeights(openBackend(t), n.Params, 1, "weights")
	if err != nil {
		t.Fatal(err)
	}
	before, err := backend.Copy(w.Tensors[0])
	if err != nil {
		t.Fatal(err)
	}
	err = w.Load(func(name string) ([]int, []float32, bool) {
		for _, p := range n.Params {
			switch {
			case name != p.Name:
			case name == "conv2.weight":
				return []int{4, 8, 3, 3}, make([]float32, p.Size()), true
			case name == "bn1.running_var":
				return nil, nil, false
			default:
				return p.Shape, make([]float32, p.Size()), true
			}
		}
		return nil, nil, false
	})
	if err == nil {
		t.Fatal("weights that do not fit are taken")
	}
	for _, want := range []string{"2 of 12", "conv2.weight has shape [4 8 3 3], not [8 4 3 3]", "bn1.running_var is missing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error %q does not say %q", err, want)
		}
	}
	after, err := backend.Copy(w.Tensors[0])
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, after) {
		t.Error("some weights are replaced although others do not fit")
	}
}

// TestInitialSpreads holds the standard deviation of each kind of initialisation.
func TestInitialSpreads(t *testing.T) {
	flat := func(bound float64) float64 { return bound / math.Sqrt(3) } // of a uniform one
	cases := []struct {
		network *Network
		name    string
		mean    float64
		sd      float64
	}{
		{ResNet9(64, 10), "conv3.conv1.weight", 0, flat(1 / math.Sqrt(128*9))},
		{ResNet9(64, 10), "fc.weight", 0, flat(1 / math.Sqrt(512))},
		{ResNet9(64, 10), "conv1.bn1.weight", 1, 0},
		{ResNet9(64, 10), "conv1.bn1.running_var", 1, 0},
		{ResNet18(16, 10), "layer4.0.conv1.weight", 0, flat(1 / math.Sqrt(64*9))},
		{WideResNet(10, 4, 16, 10), "block2.layer.0.conv1.weight", 0, math.Sqrt(2 / (9.0 * 128))},
		{WideResNet(10, 4, 16, 10), "block2.layer.0.convShortcut.weight", 0, math.Sqrt(2 / 128.0)},
		{WideResNet(10, 4, 16, 10), "fc.bias", 0, 0},
		{SmallCNN(1, 28, 32, 200, 10), "feature_extractor.conv4.weight", 0, math.Sqrt(2 / (9.0 * 64))},
		{SmallCNN(1, 28, 32, 200, 10), "classifier.fc1.weight", 0, flat(1 / math.Sqrt(1024))},
		{SmallCNN(1, 28, 32, 200, 10), "classifier.fc3.weight", 0, 0},
		{Slim(6, 64), "res_group.1.c1.weight", 0, math.Sqrt2 * math.Sqrt(2/(9.0*(64+128)))},
		{Slim(6, 64), "res_group.1.c_sc.weight", 0, math.Sqrt(2.0 / (64 + 128))},
		{Slim(6, 64), "res_group.1.c2.bias", 0, flat(1 / math.Sqrt(128*9))},
		{Slim(6, 64), "res_group.1.act1.weight", 0.25, 0},
		{Slim(6, 64), "res_group.4.conv.weight", 0, flat(1 / math.Sqrt(16*16))},
		{Slim(6, 64), "scale_last", 5, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			i := slices.IndexFunc(c.network.Params, func(p Param) bool { return p.Name == c.name })
			w, err := NewWeights(openBackend(t), c.network.Params[i:i+1], 1, "weights")
			if err != nil {
				t.Fatal(err)
			}
			x, err := backend.Copy(w.Tensors[0])
			if err != nil {
				t.Fatal(err)
			}
			var sum, squares float64
			for _, v := range x {
				sum += float64(v) - c.mean
				squares += (float64(v) - c.mean) * (float64(v) - c.mean)
			}
			count := float64(len(x))
			if mean := sum / count; math.Abs(mean) > 4*c.sd/math.Sqrt(count) {
				t.Errorf("the mean is %g beside %g", mean, c.mean)
			}
			if sd := math.Sqrt(squares / count); math.Abs(sd-c.sd) > 3*c.sd/math.Sqrt(count) {
				t.Errorf("the standard deviation of %d values is %g, want %g", len(x), sd, c.sd)
			}
		})
	}
}

func TestWeightsStartFromTheirSeedAndPurpose(t *testing.T) {
	start := func(seed uint64, purpose string) []float32 {
		w, err := NewWeights(openBackend(t), tiny(true).Params, seed, purpose)
		if err != nil {
			t.Fatal(err)
		}
		x, err := backend.Copy(w.Tensors[0])
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	first := start(1, "classifier")
	if !slices.Equal(first, start(1, "classifier")) {
		t.Error("equal seeds give other weights")
	}
	if slices.Equal(first, start(2, "classifier")) || slices.Equal(first, start(1, "source")) {
		t.Error("another seed or purpose gives the same weights")
	}
}
