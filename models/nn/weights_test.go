package nn_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/backend"
	"foil/models/nn"
	"foil/models/zoo"
)

func TestLoadNamesEveryTensorThatCannotBeTaken(t *testing.T) {
	n := authors.Tiny(true)
	for name, c := range map[string]struct {
		stored map[string]*nn.Stored // in place of good ones; nil: missing
		want   []string
	}{
		"another network": {
			map[string]*nn.Stored{"conv2.weight": {nn.F32, []int{4, 8, 3, 3}, make([]float32, 288)}, "bn1.running_var": nil, "bn1.bias": {"I32", []int{4}, nil}},
			[]string{"3 of 12 tensors do not fit the network; are they another network's", "conv2.weight has shape [4 8 3 3], not [8 4 3 3]", "bn1.running_var is missing", "bn1.bias has type I32, not F32"},
		},
		"another type": {
			map[string]*nn.Stored{"conv2.weight": {"F16", []int{8, 4, 3, 3}, nil}, "bn1.bias": {"I32", []int{4}, nil}},
			[]string{"2 of 12 tensors cannot be taken; store them as F32: ", "conv2.weight has type F16, not F32", "bn1.bias has type I32, not F32"},
		},
		"type and shape of one": {
			map[string]*nn.Stored{"bn1.bias": {"F64", []int{2}, nil}},
			[]string{"1 of 12", "bn1.bias has type F64, not F32, and shape [2], not [4]"},
		},
		"values that are no numbers": {
			map[string]*nn.Stored{
				"bn1.bias":   {nn.F32, []int{4}, []float32{0, float32(math.NaN()), math.MaxFloat32, -math.MaxFloat32}},
				"bn1.weight": {nn.F32, []int{4}, []float32{float32(math.Inf(1)), 0, 0, float32(math.Inf(-1))}},
			},
			[]string{
				"2 of 12 tensors cannot be taken; did the training diverge?",
				"bn1.bias has NaN or infinity for 1 of 4 values", "bn1.weight has NaN or infinity for 2 of 4 values",
			},
		},
		"too few values": {
			map[string]*nn.Stored{"bn1.bias": {nn.F32, []int{4}, make([]float32, 3)}},
			[]string{"bn1.bias has 3 values, not 4"},
		},
	} {
		w, err := nn.NewWeights(modeltest.Backend(t), n.Params, 1, "weights")
		if err != nil {
			t.Fatal(err)
		}
		before, err := backend.Copy(w.Tensors[0])
		if err != nil {
			t.Fatal(err)
		}
		err = w.Load(zerosBut(n.Params, c.stored))
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error %v does not say %q", name, err, want)
			}
		}
		if after, err := backend.Copy(w.Tensors[0]); err != nil || !slices.Equal(before, after) {
			t.Errorf("%s: some weights are replaced although others cannot be taken (%v)", name, err)
		}
	}
}

// zerosBut finds zeros for all parameters, except for those of others; a nil there is
// not found.
func zerosBut(params []nn.Param, others map[string]*nn.Stored) func(name string) (nn.Stored, bool) {
	return func(name string) (nn.Stored, bool) {
		if other, ok := others[name]; ok {
			if other == nil {
				return nn.Stored{}, false
			}
			return *other, true
		}
		for _, p := range params {
			if p.Name == name {
				return nn.Stored{nn.F32, p.Shape, make([]float32, p.Size())}, true
			}
		}
		return nn.Stored{}, false
	}
}

// TestInitialSpreads holds the standard deviation of each kind of initialisation.
func TestInitialSpreads(t *testing.T) {
	flat := func(bound float64) float64 { return bound / math.Sqrt(3) } // of a uniform one
	cases := []struct {
		network *nn.Network
		name    string
		mean    float64
		sd      float64
	}{
		{zoo.ResNet9(64, 10), "conv3.conv1.weight", 0, flat(1 / math.Sqrt(128*9))},
		{zoo.ResNet9(64, 10), "fc.weight", 0, flat(1 / math.Sqrt(512))},
		{zoo.ResNet9(64, 10), "conv1.bn1.weight", 1, 0},
		{zoo.ResNet9(64, 10), "conv1.bn1.running_var", 1, 0},
		{zoo.ResNet18(16, 10), "layer4.0.conv1.weight", 0, flat(1 / math.Sqrt(64*9))},
		{zoo.WideResNet(10, 4, 16, 10), "block2.layer.0.conv1.weight", 0, math.Sqrt(2 / (9.0 * 128))},
		{zoo.WideResNet(10, 4, 16, 10), "block2.layer.0.convShortcut.weight", 0, math.Sqrt(2 / 128.0)},
		{zoo.WideResNet(10, 4, 16, 10), "fc.bias", 0, 0},
		{zoo.SmallCNN(1, 28, 32, 200, 10), "feature_extractor.conv4.weight", 0, math.Sqrt(2 / (9.0 * 64))},
		{zoo.SmallCNN(1, 28, 32, 200, 10), "classifier.fc1.weight", 0, flat(1 / math.Sqrt(1024))},
		{zoo.SmallCNN(1, 28, 32, 200, 10), "classifier.fc3.weight", 0, 0},
		{zoo.Slim(6, 64), "res_group.1.c1.weight", 0, math.Sqrt2 * math.Sqrt(2/(9.0*(64+128)))},
		{zoo.Slim(6, 64), "res_group.1.c_sc.weight", 0, math.Sqrt(2.0 / (64 + 128))},
		{zoo.Slim(6, 64), "res_group.1.c2.bias", 0, flat(1 / math.Sqrt(128*9))},
		{zoo.Slim(6, 64), "res_group.1.act1.weight", 0.25, 0},
		{zoo.Slim(6, 64), "res_group.4.conv.weight", 0, flat(1 / math.Sqrt(16*16))},
		{zoo.Slim(6, 64), "scale_last", 5, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			i := slices.IndexFunc(c.network.Params, func(p nn.Param) bool { return p.Name == c.name })
			w, err := nn.NewWeights(modeltest.Backend(t), c.network.Params[i:i+1], 1, "weights")
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
		w, err := nn.NewWeights(modeltest.Backend(t), authors.Tiny(true).Params, seed, purpose)
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
