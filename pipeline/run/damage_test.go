package run_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/plan"
	"foil/pipeline/run"
)

func TestTruncatedOutputIsMadeAgain(t *testing.T) {
	b := pipelinetest.New(t)
	_, r := b.MustRun(pipelinetest.Chain)
	path := b.ObjectPath(r, "b")
	if err := os.Truncate(path, 3); err != nil {
		t.Fatal(err)
	}
	p := b.Plan(pipelinetest.Chain)
	if c := p.Cells[1]; c.State != plan.Miss || !strings.Contains(c.Reason, "its output text has 3 bytes instead of ") {
		t.Errorf("planned %v: %s", c.State, c.Reason)
	}
	again := b.WantRan(pipelinetest.Chain, "b")
	for id, d := range pipelinetest.Digests(r) {
		if pipelinetest.Digests(again)[id] != d {
			t.Errorf("%s has another digest now", id)
		}
	}
}

func TestDamagedRecordIsMadeAgain(t *testing.T) {
	b := pipelinetest.New(t)
	_, r := b.MustRun(pipelinetest.Chain)
	key := r.Of("b").Key.String()
	pipelinetest.Flip(t, filepath.Join(b.Dir, "actions", key[:2], key+".json"))
	if c := b.Plan(pipelinetest.Chain).Cells[1]; c.Reason != "its record has no valid checksum in its last line" {
		t.Errorf("reason %q", c.Reason)
	}
	b.WantRan(pipelinetest.Chain, "b")
	b.WantRan(pipelinetest.Chain)
}

// A flipped byte is found on reading. The cell that made the file runs again within the same run,
// and then its reader.
func TestFlippedInputIsMadeAgainInTheSameRun(t *testing.T) {
	b := pipelinetest.New(t)
	_, r := b.MustRun(pipelinetest.Chain)
	pipelinetest.Flip(t, b.ObjectPath(r, "a"))
	pipelinetest.Flip(t, b.ObjectPath(r, "b"))
	b.WantRan(pipelinetest.Chain) // nobody reads

	changed := strings.NewReplacer("n: 0", "n: 10", "n: 1}", "n: 11}").Replace(pipelinetest.Chain)
	r2, err := b.Run(changed)
	if err != nil {
		t.Fatal(err)
	}
	ran := strings.Join(b.Took(), " ")
	// c and d find b damaged, b finds a damaged; c or d may be lucky and begin
	// when b has been made again.
	for _, id := range []string{"a", "b", "c", "d"} {
		if !strings.Contains(ran, id) {
			t.Errorf("%s did not run again (%s)", id, ran)
		}
		if id < "c" && (pipelinetest.Digests(r2)[id] != pipelinetest.Digests(r)[id] || r2.Of(id).Status != run.WasMade) {
			t.Errorf("%s: %s, %s", id, r2.Of(id).Status, pipelinetest.Digests(r2)[id].Short())
		}
	}
	b.WantRan(changed)
	if aside, _ := os.ReadDir(filepath.Join(b.Dir, "damaged")); len(aside) != 2 {
		t.Errorf("%d objects set aside", len(aside))
	}
}

func TestDeliveredOutputIsCheckedOnAHit(t *testing.T) {
	b := pipelinetest.New(t)
	_, r := b.MustRun(pipelinetest.Chain)
	b.Running.Deliver = func(n *graph.Node) bool { return n.ID == "d" }
	b.WantRan(pipelinetest.Chain)
	pipelinetest.Flip(t, b.ObjectPath(r, "d"))
	pipelinetest.Flip(t, b.ObjectPath(r, "c"))
	r = b.WantRan(pipelinetest.Chain, "d")
	if _, err := r.Of("d").Artifact.Path("text"); err != nil {
		t.Error(err)
	}
	var damaged *store.DamagedError
	if _, err := r.Of("c").Artifact.Path("text"); !errors.As(err, &damaged) {
		t.Errorf("c: got %v", err)
	}
}

func TestFailureToMakeADamagedInputAgainIsTheCause(t *testing.T) {
	b := pipelinetest.New(t)
	_, r := b.MustRun(pipelinetest.Chain)
	pipelinetest.Flip(t, b.ObjectPath(r, "b"))
	b.During = func(_ context.Context, c *pipeline.Cell) error {
		if c.ID == "b" {
			return errors.New("no luck")
		}
		return nil
	}
	r, err := b.Run(strings.NewReplacer("n: 0", "n: 10", "n: 1}", "n: 11}").Replace(pipelinetest.Chain))
	if err == nil || r.Of("b").Status != run.WasFailed || r.Of("c").Cause.ID != "b" || r.Of("d").Cause.ID != "b" {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestNewerRecordStopsThePlan(t *testing.T) {
	b := pipelinetest.New(t)
	_, r := b.MustRun(pipelinetest.Chain)
	pipelinetest.RewriteRecord(t, b.RecordPath(r, "b"), func(line string) string {
		return strings.Replace(line, `"format": 1`, `"format": 9`, 1)
	})
	_, err := b.TryPlan(b.Graph(pipelinetest.Chain))
	if err == nil || !strings.Contains(err.Error(), "has record format 9") {
		t.Errorf("got %v", err)
	}
}
