package evaluate

import (
	"io"
	"strings"
	"testing"

	"foil/internal/tables"
	"foil/pipeline"
	"foil/stages/stagetest"
)

// attacked is an artifact with outcomes: for each image its label, and what it is
// taken for before and after.
func attacked(t *testing.T, images ...[3]int32) pipeline.Artifact {
	t.Helper()
	var outcomes []tables.Outcome
	for i, v := range images {
		outcomes = append(outcomes, tables.Outcome{Checkpoint: "last", Image: int32(i), Label: v[0], Clean: v[1], Attacked: v[2]})
	}
	cell := &pipeline.Cell{OutDir: t.TempDir()}
	err := tables.WriteFile(cell.Create, tables.OutcomesFile, func(w io.Writer) error { return tables.WriteOutcomes(w, outcomes) })
	if err != nil {
		t.Fatal(err)
	}
	a, err := pipeline.DirArtifact(cell.OutDir)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnImageStandsIfItStandsAllAttacks(t *testing.T) {
	a := stagetest.MustRun(t, Strongest(), &pipeline.Cell{Inputs: map[string]pipeline.Artifact{
		"one": attacked(t, [3]int32{0, 0, 0}, [3]int32{1, 1, 2}, [3]int32{2, 1, 1}, [3]int32{1, 1, 1}, [3]int32{0, 0, 1}),
		"two": attacked(t, [3]int32{0, 0, 0}, [3]int32{1, 1, 1}, [3]int32{2, 1, 2}, [3]int32{1, 1, 0}), // tried on fewer
	}})
	want := map[string]float64{"accuracy": 0.25, "accuracy_clean": 0.75, "images": 4, "breaks one": 0.25, "breaks two": 0.25}
	for _, m := range stagetest.Metrics(t, a) {
		name := strings.TrimSpace(m.Name + " " + m.Group)
		if m.Value != want[name] {
			t.Errorf("%s is %g, want %g", name, m.Value, want[name])
		}
		delete(want, name)
	}
	if len(want) > 0 {
		t.Errorf("%v are missing", want)
	}
}

func TestAttacksOnDifferentClassifiersAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, want string
		other      pipeline.Artifact
	}{
		{"another label", "were not of one classifier", attacked(t, [3]int32{1, 0, 0})},
		{"another classifier", "were not of one classifier", attacked(t, [3]int32{0, 1, 0})},
		{"no image in common", "no image was attacked", attacked(t)},
	} {
		_, err := stagetest.Run(t, Strongest(), &pipeline.Cell{Inputs: map[string]pipeline.Artifact{
			"one": attacked(t, [3]int32{0, 0, 0}), "two": c.other,
		}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
