package app

import "testing"

// The promise of the package: a run, a look at one cell, and a cleanup compute the same keys.
func TestAllCommandsComputeTheSameKeys(t *testing.T) {
	s, e, v := made(t, smallSpec)
	if v.Plan.Hits != len(v.Plan.Cells) {
		t.Fatalf("%d of %d cells are hits after a run", v.Plan.Hits, len(v.Plan.Cells))
	}
	kept, err := s.Kept(t.Context(), v.Cache, []string{e.Name}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(kept) != len(v.Plan.Cells) {
		t.Errorf("%d keys are kept, of %d cells", len(kept), len(v.Plan.Cells))
	}
	for _, c := range v.Plan.Cells {
		if !kept[c.Key] {
			t.Errorf("%s is not kept", c.Node.ID)
		}
		_, alone, err := s.LookAtCell(t.Context(), e, c.Node.ID)
		if err != nil || alone.Key != c.Key || alone.Node.ID != c.Node.ID {
			t.Errorf("%s alone: %+v, %v", c.Node.ID, alone, err)
		}
	}
}

func TestStatusCountsTheCellsOfEachStage(t *testing.T) {
	s, e, _ := made(t, smallSpec)
	e.Sets = []string{"stages.fold.matrix.fold=[0, 1, 2]"}
	status, err := look(t, s, e).Status()
	if err != nil {
		t.Fatal(err)
	}
	want := []StageStatus{{Stage: "ratings", Hits: 1}, {Stage: "core", Hits: 1}, {Stage: "fold", Hits: 2, Missing: 1}}
	for i, got := range status.Stages {
		if got != want[i] {
			t.Errorf("got %+v, want %+v", got, want[i])
		}
	}
	if all := status.All(); all != (StageStatus{Hits: 4, Missing: 1}) || len(status.Unfinished) > 0 {
		t.Errorf("all: %+v, unfinished: %+v", all, status.Unfinished)
	}
}
