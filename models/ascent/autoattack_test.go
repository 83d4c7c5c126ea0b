package ascent

import (
	"slices"
	"testing"

	"foil/internal/modeltest"
	"foil/internal/modeltest/authors"
	"foil/models/evaluate"
	"foil/models/zoo"
)

// The figures of testdata/autoattack come from the published AutoAttack with the random numbers of
// this seed, see peer.py there.
const (
	peerSeed       = 5
	peerLarge      = 0.06
	peerIterations = 25 // with peerLarge
)

func peer(t *testing.T, byGraph bool) (*authors.Case, *Target) {
	t.Helper()
	f, b := authors.Read(t, "testdata/autoattack"), modeltest.Backend(t)
	n := zoo.ResNet9(f.Hyper.Classifier.Width, 6)
	e, err := evaluate.New(evaluate.Config{Network: n, Shape: f.Shape("in.x"), Batch: 24, Frozen: true, Backend: b, ByGraph: byGraph}, f.Weights(t, b, n, "w."))
	if err != nil {
		t.Fatal(err)
	}
	return f, targetOf(t, e)
}

// autoAttacks are the attacks of AutoAttack with the settings of peer.py.
func autoAttacks(t *testing.T, on *Target, epsilon float64, iterations, restarts int) map[string]Fooling {
	t.Helper()
	a, fab, square := DefaultAPGD(epsilon), DefaultFAB(epsilon), DefaultSquare(epsilon)
	a.Iterations, fab.Iterations, square.Queries = iterations, iterations, 10*iterations
	targeted, err := on.APGDTargeted(a, 9, peerSeed)
	if err != nil {
		t.Fatal(err)
	}
	a.Restarts, fab.Restarts = restarts, restarts
	ratio, err := on.APGDRatio(a, peerSeed)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Fooling{
		"apgd-ce": on.APGD(a, peerSeed), "apgd-dlr": ratio, "apgd-t": targeted,
		"fab-t": on.FAB(fab, 9, peerSeed), "square": on.Square(square, peerSeed),
	}
}

// wrongOf tells of each image whether it is misclassified.
func wrongOf(t *testing.T, f *authors.Case, on *Target, x []float32) (wrong []bool) {
	t.Helper()
	for i, v := range Verdicts(logitsOf(t, on, x), f.Labels()) {
		wrong = append(wrong, v.Class != f.Labels()[i])
	}
	return wrong
}

func compareWrong(t *testing.T, f *authors.Case, name string, got []bool) {
	t.Helper()
	var want []bool
	if f.Scalar(t, name, &want); !slices.Equal(got, want) {
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: image %d is misclassified: %v, want %v", name, i, got[i], want[i])
			}
		}
	}
}

// TestTheImagesThatFallAreThoseOfAutoAttack runs every attack with its full number of iterations.
func TestTheImagesThatFallAreThoseOfAutoAttack(t *testing.T) {
	f, on := peer(t, false)
	compareWrong(t, f, "wrong", wrongOf(t, f, on, f.Images("in.x")))
	for name, a := range autoAttacks(t, on, f.Hyper.Epsilon, 100, 2) {
		attacked := attack(t, f, a, nil)
		compareWrong(t, f, "wrong."+name, wrongOf(t, f, on, attacked))
		authors.Bounded(t, name, attacked, f.Images("in.x"), f.Hyper.Epsilon)
	}
}

// TestAttacksInOrderAreAutoAttack goes from one attack of the standard set to the next.
func TestAttacksInOrderAreAutoAttack(t *testing.T) {
	f, on := peer(t, false)
	all := autoAttacks(t, on, f.Hyper.Epsilon, 100, 1)
	var at []float32
	for _, name := range []string{"apgd-ce", "apgd-t", "fab-t", "square"} {
		at = attack(t, f, all[name], at)
	}
	compareWrong(t, f, "wrong.auto", wrongOf(t, f, on, at))
}

// TestAttackedImagesAreThoseOfAutoAttack compares pixels after few iterations: rounding errors grow
// from one to the next. Where these were measured, APGD and Square had the same bits.
func TestAttackedImagesAreThoseOfAutoAttack(t *testing.T) {
	for byGraph, names := range map[bool][]string{false: {"apgd-ce", "apgd-dlr", "apgd-t", "fab-t", "square"}, true: {"apgd-ce", "apgd-dlr"}} {
		f, on := peer(t, byGraph)
		var few []int
		f.Scalar(t, "few", &few)
		all := autoAttacks(t, on, peerLarge, peerIterations, 2)
		for _, name := range names {
			attacked := attack(t, f, all[name], nil)
			compareWrong(t, f, "wrong.large."+name, wrongOf(t, f, on, attacked))
			var got []float32
			for _, i := range few {
				got = append(got, row(attacked, i, on.Size())...)
			}
			f.CompareSteps(t, "out."+name, got)
		}
	}
}
