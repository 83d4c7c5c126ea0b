package ease

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"foil/internal/artifact"
	"foil/internal/kindtest"
	"foil/internal/testenv"
	"foil/pipeline"
	"foil/stages/filter"
	"foil/stages/load"
	"foil/stages/split"
)

// Two users, three items, lambda 1: the inverse of the Gram matrix is computed by hand.
func TestWeightsAreThoseOfTheFormula(t *testing.T) {
	rows := artifact.Rows{User: []int32{0, 1}, Offset: []int32{0, 2, 4}, Item: []int32{0, 1, 1, 2}}
	got, err := fit(t.Context(), rows, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	// G + I = [2 1 0; 1 3 1; 0 1 2], its inverse is 1/8 [5 -2 1; -2 4 -2; 1 -2 5].
	want := []float32{0, 0.5, -0.2, 0.4, 0, 0.4, -0.2, 0.5, 0}
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-6 {
			t.Errorf("weight %d is %g, want %g", i, got[i], want[i])
		}
	}
}

func TestGramMatrixThatCannotBeInvertedIsRefused(t *testing.T) {
	rows := artifact.Rows{User: []int32{0}, Offset: []int32{0, 2}, Item: []int32{0, 1}}
	if _, err := fit(t.Context(), rows, 2, 1e-300); err == nil {
		t.Error("no error")
	}
}

// The scores of fold 0 of MovieLens 1M are those that numpy computes: testdata/ease.py.
func TestScoresAreThoseOfNumpyOnMovieLens1M(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some 15 seconds")
	}
	data := fold0(t)
	a := kindtest.MustRun(t, Kind(), nil, &pipeline.Cell{Inputs: map[string]pipeline.Artifact{"data": data}})
	opened, err := open(t.Context(), nil, a, "best")
	if err != nil {
		t.Fatal(err)
	}
	m := opened.(artifact.Recommender)
	s, err := artifact.ReadSplit(data.Path)
	if err != nil {
		t.Fatal(err)
	}
	rows, all := artifact.NewRows(s.TestInput), make([]float32, s.Items.Len())
	user, largest := int64(-1), 0.0
	for _, line := range fixture(t) {
		if u := int64(line[0]); u != user {
			i, found := slices.BinarySearch(rows.User, int32(u))
			if !found {
				t.Fatalf("user %d has no test input", u)
			}
			if err := m.Scores(t.Context(), [][]int32{rows.Items(i)}, all); err != nil {
				t.Fatal(err)
			}
			user = u
		}
		largest = max(largest, math.Abs(float64(all[int(line[1])])-line[2]))
	}
	t.Logf("largest difference %.2g", largest)
	if largest > 1e-4 {
		t.Errorf("scores differ by %g", largest)
	}
}

// fold0 is the first fold of MovieLens 1M as the paper has it.
func fold0(t *testing.T) pipeline.Artifact {
	t.Helper()
	made := func(kind pipeline.Kind, env *pipeline.Env, need string, input pipeline.Artifact) pipeline.Artifact {
		cell := &pipeline.Cell{Env: env, Inputs: map[string]pipeline.Artifact{need: input}}
		var err error
		if cell.Sources, err = kind.Sources(t.Context(), env, kind.Params()); err != nil {
			t.Fatal(err)
		}
		return kindtest.MustRun(t, kind, nil, cell)
	}
	env := &pipeline.Env{DataDir: filepath.Join(testenv.DataDir(t, "ml-1m.zip"), "ml-1m.zip")}
	ratings := made(load.MovieLens1M(), env, "", pipeline.Artifact{})
	core := made(filter.KCore(), nil, "interactions", ratings)
	return made(split.UserKFold(), nil, "interactions", core)
}

// fixture is user, item and score.
func fixture(t *testing.T) (lines [][3]float64) {
	f, err := os.Open("testdata/ml-1m-fold0.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records[1:] {
		var line [3]float64
		for i := range line {
			if line[i], err = strconv.ParseFloat(r[i], 64); err != nil {
				t.Fatal(err)
			}
		}
		lines = append(lines, line)
	}
	return lines
}
