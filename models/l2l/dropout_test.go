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
	"foil/models/graphs"
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

func filledWith(v float32, n int) []float32 { return slices.Repeat([]float32{v}, n) }

// smallImage is the shape of its images.
var smallImage = [3]int{nn.ImageChannels, 16, 16}

func smallBatch() Batch {
	b := Batch{X: make([]float32, 4*nn.ImageChannels*16*16), Labels: []int32{1, 3, 5, 7}}
	random.Normal(random.New(1, "images"), b.X, 1)
	b.Noise = make([]float32, len(b.X))
	return b
}

func TestMasksDropTheirShareAndMakeUpForIt(t *testing.T) {
	d := nn.Dropout{Width: 1000, Probability: 0.2}
	draw := func() []float32 { return d.Masks(random.Source(1, "dropout"), 3, 7) }
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
	in := append([]any{images(smallBatch().X, smallImage)}, weights().Inputs()...)
	out := modeltest.Evaluate(t, b, func(in []*Node) []*Node {
		f := graphs.BindMasked(n, in[1:])
		plain := graphs.Bind(n, in[1:1+len(n.Params)])
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
		end := func(n *nn.Network, masks []float32) savedState {
			trainer, batch := newTrainer(t, b, n, smallImage, weights(), m, SGD{}), smallBatch()
			batch.Masks = masks
			if _, err := trainer.Step(t.Context(), batch, 0.1); err != nil {
				t.Fatal(err)
			}
			return saved(t, trainer.State)
		}
		drawn := n.Dropout.Masks(random.Source(1, "dropout"), m.TrainingPasses(), 4)
		without := end(&whole, nil)
		sameStates(t, end(n, filledWith(1, m.TrainingPasses()*4*20)), without)
		const weight = "classifier.classifier.fc1.weight"
		if slices.Equal(end(n, drawn).arrays[weight].Data, without.arrays[weight].Data) {
			t.Errorf("%s: masks change nothing", m.Method.Name)
		}
	}
}

func TestMasksThatDoNotFitAreNamed(t *testing.T) {
	b := modeltest.Backend(t)
	n, weights := dropping(t, b)
	trainer, batch := newTrainer(t, b, n, smallImage, weights(), recipe("fgsm", Settings{Epsilon: 0.1, Beta: 1}), SGD{}), smallBatch()
	for _, masks := range [][]float32{nil, filledWith(1, 1*4*20), filledWith(1, 2*4*10)} {
		batch.Masks = masks
		if _, err := trainer.Step(t.Context(), batch, 0.1); err == nil || !strings.Contains(err.Error(), "[2 4 20]") {
			t.Errorf("error %v, want one that gives the shape that is needed", err)
		}
	}
}

// TestPassesAreCounted gives each pass of a step in training mode its own mask, and finds that each
// one matters. A step that makes more passes has no mask for them.
func TestPassesAreCounted(t *testing.T) {
	b := modeltest.Backend(t)
	n, weights := dropping(t, b)
	for _, m := range Methods {
		r := m.With(Settings{Epsilon: 0.03, Steps: 3, Step: 0.01, Beta: 1, Smooth: 0.5})
		passes := r.TrainingPasses()
		end := func(dropped int) savedState {
			batch := smallBatch()
			batch.Masks = filledWith(1, passes*4*20)
			if dropped >= 0 {
				clear(batch.Masks[dropped*4*20 : (dropped+1)*4*20])
			}
			if !m.HasAttacker() {
				trainer := newTrainer(t, b, n, smallImage, weights(), r, SGD{})
				if _, err := trainer.Step(t.Context(), batch, 0.1); err != nil {
					t.Fatal(err)
				}
				return saved(t, trainer.State)
			}
			attacker := zoo.Slim(m.Channels(), 4)
			w, err := nn.NewWeights(b, attacker.Params, 1, "weights")
			if err != nil {
				t.Fatal(err)
			}
			c := GameConfig{Recipe: r, Backend: b, Image: smallImage, Networks: [2]*nn.Network{n, attacker}, Optimizers: PaperOptimizers()}
			g, err := NewGame(c, weights(), w)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := g.Step(t.Context(), batch, [2]float64{0.1, 1e-3}); err != nil {
				t.Fatal(err)
			}
			return saved(t, g.State)
		}
		all := end(-1)
		for pass := range passes {
			const weight = "classifier.feature_extractor.conv1.weight"
			if slices.Equal(end(pass).arrays[weight].Data, all.arrays[weight].Data) {
				t.Errorf("%s: the mask of pass %d of %d changes nothing", m.Name, pass+1, passes)
			}
		}
	}
}
