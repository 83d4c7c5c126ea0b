package l2l

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"foil/models/random"
)

// interpolationGame starts from the weights of a fixture of the plain game.
func (f *fixture) interpolationGame(t *testing.T, b compute.Backend, v Variant) *Game {
	t.Helper()
	classifier, attacker := f.Hyper.Classifier.build(t), Slim(v.Channels, f.Hyper.Attacker.Width)
	c := GameConfig{
		Variant: v, Epsilon: f.Hyper.Epsilon, Backend: b,
		Networks: [2]*Network{classifier, attacker}, Optimizers: PaperOptimizers(),
	}
	weights := func() *Weights {
		if v.Channels == f.Hyper.Attacker.InputChannels {
			return f.weights(t, b, attacker, "w.attacker.")
		}
		w, err := NewWeights(b, attacker.Params, 1, "weights")
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	g, err := NewGame(c, f.weights(t, b, classifier, "w.classifier."), weights())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// interpolationBatch is a batch of the fixture with a start in +-epsilon.
func (f *fixture) interpolationBatch(t *testing.T, number string) Batch {
	t.Helper()
	b := Batch{X: f.input(t, "in.x"+number), Labels: f.input(t, "in.y"+number)}
	noise := make([]float32, b.X.Size())
	random.Uniform(random.New(1, "noise/"+number), noise, f.Hyper.Epsilon)
	b.Noise = tensors.FromFlatDataAndDimensions(noise, b.X.Shape().Dimensions...)
	return b
}

func play(t *testing.T, g *Game, b Batch, rates [2]float64) [2]float64 {
	t.Helper()
	losses, err := g.Step(b, rates)
	if err != nil {
		t.Fatal(err)
	}
	return losses
}

// TestInterpolationMatchesTheScripts replays two updates. The expectations are
// from PyTorch 2.15 in float64 (float32 agrees to six digits): a transcription of the
// scripts' training step with the attacker's published class at the fixture's width,
// from the fixture's weights. With 2-Step the attacker's training mode is switched on.
func TestInterpolationMatchesTheScripts(t *testing.T) {
	cases := []struct {
		variant    Variant
		losses     [2][2]float64 // by update, then by Turn
		bias       []float32     // of the classifier's last layer
		moved      [2]float64    // how far the weights are from where they started
		statistics [2]float64    // and the running statistics
	}{
		{
			GradInterpolation(0.5),
			[2][2]float64{{2.26460983, 0.17597954}, {2.59744112, 0.65445126}},
			[]float32{0.2865714, 0.0146754, 0.4778975, 0.5418412, 0.1945172, -0.2416713, -0.6251073, 0.0958274, 0.3143677, 0.2553358},
			[2]float64{0.31997449, 0.09313676}, [2]float64{0.43460645, 0.65092944},
		},
		{
			TwoStepInterpolation(0.9),
			[2][2]float64{{2.80005992, 0.17969223}, {2.90189167, 0.68404670}},
			[]float32{0.2999314, -0.01229, 0.4498994, 0.53224, 0.2073536, -0.2288002, -0.6141729, 0.1083087, 0.3040997, 0.2676853},
			[2]float64{0.26582696, 0.09328976}, [2]float64{0.41898180, 1.17692216},
		},
	}
	f, b := oneCase(t, "l2l_1_updates"), openBackend(t)
	for _, c := range cases {
		t.Run(c.variant.Name, func(t *testing.T) {
			g := f.interpolationGame(t, b, c.variant)
			for i, number := range []string{"0", "1"} {
				losses := play(t, g, f.interpolationBatch(t, number), [2]float64{0.1, 1e-3})
				for turn, want := range c.losses[i] {
					within(t, "loss", losses[turn], want, lossTolerance)
				}
			}
			near(t, "bias", copied(t, g.Weights[ClassifiersTurn].Tensors[g.config.Networks[0].head.bias]), c.bias, forwardTolerance)
			for turn, prefix := range []string{"w.classifier.", "w.attacker."} {
				moved, statistics := f.distances(t, g.Weights[turn], prefix)
				within(t, prefix+" moved", moved, c.moved[turn], gradientTolerance)
				within(t, prefix+" statistics", statistics, c.statistics[turn], forwardTolerance)
			}
		})
	}
}

func within(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
		t.Errorf("%s is %.8g, want %.8g", name, got, want)
	}
}

// distances tells how far weights and running statistics are from the case's.
func (f *fixture) distances(t *testing.T, w *Weights, prefix string) (moved, statistics float64) {
	t.Helper()
	var parts [2][]float32
	for i, p := range w.Params {
		now, before, kind := copied(t, w.Tensors[i]), f.tensors[prefix+p.Name].F32, 0
		if !p.Trainable {
			kind = 1
		}
		for k := range now {
			parts[kind] = append(parts[kind], now[k]-before[k])
		}
	}
	return norm(parts[0]), norm(parts[1])
}

// TestInterpolatingAttackersLearnToPull plays the attacker's turns alone, so that
// the classifier's running statistics stay, too.
func TestInterpolatingAttackersLearnToPull(t *testing.T) {
	f, b := oneCase(t, "l2l_1_updates"), openBackend(t)
	batch := f.interpolationBatch(t, "0")
	start, err := batch.start(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []Variant{GradInterpolation(0.5), TwoStepInterpolation(0.5)} {
		g := f.interpolationGame(t, b, v)
		var distances []float64
		for range 9 {
			g.steps++
			out, err := g.move(AttackersTurn, [2]float64{0, 1e-3}, 2, append([]any{batch.X, start}, g.inputs()...)...)
			if err != nil {
				t.Fatal(err)
			}
			distance, err := scalars(out[0])
			if err != nil {
				t.Fatal(err)
			}
			distances = append(distances, distance...)
		}
		if distances[8] >= distances[0] {
			t.Errorf("%s: the distance does not fall: %g", v.Name, distances)
		}
	}
}

// TestInterpolatingAttackersMoveFirst finds that neither player's step depends on how
// far the other one moves in it: the attacker sees the classifier before its turn,
// and the classifier the images before the attacker's.
func TestInterpolatingAttackersMoveFirst(t *testing.T) {
	f, b := oneCase(t, "l2l_1_updates"), openBackend(t)
	end := func(rates [2]float64) savedState {
		g := f.interpolationGame(t, b, GradInterpolation(0.5))
		play(t, g, f.interpolationBatch(t, "0"), rates)
		return saved(t, g.State)
	}
	both := end([2]float64{0.1, 0.1})
	for name, other := range map[string]savedState{classifierName: end([2]float64{0.1, 0}), attackerName: end([2]float64{0, 0.1})} {
		for array, a := range both.arrays {
			if strings.HasPrefix(array, name+".") && !slices.Equal(a.Data, other.arrays[array].Data) {
				t.Errorf("%s depends on how far the other player moves", array)
			}
		}
	}
}

func TestInterpolationResumes(t *testing.T) {
	f, b := oneCase(t, "l2l_1_updates"), openBackend(t)
	alone, resumed := f.interpolationGame(t, b, TwoStepInterpolation(0.5)), f.interpolationGame(t, b, TwoStepInterpolation(0.5))
	rates := [2]float64{0.1, 1e-3}
	play(t, alone, f.interpolationBatch(t, "0"), rates)
	state := saved(t, alone.State)
	play(t, alone, f.interpolationBatch(t, "1"), rates)
	if err := resumed.SetState(state.lookup, state.steps); err != nil {
		t.Fatal(err)
	}
	play(t, resumed, f.interpolationBatch(t, "1"), rates)
	sameStates(t, saved(t, resumed.State), saved(t, alone.State))
}

func TestInterpolationNeedsNoise(t *testing.T) {
	f, b := oneCase(t, "l2l_1_updates"), openBackend(t)
	batch := f.interpolationBatch(t, "0")
	batch.Noise = nil
	_, err := f.interpolationGame(t, b, GradInterpolation(0.5)).Step(batch, [2]float64{})
	if err == nil || !strings.Contains(err.Error(), "starts from noise") {
		t.Errorf("error %v, want one that names the noise", err)
	}
}

// TestTrainedInterpolatorsKeepTheirBounds attacks with them.
func TestTrainedInterpolatorsKeepTheirBounds(t *testing.T) {
	f, b := oneCase(t, "l2l_1_updates"), openBackend(t)
	x, batch := f.tensors["in.x0"], f.interpolationBatch(t, "0")
	start := added(x.F32, copied(t, batch.Noise))
	for _, v := range []Variant{GradInterpolation(0.5), TwoStepInterpolation(0.5)} {
		g := f.interpolationGame(t, b, v)
		e, err := NewEvaluator(EvaluatorConfig{Network: g.config.Networks[0], Shape: [3]int(x.Shape[1:]), Batch: 2, Backend: b}, g.Weights[ClassifiersTurn])
		if err != nil {
			t.Fatal(err)
		}
		a, err := e.Learned(v, g.config.Networks[1], g.Weights[AttackersTurn], f.Hyper.Epsilon)
		if err != nil {
			t.Fatal(err)
		}
		attacked, err := a.Attack(t.Context(), x.F32, make([]int32, 2), start)
		if err != nil {
			t.Fatal(err)
		}
		if largest := bounded(t, v.Name, attacked, x.F32, f.Hyper.Epsilon); largest < f.Hyper.Epsilon/2 {
			t.Errorf("%s: the largest change is %g", v.Name, largest)
		}
		fresh, err := a.Attack(t.Context(), x.F32, make([]int32, 2), nil)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(fresh, attacked) {
			t.Errorf("%s makes nothing of its start", v.Name)
		}
	}
}

func TestCosineDistanceOfRows(t *testing.T) {
	a, b := [][]float32{{1, 0}, {1, 1}, {2, 0}, {0, 0}}, [][]float32{{0, 3}, {2, 2}, {-1, 0}, {1, 0}}
	out := evaluate(t, openBackend(t), func(in []*Node) []*Node {
		d := CosineDistance(in[0], in[1])
		return []*Node{d, Gradient(d, in[0])[0]}
	}, a, b)
	near(t, "distance", out[0], []float32{(1 + 0 + 2 + 1) / 4.0}, 1e-6)
	for _, g := range out[1] {
		if math.IsNaN(float64(g)) {
			t.Errorf("gradient %v", out[1])
		}
	}
}

// TestSmoothingGoesToAllButThePartner has labels 0 and 2 of 3 classes, with 0.5 gone
// over: to classes 0 and 1, since the partner's is 2, and to 1 and 2.
func TestSmoothingGoesToAllButThePartner(t *testing.T) {
	logits, labels := [][]float32{{0.3, -1, 2}, {1, 0, -0.5}}, []int32{0, 2}
	out := evaluate(t, openBackend(t), func(in []*Node) []*Node {
		return []*Node{
			SmoothedCrossEntropy(in[0], in[1], 0.5), SmoothedCrossEntropy(in[0], in[1], 0), CrossEntropy(in[0], in[1]),
		}
	}, logits, labels)
	var want float64
	for i, target := range [][]float64{{0.75, 0.25, 0}, {0, 0.25, 0.75}} {
		var sum float64
		for _, v := range logits[i] {
			sum += math.Exp(float64(v))
		}
		for k, share := range target {
			want += share * (math.Log(sum) - float64(logits[i][k])) / 2
		}
	}
	near(t, "smoothed", out[0], []float32{float32(want)}, 1e-6)
	near(t, "not smoothed", out[1], out[2], 1e-6)
}
