// Package kindtest helps to test kinds. It runs a kind without a pipeline, and makes a small split
// for trainings of milliseconds.
package kindtest

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"foil/internal/artifact"
	"foil/models/backend"
	"foil/pipeline"
)

// Run runs a kind once and returns its artifact. By default it uses a new folder and the default
// backend; the cell may set others. params is a pointer to the kind's struct; nil: the defaults.
func Run(t testing.TB, kind pipeline.Kind, params any, cell *pipeline.Cell) (pipeline.Artifact, error) {
	t.Helper()
	if cell.OutDir == "" {
		cell.OutDir = t.TempDir()
	}
	if cell.Backend == "" {
		cell.Backend = backend.Default
	}
	if params == nil {
		params = kind.Params()
	}
	facts := kind.Facts(params, nil)
	if err := kind.Run(context.Background(), cell, params); err != nil {
		return pipeline.Artifact{}, err
	}
	a, err := pipeline.DirArtifact(cell.OutDir)
	if err == nil && facts != nil {
		checkFacts(t, facts, a)
		checkOutcomes(t, facts, a)
	}
	return a, err
}

// checkFacts compares an output with what the kind said about it.
func checkFacts(t testing.TB, facts *pipeline.Facts, a pipeline.Artifact) {
	t.Helper()
	if facts.Metrics != nil {
		for _, m := range Metrics(t, a) {
			if !slices.ContainsFunc(facts.Metrics, func(f pipeline.Metric) bool {
				return describes(f, m)
			}) {
				t.Errorf("the facts of the kind do not list the metric %+v", m)
			}
		}
	}
	if facts.Curves != nil {
		for _, p := range Curves(t, a) {
			if !slices.Contains(facts.Curves, p.Name) {
				t.Errorf("the facts of the kind do not list the curve %s", p.Name)
			}
		}
	}
	if most, ok := facts.AtMost["items"]; ok && a.Has(artifact.ItemsFile) {
		path, err := a.Path(artifact.ItemsFile)
		if err != nil {
			t.Fatal(err)
		}
		if items, err := artifact.ReadItems(path); err != nil || items.Len() > most {
			t.Errorf("%d items (%v), where the facts of the kind say at most %d", items.Len(), err, most)
		}
	}
}

// describes reports whether a metric is one that the facts list.
func describes(f pipeline.Metric, m artifact.Metric) bool {
	return f.Name == m.Name && (f.Open || f == pipeline.Metric{Name: m.Name, K: m.K, Group: m.Group, Split: m.Split, Checkpoint: m.Checkpoint, Unit: f.Unit})
}

// MustRun is Run for kinds that must not fail.
func MustRun(t testing.TB, kind pipeline.Kind, params any, cell *pipeline.Cell) pipeline.Artifact {
	t.Helper()
	a, err := Run(t, kind, params, cell)
	if err != nil {
		t.Fatalf("%s: %v", kind.Name, err)
	}
	return a
}

// Interrupted runs a training and interrupts it after some epochs. It returns the folder of the
// checkpoint, for the WorkDir of a cell that resumes.
func Interrupted(t testing.TB, kind pipeline.Kind, params any, cell pipeline.Cell, epochs int) (work string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cell.OutDir, cell.WorkDir, cell.CheckpointEvery = t.TempDir(), t.TempDir(), 1
	cell.OnProgress = func(p pipeline.Progress) {
		if p.Done == int64(epochs) {
			cancel()
		}
	}
	if err := kind.Run(ctx, &cell, params); !errors.Is(err, context.Canceled) {
		t.Fatalf("%s, interrupted after epoch %d: error %v", kind.Name, epochs, err)
	}
	return cell.WorkDir
}

// Written returns an artifact of the files that the function write creates.
func Written(t testing.TB, write func(artifact.CreateFunc) error) pipeline.Artifact {
	t.Helper()
	cell := &pipeline.Cell{OutDir: t.TempDir()}
	if err := write(cell.Create); err != nil {
		t.Fatal(err)
	}
	a, err := pipeline.DirArtifact(cell.OutDir)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Kinds finds kinds by their names, for Cell.Kind.
func Kinds(kinds ...pipeline.Kind) func(name string) *pipeline.Kind {
	return func(name string) *pipeline.Kind {
		i := slices.IndexFunc(kinds, func(k pipeline.Kind) bool { return k.Name == name })
		if i < 0 {
			return nil
		}
		return &kinds[i]
	}
}

// Metrics reads the metrics of an artifact.
func Metrics(t testing.TB, a pipeline.Artifact) []artifact.Metric {
	t.Helper()
	path, err := a.Path(artifact.MetricsFile)
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := artifact.ReadMetrics(path)
	if err != nil {
		t.Fatal(err)
	}
	return metrics
}

// Curves reads the curves of a training's artifact.
func Curves(t testing.TB, a pipeline.Artifact) []artifact.Point {
	t.Helper()
	path, err := a.Path(artifact.CurvesFile)
	if err != nil {
		t.Fatal(err)
	}
	points, err := artifact.ReadCurves(path)
	if err != nil {
		t.Fatal(err)
	}
	return points
}

// Split makes a split of 60 users and 20 items, in which men and women
// prefer different halves of the items.
func Split(t testing.TB) pipeline.Artifact {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	const users, items = 60, 20
	s := artifact.Split{}
	gender := artifact.Attribute{Name: "gender"}
	age := artifact.Attribute{Name: "age"}
	for i := range items {
		s.Items.ID = append(s.Items.ID, string(rune('a'+i)))
	}
	pair := func(x *artifact.Interactions, u, i int) {
		x.User, x.Item = append(x.User, int32(u)), append(x.Item, int32(i))
	}
	for u := range users {
		s.Users.ID = append(s.Users.ID, string(rune('A'+u)))
		g := []string{"f", "m"}[r.IntN(2)]
		gender.Category = append(gender.Category, g)
		age.Number = append(age.Number, float32(1+r.IntN(56)))
		part := []string{artifact.Train, artifact.Train, artifact.Train, artifact.Validation, artifact.Test}[u%5]
		s.Users.Part = append(s.Users.Part, part)
		for i := range items {
			liked := (i < items/2) == (g == "f")
			if r.Float64() > map[bool]float64{true: 0.7, false: 0.15}[liked] {
				continue
			}
			input := r.IntN(2) == 0
			switch {
			case part == artifact.Train:
				pair(&s.Train, u, i)
			case part == artifact.Validation && input:
				pair(&s.ValidationInput, u, i)
			case part == artifact.Validation:
				pair(&s.ValidationTarget, u, i)
			case input:
				pair(&s.TestInput, u, i)
			default:
				pair(&s.TestTarget, u, i)
			}
		}
		// Every held-out user has an input and a target.
		switch part {
		case artifact.Validation:
			ensure(&s.ValidationInput, &s.ValidationTarget, u, pair)
		case artifact.Test:
			ensure(&s.TestInput, &s.TestTarget, u, pair)
		}
	}
	s.Users.Attributes = []artifact.Attribute{gender, age}
	return Written(t, s.Write)
}

func ensure(input, target *artifact.Interactions, u int, pair func(*artifact.Interactions, int, int)) {
	if n := input.Len(); n == 0 || input.User[n-1] != int32(u) {
		pair(input, u, u%10)
	}
	if n := target.Len(); n == 0 || target.User[n-1] != int32(u) {
		pair(target, u, 10+u%10)
	}
}
