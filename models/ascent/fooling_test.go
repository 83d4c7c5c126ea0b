package ascent

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/backend"
	"foil/models/evaluate"
	"foil/models/losses"
	"foil/models/nn"
	"foil/models/random"
	"foil/models/zoo"
)

// brief are all attacks with few iterations.
func brief(t *testing.T, on *Target, epsilon float64) map[string]Fooling {
	return autoAttacks(t, on, epsilon, 6, 2)
}

// TestAnImageIsAttackedAlikeAmongOthers attacks images from the fourth on, in batches of another
// size.
func TestAnImageIsAttackedAlikeAmongOthers(t *testing.T) {
	f, on := peer(t, false)
	x, labels := f.Images("in.x"), f.Labels()
	for name, a := range brief(t, on, 0.03) {
		all := attack(t, f, a, nil)
		const first = 3
		part, err := a.From(first).Attack(t.Context(), x[first*on.Size():10*on.Size()], labels[first:10], nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(part, all[first*on.Size():10*on.Size()]) {
			t.Errorf("%s: images 3 to 9 are attacked otherwise without the others", name)
		}
		if slices.Equal(all, x) {
			t.Errorf("%s changes nothing: the case shows nothing", name)
		}
		other, err := a.From(first).Attack(t.Context(), x, labels, nil)
		if err != nil {
			t.Fatal(err)
		}
		if draws := name != "fab-t"; draws && slices.Equal(other, all) {
			t.Errorf("%s: the numbers of images do not matter", name)
		}
	}
}

// TestImagesThatFellBeforeAreNotAttacked gives images that are misclassified at the start, or that
// have been changed and are not.
func TestImagesThatFellBeforeAreNotAttacked(t *testing.T) {
	f, on := peer(t, false)
	x := f.Images("in.x")
	for name, a := range brief(t, on, 0.03) {
		fallen := attack(t, f, a, nil)
		if again := attack(t, f, a, fallen); !slices.Equal(again, fallen) {
			t.Errorf("%s attacks images again that fell before, or changes those that stand", name)
		}
		for i, v := range Verdicts(logitsOf(t, on, fallen), f.Labels()) {
			if v.Class == f.Labels()[i] && !slices.Equal(row(fallen, i, on.Size()), row(x, i, on.Size())) {
				t.Errorf("%s changes image %d, which stands", name, i)
			}
		}
	}
}

func TestWithoutEpsilonNothingChanges(t *testing.T) {
	f, on := peer(t, false)
	for name, a := range brief(t, on, 0) {
		if !slices.Equal(attack(t, f, a, nil), f.Images("in.x")) {
			t.Errorf("%s changes images with epsilon 0", name)
		}
	}
}

// TestMoreTriesFoolMore needs the second try of an attack.
func TestMoreTriesFoolMore(t *testing.T) {
	f, on := peer(t, false)
	one, two := autoAttacks(t, on, f.Hyper.Epsilon, 100, 1), autoAttacks(t, on, f.Hyper.Epsilon, 100, 2)
	for _, name := range []string{"apgd-ce", "fab-t"} {
		before, after := wrongOf(t, f, on, attack(t, f, one[name], nil)), wrongOf(t, f, on, attack(t, f, two[name], nil))
		more := 0
		for i := range before {
			if before[i] && !after[i] {
				t.Errorf("%s: image %d stands with two tries, not with one", name, i)
			}
			if after[i] && !before[i] {
				more++
			}
		}
		if more == 0 {
			t.Errorf("%s: the second try fools nothing", name)
		}
	}
}

// TestMarginsAreClimbedByEngineAndGraphAlike also checks that what grows is the margin.
func TestMarginsAreClimbedByEngineAndGraphAlike(t *testing.T) {
	var made [][]float32
	margin := func(f *authors.Case, on *Target, x []float32) (sum float64) {
		logits, d := logitsOf(t, on, x), make([]float32, 6)
		for i, label := range f.Labels() {
			sum += losses.Margin(row(logits, i, 6), label, d) / float64(len(f.Labels()))
		}
		return sum
	}
	for _, byGraph := range []bool{false, true} {
		f, on := peer(t, byGraph)
		toward, err := on.Toward(ToMargin)
		if err != nil {
			t.Fatal(err)
		}
		attacked, values, err := toward.climb.Run(t.Context(), PGD{5, 0.005, 0.02}, f.Images("in.x"), f.Images("in.x"), Aim{Labels: f.Labels()})
		if err != nil {
			t.Fatal(err)
		}
		if want := margin(f, on, f.Images("in.x")); math.Abs(values[0]-want) > 1e-4*math.Abs(want) {
			t.Errorf("by graph %v: the climb begins at %g, want %g", byGraph, values[0], want)
		}
		if before, after := margin(f, on, f.Images("in.x")), margin(f, on, attacked); after <= before {
			t.Errorf("by graph %v: the margin goes from %g to %g", byGraph, before, after)
		}
		made = append(made, attacked)
	}
	off := 0
	for i := range made[0] {
		if math.Abs(float64(made[0][i]-made[1][i])) > 1e-5 {
			off++
		}
	}
	if off > len(made[0])/1000 {
		t.Errorf("%d of %d values differ between engine and graph", off, len(made[0]))
	}
}

func TestWhatRatiosNeedIsSaid(t *testing.T) {
	f, b := authors.Read(t, "testdata/autoattack"), modeltest.Backend(t)
	for classes, want := range map[int][2]string{
		2: {"the difference of logits ratio needs 3 classes, but the classifier has 2", "the targeted difference of logits ratio needs 4 classes"},
		3: {"", "the targeted difference of logits ratio needs 4 classes, but the classifier has 3"},
		4: {},
	} {
		on := &Target{Evaluator: untrained(t, b, f.Shape("in.x"), classes)}
		_, ratio := on.APGDRatio(DefaultAPGD(0.1), 1)
		_, targeted := on.APGDTargeted(DefaultAPGD(0.1), 9, 1)
		for i, err := range []error{ratio, targeted} {
			if (err == nil) != (want[i] == "") || err != nil && !strings.Contains(err.Error(), want[i]) {
				t.Errorf("%d classes: error %v, want %q", classes, err, want[i])
			}
		}
	}
}

// TestGradientsThatAreNoNumbersEndTheAttack has one weight of the last layer that is not a number,
// for a class that is never the largest.
func TestGradientsThatAreNoNumbersEndTheAttack(t *testing.T) {
	f, on := peer(t, false)
	w := f.Weights(t, on.Config.Backend, on.Config.Network, "w.")
	for i, p := range w.Params {
		if p.Name == "fc.weight" {
			if err := backend.Write(w.Tensors[i], func(v []float32) { v[len(v)-1] = float32(math.NaN()) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	e, err := evaluate.New(on.Config, w)
	if err != nil {
		t.Fatal(err)
	}
	_, err = targetOf(t, e).APGD(DefaultAPGD(0.03), 1).Attack(t.Context(), f.Images("in.x"), f.Labels(), nil)
	if want := "apgd-ce/0: the gradient has values that are not numbers"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}

// TestProjectionsAreTheNearestPoints compares a projection with many lengths: the linear function
// must be 0 there, or be as near to 0 as the box permits.
func TestProjectionsAreTheNearestPoints(t *testing.T) {
	for seed := range 200 {
		r := random.New(uint64(seed), "plane")
		n := 1 + r.IntN(30)
		x, g := make([]float32, n), make([]float32, n)
		for i := range x {
			x[i] = min(max(1.4*r.Float32()-0.2, 0), 1) // some at the ends of the box
			if r.IntN(5) > 0 {
				g[i] = 2*r.Float32() - 1
			}
		}
		value := float64(4*r.Float32() - 2)
		p := ontoPlane(x, g, value)
		after := func(length float32) (at float64) {
			q := projection{p.way, length}
			at = value
			for i := range x {
				at += float64(g[i]) * float64(q.change(x[i], g[i]))
			}
			return at
		}
		name := fmt.Sprintf("seed %d: value %g", seed, value)
		switch end := after(1); {
		case end*value > 0: // the box does not reach the plane
			if after(p.most) != end {
				t.Errorf("%s is %g after the projection, but the box permits %g", name, after(p.most), end)
			}
		case math.Abs(after(p.most)) > 1e-5:
			t.Errorf("%s is %g after the projection", name, after(p.most))
		case value != 0 && after(p.most*0.999)*value < -1e-5:
			t.Errorf("%s: a shorter way reaches the plane", name)
		}
	}
	still := ontoPlane([]float32{0.5, 0.5}, []float32{0, 0}, 1)
	if still.change(0.5, 0) != 0 {
		t.Error("a pixel without gradient moves")
	}
}

// untrained is a classifier with the weights that a training begins with.
func untrained(t *testing.T, b compute.Backend, image [3]int, classes int) *evaluate.Evaluator {
	t.Helper()
	n := zoo.ResNet9(4, classes)
	w, err := nn.NewWeights(b, n.Params, 1, "weights")
	if err != nil {
		t.Fatal(err)
	}
	e, err := evaluate.New(evaluate.Config{Network: n, Shape: image, Batch: 4, Backend: b}, w)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
