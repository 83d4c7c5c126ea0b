package attack

import (
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/pipeline"
)

// A split of another program may have some users twice.
func TestSplitsWithinUsersAreRefused(t *testing.T) {
	x := func(users ...int32) artifact.Interactions {
		return artifact.Interactions{User: users, Item: make([]int32, len(users))}
	}
	for _, c := range []struct {
		train, test artifact.Interactions
		want        string
	}{
		{x(0, 1), x(2, 3), ""},
		{x(0, 1), x(0, 1), "use split/user-kfold for attacks"},
		{x(0, 1), x(1, 2), "1 of 2 test users of the split are training users, too"},
	} {
		err := checkUsers(&artifact.Split{Train: c.train, TestTarget: c.test})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}

// All attacks on users report such a split before anything runs.
func TestSplitsWithinUsersAreReportedBefore(t *testing.T) {
	for _, shared := range []bool{false, true} {
		inputs := []pipeline.Input{{Name: "data", Cells: []pipeline.InputCell{{Facts: &pipeline.Facts{SharedUsers: shared}}}}}
		for _, kind := range []pipeline.Kind{LatentProbe(), LatentFamily(), ListFamily()} {
			reported := 0
			report := func(string, string, ...any) { reported++ }
			kind.CheckFacts(kind.Params(), inputs, report, report)
			if reported == 1 != shared {
				t.Errorf("%s, users shared %v: %d reports", kind.Name, shared, reported)
			}
		}
	}
}
