package l2l

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/internal/testenv"
	"foil/models/evaluate"
	"foil/models/graphs"
	"foil/models/nn"
	"foil/models/random"
	"foil/models/zoo"
)

// interpolationGame starts from the weights of a fixture of the plain game.
func interpolationGame(t *testing.T, f *authors.Case, b compute.Backend, v Recipe) *Game {
	t.Helper()
	classifier, attacker := f.Hyper.Classifier.Build(t), zoo.Slim(v.Method.Channels(), f.Hyper.Attacker.Width)
	c := GameConfig{
		Recipe: v.Within(f.Hyper.Epsilon), Backend: b, Image: f.Shape("in.x0"),
		Networks: [2]*nn.Network{classifier, attacker}, Optimizers: PaperOptimizers(),
	}
	weights := func() *nn.Weights {
		if v.Method.Channels() == f.Hyper.Attacker.InputChannels {
			return f.Weights(t, b, attacker, "w.attacker.")
		}
		w, err := nn.NewWeights(b, attacker.Params, 1, "weights")
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	g, err := NewGame(c, f.Weights(t, b, classifier, "w.classifier."), weights())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// interpolationBatch is a batch of the fixture with a start in +-epsilon.
func interpolationBatch(t *testing.T, f *authors.Case, number string) Batch {
	t.Helper()
	b := Batch{X: f.Images("in.x" + number), Labels: f.Classes("in.y" + number)}
	b.Noise = make([]float32, len(b.X))
	random.Uniform(random.New(1, "noise/"+number), b.Noise, f.Hyper.Epsilon)
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

// TestInterpolationMatchesTheScripts replays two updates of the published scripts, from the weights of
// another case of the same set.
func TestInterpolationMatchesTheScripts(t *testing.T) {
	const name = "interpolation_updates"
	dir := filepath.Join(testenv.Fixtures(t), "l2l", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("this set of fixtures has no case %s", name)
	}
	expected := authors.ReadScalars(t, dir)
	f, b := authors.Named(t, "l2l_1_updates"), modeltest.Backend(t)
	for method, smooth := range map[string]float64{"l2l-grad-interpolation": 0.5, "l2l-2step-interpolation": 0.9} {
		t.Run(method, func(t *testing.T) {
			var losses [2][2]float64 // by update, then by Turn
			var bias []float32       // of the classifier's last layer
			var moved, statistics [2]float64
			for name, v := range map[string]any{"losses": &losses, "bias": &bias, "moved": &moved, "statistics": &statistics} {
				expected.Scalar(t, method+"."+name, v)
			}
			g := interpolationGame(t, f, b, recipe(method, Settings{Smooth: smooth}))
			for i, number := range []string{"0", "1"} {
				got := play(t, g, interpolationBatch(t, f, number), [2]float64{0.1, 1e-3})
				for turn, want := range losses[i] {
					within(t, "loss", got[turn], want, authors.LossTolerance)
				}
			}
			classifierParams := g.Weights[ClassifiersTurn].Params
			modeltest.Near(t, "bias", modeltest.Copied(t, g.Weights[ClassifiersTurn].Tensors[len(classifierParams)-1]), bias, authors.ForwardTolerance)
			for turn, prefix := range []string{"w.classifier.", "w.attacker."} {
				far, apart := distances(t, f, g.Weights[turn], prefix)
				within(t, prefix+" moved", far, moved[turn], authors.GradientTolerance)
				within(t, prefix+" statistics", apart, statistics[turn], authors.ForwardTolerance)
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
func distances(t *testing.T, f *authors.Case, w *nn.Weights, prefix string) (moved, statistics float64) {
	t.Helper()
	var parts [2][]float32
	for i, p := range w.Params {
		now, before, kind := modeltest.Copied(t, w.Tensors[i]), f.Tensors[prefix+p.Name].F32, 0
		if !p.Trainable {
			kind = 1
		}
		for k := range now {
			parts[kind] = append(parts[kind], now[k]-before[k])
		}
	}
	return modeltest.Norm(parts[0]), modeltest.Norm(parts[1])
}

// TestInterpolatingAttackersLearnToPull plays the attacker's turns alone, so that
// the classifier's running statistics stay, too.
func TestInterpolatingAttackersLearnToPull(t *testing.T) {
	f, b := authors.Named(t, "l2l_1_updates"), modeltest.Backend(t)
	batch := interpolationBatch(t, f, "0")
	for _, v := range []Recipe{recipe("l2l-grad-interpolation", Settings{Smooth: 0.5}), recipe("l2l-2step-interpolation", Settings{Smooth: 0.5})} {
		g := interpolationGame(t, f, b, v)
		var distances []float64
		for range 9 {
			g.steps++
			_, distance, err := g.on.pull(batch, g.steps, 1e-3)
			if err != nil {
				t.Fatal(err)
			}
			distances = append(distances, distance.loss)
		}
		if distances[8] >= distances[0] {
			t.Errorf("%s: the distance does not fall: %g", v.Method.Name, distances)
		}
	}
}

// TestInterpolatingAttackersMoveFirst finds that neither player's step depends on how
// far the other one moves in it: the attacker sees the classifier before its turn,
// and the classifier the images before the attacker's.
func TestInterpolatingAttackersMoveFirst(t *testing.T) {
	f, b := authors.Named(t, "l2l_1_updates"), modeltest.Backend(t)
	end := func(rates [2]float64) savedState {
		g := interpolationGame(t, f, b, recipe("l2l-grad-interpolation", Settings{Smooth: 0.5}))
		play(t, g, interpolationBatch(t, f, "0"), rates)
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
	f, b := authors.Named(t, "l2l_1_updates"), modeltest.Backend(t)
	alone, resumed := interpolationGame(t, f, b, recipe("l2l-2step-interpolation", Settings{Smooth: 0.5})), interpolationGame(t, f, b, recipe("l2l-2step-interpolation", Settings{Smooth: 0.5}))
	rates := [2]float64{0.1, 1e-3}
	play(t, alone, interpolationBatch(t, f, "0"), rates)
	state := saved(t, alone.State)
	play(t, alone, interpolationBatch(t, f, "1"), rates)
	if err := resumed.SetState(state.lookup, state.steps); err != nil {
		t.Fatal(err)
	}
	play(t, resumed, interpolationBatch(t, f, "1"), rates)
	sameStates(t, saved(t, resumed.State), saved(t, alone.State))
}

func TestInterpolationNeedsNoise(t *testing.T) {
	f, b := authors.Named(t, "l2l_1_updates"), modeltest.Backend(t)
	batch := interpolationBatch(t, f, "0")
	batch.Noise = nil
	_, err := interpolationGame(t, f, b, recipe("l2l-grad-interpolation", Settings{Smooth: 0.5})).Step(batch, [2]float64{})
	if err == nil || !strings.Contains(err.Error(), "starts from noise") {
		t.Errorf("error %v, want one that names the noise", err)
	}
}

// TestTrainedInterpolatorsKeepTheirBounds attacks with them.
func TestTrainedInterpolatorsKeepTheirBounds(t *testing.T) {
	f, b := authors.Named(t, "l2l_1_updates"), modeltest.Backend(t)
	x, batch := f.Tensors["in.x0"], interpolationBatch(t, f, "0")
	start := slices.Clone(batch.Noise)
	for i, v := range x.F32 {
		start[i] += v
	}
	for _, v := range []Recipe{recipe("l2l-grad-interpolation", Settings{Smooth: 0.5}), recipe("l2l-2step-interpolation", Settings{Smooth: 0.5})} {
		g := interpolationGame(t, f, b, v)
		e, err := evaluate.New(evaluate.Config{Network: g.config.Networks[0], Shape: [3]int(x.Shape[1:]), Batch: 2, Backend: b}, g.Weights[ClassifiersTurn])
		if err != nil {
			t.Fatal(err)
		}
		a, err := NewAttack(e, v.Within(f.Hyper.Epsilon), g.config.Networks[1], g.Weights[AttackersTurn])
		if err != nil {
			t.Fatal(err)
		}
		attacked, err := a.Attack(t.Context(), x.F32, make([]int32, 2), start)
		if err != nil {
			t.Fatal(err)
		}
		if largest := authors.Bounded(t, v.Method.Name, attacked, x.F32, f.Hyper.Epsilon); largest < f.Hyper.Epsilon/2 {
			t.Errorf("%s: the largest change is %g", v.Method.Name, largest)
		}
		fresh, err := a.Attack(t.Context(), x.F32, make([]int32, 2), nil)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(fresh, attacked) {
			t.Errorf("%s makes nothing of its start", v.Method.Name)
		}
	}
}

func TestCosineDistanceOfRows(t *testing.T) {
	a, b := [][]float32{{1, 0}, {1, 1}, {2, 0}, {0, 0}}, [][]float32{{0, 3}, {2, 2}, {-1, 0}, {1, 0}}
	out := modeltest.Evaluate(t, modeltest.Backend(t), func(in []*Node) []*Node {
		d := cosineDistance(in[0], in[1])
		return []*Node{d, Gradient(d, in[0])[0]}
	}, a, b)
	modeltest.Near(t, "distance", out[0], []float32{(1 + 0 + 2 + 1) / 4.0}, 1e-6)
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
	out := modeltest.Evaluate(t, modeltest.Backend(t), func(in []*Node) []*Node {
		return []*Node{
			smoothedCrossEntropy(in[0], in[1], 0.5), smoothedCrossEntropy(in[0], in[1], 0), graphs.CrossEntropy(in[0], in[1]),
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
	modeltest.Near(t, "smoothed", out[0], []float32{float32(want)}, 1e-6)
	modeltest.Near(t, "not smoothed", out[1], out[2], 1e-6)
}
