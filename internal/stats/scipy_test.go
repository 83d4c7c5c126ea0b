package stats

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// reference is what SciPy and statsmodels compute: see testdata/make.py.
type reference struct {
	Student []struct {
		Name                             string
		X, Y                             []float64
		Mean, P, Effect                  float64
		Interval, Interval90, Prediction []float64
		PairP                            float64   `json:"pair_p"`
		PairInterval                     []float64 `json:"pair_interval"`
		CorrectedP                       float64   `json:"corrected_p"`
		CorrectedInterval                []float64 `json:"corrected_interval"`
	}
	Clustered []struct {
		Name           string
		X              []float64
		Unit, Block    []int32
		P              float64
		Interval, Both []float64
	}
	Balanced []struct {
		Name            string
		X               []float64
		Class           []int32
		Mean, P, Effect float64
		Interval        []float64
	}
	Flips []struct {
		Name string
		X, Y []float64
		P    float64
	}
	Bootstrap []struct {
		Name        string
		X, Interval []float64
		Error       float64
	}
	Corrections []struct{ P, Holm, BH []float64 }
	Gaps        []struct {
		Name                  string
		X                     []float64
		Group                 []int32
		Gap, P, Chance, Bound float64
		Exact                 bool
	}
	GapInFolds   struct{ Gap, P, Least float64 } `json:"gap_in_folds"`
	GapIntervals []struct {
		Name     string
		X        []float64
		Group    []int32
		Gap      float64
		Interval []float64
	} `json:"gap_intervals"`
	GapDifferences []struct {
		Name          string
		A, B          []float64
		Group         []int32
		Signed, Exact bool
		Difference, P float64
		Interval      []float64
		TP            float64 `json:"t_p"`
	} `json:"gap_differences"`
	Ranks []struct {
		Name        string
		A, B        []float64
		U, Shift, P float64
		Interval    []float64
	}
}

func readReference(t *testing.T) reference {
	t.Helper()
	data, err := os.ReadFile("testdata/scipy.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// near reports whether two numbers agree to nine digits.
func near(a, b float64) bool { return agree(a, b, 1e-9) }

func agree(a, b, digits float64) bool {
	return math.Abs(a-b) <= digits*math.Max(math.Abs(a), math.Abs(b)) || math.Abs(a-b) < 1e-13
}

func equal(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !near(got, want) {
		t.Errorf("%s is %.15g, want %.15g", what, got, want)
	}
}

func equalInterval(t *testing.T, what string, e Estimate, want []float64) {
	t.Helper()
	if !near(e.Low, want[0]) || !near(e.High, want[1]) {
		t.Errorf("%s is [%.15g, %.15g] (%s), want %.15g", what, e.Low, e.High, e.Reason, want)
	}
}

func TestStudentIsSciPys(t *testing.T) {
	for _, c := range readReference(t).Student {
		t.Run(c.Name, func(t *testing.T) {
			s := Sample{Values: c.X}
			equal(t, "the mean", s.Mean(), c.Mean)
			equalInterval(t, "the interval", s.Interval(0.95), c.Interval)
			equalInterval(t, "the interval of 90 %", s.Interval(0.9), c.Interval90)
			r := PairedT(s, 0.95)
			equal(t, "p", r.P, c.P)
			equal(t, "the effect", r.Effect, c.Effect)
			equalInterval(t, "the prediction", Prediction(c.X, 0.95), c.Prediction)
			sd := math.Sqrt(sampleVariance(c.X))
			equalInterval(t, "the prediction from mean and deviation", PredictionFrom(s.Mean(), sd, len(c.X), 0.95), c.Prediction)

			d, err := Paired(s, Sample{Values: c.Y})
			if err != nil {
				t.Fatal(err)
			}
			pair := PairedT(d, 0.95)
			equal(t, "p of pairs", pair.P, c.PairP)
			equalInterval(t, "the interval of pairs", pair.Difference, c.PairInterval)

			corrected := CorrectedT(c.X, 1/float64(len(c.X)-1), 0.95)
			equal(t, "corrected p", corrected.P, c.CorrectedP)
			equalInterval(t, "the corrected interval", corrected.Difference, c.CorrectedInterval)
			if usual := CorrectedT(c.X, 0, 0.95); usual != r {
				t.Errorf("without shared training units, corrected t is %+v, want %+v", usual, r)
			}
		})
	}
}

func TestClusteredIsStatsmodels(t *testing.T) {
	for _, c := range readReference(t).Clustered {
		t.Run(c.Name, func(t *testing.T) {
			s := Sample{Values: c.X, Unit: c.Unit, Block: c.Block}
			e := s.Interval(0.95)
			equalInterval(t, "the interval by unit", e, c.Interval)
			if e.N != len(c.X) || e.Units >= e.N && c.Name != "folds" {
				t.Errorf("%d values of %d units", e.N, e.Units)
			}
			equal(t, "p", PairedT(s, 0.95).P, c.P)
			equalInterval(t, "the interval by unit and block", s.BlockInterval(0.95), c.Both)
		})
	}
}

func TestBalancedIsWelchs(t *testing.T) {
	for _, c := range readReference(t).Balanced {
		t.Run(c.Name, func(t *testing.T) {
			s := Sample{Values: c.X, Class: c.Class}
			equal(t, "the mean", s.Mean(), c.Mean)
			equalInterval(t, "the interval", s.Interval(0.95), c.Interval)
			r := PairedT(s, 0.95)
			equal(t, "p", r.P, c.P)
			equal(t, "the effect", r.Effect, c.Effect)
		})
	}
}

func TestFlipsAreSciPys(t *testing.T) {
	for _, c := range readReference(t).Flips {
		t.Run(c.Name, func(t *testing.T) {
			d, err := Paired(Sample{Values: c.X}, Sample{Values: c.Y})
			if err != nil {
				t.Fatal(err)
			}
			const times = 99999
			r := Randomisation(d, 0.95, Resampling{Times: times, Seed: 1})
			if r.Exact {
				equal(t, "p", r.P, c.P)
			} else if off := math.Abs(r.P-c.P) / math.Sqrt(c.P*(1-c.P)/times); off > 4 {
				t.Errorf("p is %g, want %g: %.1f standard errors away", r.P, c.P, off)
			}
			if exact := len(c.X) <= exactUnits; r.Exact != exact {
				t.Errorf("exact is %t, want %t", r.Exact, exact)
			}
		})
	}
}

func TestBootstrapMeetsSciPys(t *testing.T) {
	for _, c := range readReference(t).Bootstrap {
		t.Run(c.Name, func(t *testing.T) {
			e := Sample{Values: c.X}.Bootstrap(0.95, Resampling{Times: 50000, Seed: 3})
			// The ends of 50,000 draws vary by about 0.012 standard errors.
			if math.Abs(e.Low-c.Interval[0]) > 0.05*c.Error || math.Abs(e.High-c.Interval[1]) > 0.05*c.Error {
				t.Errorf("the interval is [%g, %g] (%s), want %g", e.Low, e.High, e.Reason, c.Interval)
			}
		})
	}
}

func TestCorrectionsAreStatsmodels(t *testing.T) {
	for _, c := range readReference(t).Corrections {
		holm, bh := Holm(c.P), BenjaminiHochberg(c.P)
		for i := range c.P {
			equal(t, "Holm", holm[i], c.Holm[i])
			equal(t, "Benjamini-Hochberg", bh[i], c.BH[i])
		}
	}
}

func TestGapsAreSciPys(t *testing.T) {
	for _, c := range readReference(t).Gaps {
		t.Run(c.Name, func(t *testing.T) {
			g := GroupGap(Sample{Values: c.X}, c.Group, 0.95, Resampling{Times: 99999, Seed: 5})
			equal(t, "the gap", g.Value, c.Gap)
			if g.Exact != c.Exact {
				t.Fatalf("exact is %t, want %t", g.Exact, c.Exact)
			}
			if c.Exact {
				equal(t, "p", g.P, c.P)
				equal(t, "the gap by chance", g.Chance, c.Chance)
				equal(t, "the bound", g.Bound, c.Bound)
				return
			}
			if off := math.Abs(g.P-c.P) / math.Sqrt(2*c.P*(1-c.P)/99999); off > 4 {
				t.Errorf("p is %g, want %g: %.1f standard errors away", g.P, c.P, off)
			}
			if !agree(g.Chance, c.Chance, 0.01) || !agree(g.Bound, c.Bound, 0.02) {
				t.Errorf("chance and bound are %g and %g, want %g and %g", g.Chance, g.Bound, c.Chance, c.Bound)
			}
		})
	}
}

// Groups are permuted within folds, and the two values of a unit together.
func TestGapInFolds(t *testing.T) {
	s := Sample{
		Values: []float64{1, 0.8, 0.8, 0.2, 0.4, 0.9, 0.7, 0.1, 0.1},
		Unit:   []int32{0, 1, 1, 2, 3, 4, 5, 6, 6},
		Block:  []int32{0, 0, 0, 0, 0, 1, 1, 1, 1},
	}
	want := readReference(t).GapInFolds
	g := GroupGap(s, []int32{0, 0, 0, 1, 1, 0, 1, 1, 1}, 0.95, Resampling{})
	equal(t, "the gap", g.Value, want.Gap)
	equal(t, "p", g.P, want.P)
	equal(t, "the smallest p", g.Least, want.Least)
}
