//go:build unix

package pipeline

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"foil/internal/store"
	"foil/internal/store/disk"
)

// A run that waits says so when the lock has outlived its owner: from the start, or
// when the owner ends later.
func TestWaitingRunTellsWhenTheOwnerHasEnded(t *testing.T) {
	for name, early := range map[string]bool{"before": true, "while it waits": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			plan := b.plan("name: x\nstages:\n  a: {uses: test/text}\n")
			lock, err := b.opts.Cache.TryLock(plan.Cells[0].Key)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := lock.Begin(); err != nil {
				t.Fatal(err)
			}
			if early {
				ownerEnds(t, lock)
			}
			var orphans []*store.Orphan
			plan.opts.OnEvent = func(e Event) {
				w, ok := e.(CellWaiting)
				switch {
				case !ok:
				case w.Orphan != nil:
					orphans = append(orphans, w.Orphan)
					lock.Unlock()
				default:
					ownerEnds(t, lock)
				}
			}
			within(t, time.Minute, func() {
				if r, err := plan.Execute(t.Context()); err != nil || r.Made != 1 {
					t.Errorf("%v, %+v", err, r)
				}
			})
			if len(orphans) != 1 || orphans[0].Path != lock.File().Name() {
				t.Errorf("told %v", orphans)
			}
		})
	}
}

// ownerEnds makes a lock one whose owner has ended.
func ownerEnds(t *testing.T, lock *disk.Lock) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	text, err1 := os.ReadFile(lock.File().Name())
	owner := store.Owner{}
	if err := cmd.Run(); err != nil || err1 != nil || json.Unmarshal(text, &owner) != nil {
		t.Errorf("%v, %v, %q", err, err1, text)
		return
	}
	owner.PID = cmd.Process.Pid
	text, _ = json.Marshal(owner)
	if err := os.WriteFile(lock.File().Name(), text, 0o666); err != nil {
		t.Error(err)
	}
}
