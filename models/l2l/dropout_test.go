package l2l

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/internal/modeltest"
	"foil/models/ascent"
	"foil/models/nn"
	"foil/models/random"
	"foil/models/zoo"
)

// dropping is a small CNN for images that attackers can see, with a last layer that
// lets something through.
func dropping(t *testing.T, b compute.Backend) (*nn.Network, func() *nn.Weights) {
	t.Helper()
	n := zoo.SmallCNN(nn.ImageChannels, 16, 4, 20, 10)
	for i := range n.Params {
		if strings.HasPrefix(n.Params[i].Name, "classifier.fc3") {
			n.Params[i].Init = nn.Uniform(0.5)
		}
	}
	return n, func() *nn.Weights {
		w, err := nn.NewWeights(b, n.Params, 1, "weights")
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
}

func filledWith(v float32, dims ...int) *tensors.Tensor {
	return tensors.FromScalarAndDimensions(v, dims...)
}

func smallBatch() Batch {
	return Batch{
		X:      modeltest.Normal(random.New(1, "images"), 4, nn.ImageChannels, 16, 16),
		Labels: tensors.FromFlatDataAndDimensions([]int32{1, 3, 5, 7}, 4),
		Noise:  filledWith(0, 4, nn.ImageChannels, 16, 16),
	}
}

func TestMasksDropTheirShareAndMakeUpForIt(t *testing.T) {
	b := modeltest.Backend(t)
	d := nn.Dropout{Width: 1000, Probability: 0.2}
	draw := func() []float32 {
		masks, err := d.Masks(b, random.Source(1, "dropout"), 3, 7)
		if err != nil {
			t.Fatal(err)
		}
		return modeltest.Copied(t, masks)
	}
	x := draw()
	var sum float64
	for _, v := range x {
		if v != 0 && v != 1.25 {
			t.Fatalf("a mask has %g", v)
		}
		sum += float64(v)
	}
	if mean := sum / float64(3*7*1000); math.Abs(mean-1) > 0.02 {
		t.Errorf("masks are %g in the mean, want 1", mean)
	}
	if !slices.Equal(draw(), x) {
		t.Error("the same stream draws other masks")
	}
}

// TestMasksActInTrainingAlone gives each pass its own mask: the first keeps all, the
// second nothing.
func TestMasksActInTrainingAlone(t *testing.T) {
	b := modeltest.Backend(t)
	n, weights := dropping(t, b)
	masks := slices.Concat(slices.Repeat([]float32{1}, 4*20), make([]float32, 4*20))
	in := append([]any{smallBatch().X}, weights().Inputs()...)
	out := modeltest.Evaluate(t, b, func(in []*Node) []*Node {
		f := n.BindMasked(in[1:])
		plain := n.Bind(in[1 : 1+len(n.Params)])
		return []*Node{
			f.Logits(in[0], nn.Evaluation), f.Logits(in[0], nn.Training), f.Logits(in[0], nn.Evaluation), f.Logits(in[0], nn.Training),
			plain.Logits(in[0], nn.Training),
		}
	}, append(in, tensors.FromFlatDataAndDimensions(masks, 2, 4, 20))...)
	for i, name := range map[int]string{1: "a mask of ones", 2: "evaluation behind training", 4: "no mask"} {
		if !slices.Equal(out[i], out[0]) {
			t.Errorf("%s changes what the network says", name)
		}
	}
	if slices.Equal(out[3], out[0]) {
		t.Error("a mask of zeros changes nothing")
	}
	if !slices.Equal(out[3][:10], out[3][10:20]) {
		t.Error("with all features dropped, images are told apart")
	}
}

// TestTrainersDrop trains with masks of ones as without dropout, and with others not.
func TestTrainersDrop(t *testing.T) {
	b := modeltest.Backend(t)
	n, weights := dropping(t, b)
	whole := *n
	whole.Dropout = nil
	attack := ascent.PGD{Steps: 2, Step: 0.01, Epsilon: 0.03}
	for _, m := range []Recipe{recipe("plain", Settings{}), recipe("pgd", ascending(attack, 1)), recipe("trades", ascending(attack, 6))} {
		end := func(n *nn.Network, masks *tensors.Tensor) savedState {
			trainer, batch := newTrainer(t, b, n, weights(), m, SGD{}), smallBatch()
			batch.Masks = masks
			if _, err := trainer.Step(batch, 0.1); err != nil {
				t.Fatal(err)
			}
			return saved(t, trainer.State)
		}
		drawn, err := n.Dropout.Masks(b, random.Source(1, "dropout"), m.TrainingPasses(), 4)
		if err != nil {
			t.Fatal(err)
		}
		without := end(&whole, nil)
		sameStates(t, end(n, filledWith(1, m.TrainingPasses(), 4, 20)), without)
		const weight = "classifier.classifier.fc1.weight"
		if slices.Equal(end(n, drawn).arrays[weight].Data, without.arrays[weight].Data) {
			t.Errorf("%s: masks change nothing", m.Method.Name)
		}
	}
}

func TestMasksThatDoNotFitAreNamed(t *testing.T) {
	b := modeltest.Backend(t)
	n, weights := dropping(t, b)
	trainer, batch := newTrainer(t, b, n, weights(), recipe("fgsm", Settings{Epsilon: 0.1, Beta: 1}), SGD{}), smallBatch()
	for _, masks := range []*tensors.Tensor{nil, filledWith(1, 1, 4, 20), filledWith(1, 2, 4, 10)} {
		batch.Masks = masks
		if _, err := trainer.Step(batch, 0.1); err == nil || !strings.Contains(err.Error(), "[2 4 20]") {
			t.Errorf("error %v, want one that gives the shape that is needed", err)
		}
	}
}

// TestPassesAreCounted builds the steps of all methods, and counts how often they go through
// the classifier in training mode.
func TestPassesAreCounted(t *testing.T) {
	b := modeltest.Backend(t)
	n, weights := dropping(t, b)
	count, features := 0, n.Features
	n.Features = func(p *nn.Pass, x nn.Parts) *Node {
		if p.Mode() == nn.Training {
			count++
			if one := ScalarOne(x[0].Graph(), x[0].DType()); p.Drop(one) == one {
				t.Error("a pass in training mode has no mask")
			}
		}
		return features(p, x)
	}
	check := func(name string, passes int, step func(Batch) error) {
		count = 0
		batch := smallBatch()
		batch.Masks = filledWith(1, passes, 4, 20)
		if err := step(batch); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if count != passes {
			t.Errorf("%s: %d passes, said to be %d", name, count, passes)
		}
	}
	for _, m := range Methods {
		r := m.With(Settings{Epsilon: 0.03, Steps: 3, Step: 0.01, Beta: 1, Smooth: 0.5})
		if !m.HasAttacker() {
			trainer := newTrainer(t, b, n, weights(), r, SGD{})
			check(m.Name, r.TrainingPasses(), func(batch Batch) error { _, err := trainer.Step(batch, 0.1); return err })
			continue
		}
		attacker := zoo.Slim(m.Channels(), 4)
		w, err := nn.NewWeights(b, attacker.Params, 1, "weights")
		if err != nil {
			t.Fatal(err)
		}
		c := GameConfig{Recipe: r, Backend: b, Networks: [2]*nn.Network{n, attacker}, Optimizers: PaperOptimizers()}
		g, err := NewGame(c, weights(), w)
		if err != nil {
			t.Fatal(err)
		}
		check(m.Name, r.TrainingPasses(), func(batch Batch) error { _, err := g.Step(batch, [2]float64{0.1, 1e-3}); return err })
	}
}
