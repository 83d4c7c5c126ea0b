//go:build unix

package run_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"foil/internal/store"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

// A waiting run reports a lease that has outlived its owner, from the start or when the owner ends
// later.
func TestWaitingRunTellsWhenTheOwnerHasEnded(t *testing.T) {
	for name, early := range map[string]bool{"before": true, "while it waits": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := pipelinetest.New(t)
			p := b.Plan(pipelinetest.One)
			lease, err := b.Store.Acquire(t.Context(), p.Cells[0].Key)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := lease.Begin(); err != nil {
				t.Fatal(err)
			}
			if early {
				ownerEnds(t, lease)
			}
			var orphans []*store.Orphan
			b.Running.OnEvent = func(e run.Event) {
				w, ok := e.(run.CellWaiting)
				switch {
				case !ok:
				case w.Orphan != nil:
					orphans = append(orphans, w.Orphan)
					lease.Release()
				default:
					ownerEnds(t, lease)
				}
			}
			pipelinetest.Within(t, time.Minute, func() {
				if r, err := b.RunPlan(t.Context(), p); err != nil || r.Made != 1 {
					t.Errorf("%v, %+v", err, r)
				}
			})
			if len(orphans) != 1 || orphans[0].Path != lease.(store.Inheritable).Inherit().Name() {
				t.Errorf("told %v", orphans)
			}
		})
	}
}

// ownerEnds makes a lease one whose owner has ended.
func ownerEnds(t *testing.T, lease store.Lease) {
	file := lease.(store.Inheritable).Inherit().Name()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	text, err1 := os.ReadFile(file)
	owner := store.Owner{}
	if err := cmd.Run(); err != nil || err1 != nil || json.Unmarshal(text, &owner) != nil {
		t.Errorf("%v, %v, %q", err, err1, text)
		return
	}
	owner.PID = cmd.Process.Pid
	text, _ = json.Marshal(owner)
	if err := os.WriteFile(file, text, 0o666); err != nil {
		t.Error(err)
	}
}
