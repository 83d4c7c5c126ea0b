package disk

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"foil/internal/store"
)

// files opens a cache whose leases expire soon, and a second view of it.
func files(t *testing.T) (mine, others *Cache) {
	t.Helper()
	mine = openWithFiles(t, 20*time.Millisecond, 300*time.Millisecond)
	return mine, open(t, mine.Dir())
}

func take(t *testing.T, c *Cache, key string) *lease {
	t.Helper()
	l, err := c.acquire(keyOf(key))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Release)
	return l
}

func TestHeartbeatKeepsALease(t *testing.T) {
	mine, others := files(t)
	l := take(t, mine, "work")
	for end := time.Now().Add(time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := others.acquire(keyOf("work")); !errors.Is(err, store.ErrHeld) {
			t.Fatalf("got %v", err)
		}
	}
	if err := l.hold.check(); err != nil {
		t.Error(err)
	}
	l.Release()
	take(t, others, "work").Release()
	if left, _ := os.ReadDir(filepath.Join(mine.Dir(), leasesDir)); len(left) > 0 {
		t.Errorf("%s is left over", left[0].Name())
	}
}

func TestLeaseIsTakenOverOnlyAfterItHasExpired(t *testing.T) {
	mine, others := files(t)
	die(take(t, mine, "work"))
	begin := time.Now()
	l, err := store.Wait(t.Context(), others, keyOf("work"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	if waited := time.Since(begin); waited < 300*time.Millisecond {
		t.Errorf("taken over after %s", waited)
	}
}

// Expiry does not depend on the time of day of the machine or on file times.
func TestClocksAreNotCompared(t *testing.T) {
	mine, others := files(t)
	l := take(t, mine, "work")
	path := l.hold.(*fileHold).path
	past := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(path, past, past); err != nil {
		t.Fatal(err)
	}
	if _, err := others.acquire(keyOf("work")); !errors.Is(err, store.ErrHeld) {
		t.Errorf("got %v", err)
	}
}

func TestLostLeaseDoesNotPublish(t *testing.T) {
	for name, lose := range map[string]func(h *fileHold){
		"expired": func(h *fileHold) { // as when the process was stopped
			h.mu.Lock()
			h.last -= time.Minute
			h.mu.Unlock()
		},
		"taken over": func(h *fileHold) {
			os.Rename(h.path, filepath.Join(filepath.Dir(h.path), "2"))
		},
		"of another owner": func(h *fileHold) {
			os.WriteFile(h.path, []byte(`{"pid": 1, "token": "another"}`), 0o666)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := openWithFiles(t, time.Hour, 2*time.Hour) // only check looks
			if name == "expired" {
				c = openWithFiles(t, 10*time.Second, 20*time.Second)
			}
			w := beginWork(t, c, "work", map[string]string{"out": "content"})
			lose(w.hold.(*fileHold))
			if _, err := w.publish(t, "work"); !errors.Is(err, store.ErrLost) {
				t.Errorf("published: %v", err)
			}
			if err := w.Fail(errors.New("no luck")); !errors.Is(err, store.ErrLost) {
				t.Errorf("noted in the folder of another owner: %v", err)
			}
			select {
			case <-w.Lost():
			default:
				t.Error("Lost is not closed")
			}
			if r, _ := lookup(t, c, "work"); r != nil {
				t.Error("it is a hit")
			}
		})
	}
}

// If the file system blocks, the owner gives up before another process takes over.
func TestOwnerThatCannotRenewGivesUpInTime(t *testing.T) {
	mine, others := files(t)
	l := take(t, mine, "work")
	h := l.hold.(*fileHold)
	text, err := os.ReadFile(h.path)
	if err != nil {
		t.Fatal(err)
	}
	others.acquire(keyOf("work")) // sees the file as it is
	h.files.Lock()                // no renewal comes through
	over, err := store.Wait(t.Context(), others, keyOf("work"))
	if err != nil {
		t.Fatal(err)
	}
	defer over.Release()
	select {
	case <-l.Lost():
	default:
		t.Error("two think that they hold the lease")
	}
	h.files.Unlock()
	l.Release()
	if now, _ := os.ReadFile(over.(*lease).hold.(*fileHold).path); string(now) == string(text) || len(now) == 0 {
		t.Errorf("the new owner's lease is gone: %q", now)
	}
}

// A process with an outdated sighting does not get the lease.
func TestTakeOverIsCheckedAgain(t *testing.T) {
	for name, change := range map[string]func(l *lease){
		"renewed":    func(l *lease) { l.hold.check() },
		"given back": func(l *lease) { l.Release() },
	} {
		t.Run(name, func(t *testing.T) {
			c := openWithFiles(t, time.Hour, 2*time.Hour)
			l := take(t, c, "work")
			h := l.hold.(*fileHold)
			late := open(t, c.Dir()).leases.(*fileLeases)
			text, _ := os.ReadFile(h.path)
			late.seen[h.path] = sighting{string(text), time.Now().Add(-3 * time.Hour)}
			change(l)
			taken, err := late.take(keyOf("work"))
			if name == "renewed" && !errors.Is(err, store.ErrHeld) {
				t.Errorf("got %v, %v", taken, err)
			}
			if name == "given back" && err != nil {
				t.Error(err)
			}
			if taken != nil {
				taken.giveBack()
			}
		})
	}
}

func TestHolderOfALeaseFileIsTold(t *testing.T) {
	mine, others := files(t)
	if h, err := others.Holder(t.Context(), keyOf("work")); h != nil || err != nil {
		t.Errorf("%+v, %v", h, err)
	}
	l := take(t, mine, "work")
	h, err := others.Holder(t.Context(), keyOf("work"))
	if err != nil || h == nil || h.Owner == nil || h.Owner.PID != os.Getpid() || h.Orphan != nil {
		t.Errorf("%+v, %v", h, err)
	}
	if s, err := others.WorkState(keyOf("work")); err != nil || s == nil || !s.Running {
		t.Errorf("%+v, %v", s, err)
	}
	if begun, err := others.Begun(); !begun[keyOf("work")] || err != nil {
		t.Errorf("%v, %v", begun, err)
	}
	if l.Inherit() != nil {
		t.Error("a lease file cannot be handed on")
	}
	die(l)
	time.Sleep(350 * time.Millisecond)
	if h, err := others.Holder(t.Context(), keyOf("work")); h != nil || err != nil {
		t.Errorf("expired: %+v, %v", h, err)
	}
}

// A client of a network file system remembers that a file was missing until it opens the folder. So
// a lookup with a lease sees what the previous owner has published on another machine.
func TestFoldersAreOpenedWithALease(t *testing.T) {
	for name, openTemp := range bothWays {
		t.Run(name, func(t *testing.T) {
			c := openTemp(t)
			var opened []string
			c.revalidate = func(dir string) {
				if h, err := c.Holder(t.Context(), keyOf("work")); h == nil || err != nil {
					t.Errorf("opened %s without the lease: %v", dir, err)
				}
				opened = append(opened, dir)
			}
			take(t, c, "work")
			var want []string
			if name == "files" {
				folder := filepath.Dir(c.recordPath(keyOf("work")))
				want = []string{filepath.Dir(folder), folder, c.workPath(keyOf("work"))}
			}
			if !slices.Equal(opened, want) {
				t.Errorf("opened %q, want %q", opened, want)
			}
		})
	}
}
