package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foil/internal/filelock"
	"foil/internal/store"
)

// The ways in which leases are held, for tests that run with each of them.
var bothWays = map[string]func(t testing.TB) *Cache{
	bySystem: openTemp,
	byFiles:  func(t testing.TB) *Cache { return openWithFiles(t, DefaultHeartbeat, DefaultExpiry) },
}

// openWithFiles opens a cache whose leases are held by files.
func openWithFiles(t testing.TB, heartbeat, expiry time.Duration) *Cache {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cache")
	text := fmt.Sprintf(`{"format": 1, "leases": "files", "why": "a test", "heartbeat_seconds": %g, "expiry_seconds": %g}`,
		heartbeat.Seconds(), expiry.Seconds())
	if err := errors.Join(os.Mkdir(dir, 0o777), os.WriteFile(filepath.Join(dir, wayFile), []byte(text), 0o666)); err != nil {
		t.Fatal(err)
	}
	return open(t, dir)
}

func TestLeaseHasOneOwner(t *testing.T) {
	for name, openTemp := range bothWays {
		t.Run(name, func(t *testing.T) {
			c := openTemp(t)
			var inside, most atomic.Int32
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					for range 10 {
						l, err := store.Wait(t.Context(), c, keyOf("work"))
						if err != nil {
							t.Error(err)
							return
						}
						most.Store(max(most.Load(), inside.Add(1)))
						time.Sleep(100 * time.Microsecond)
						inside.Add(-1)
						l.Release()
					}
				})
			}
			group.Wait()
			if most.Load() != 1 {
				t.Errorf("%d owners at once", most.Load())
			}
		})
	}
}

func TestWaitingForALeaseCanBeCancelled(t *testing.T) {
	c := openTemp(t)
	l, err := c.acquire(keyOf("work"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := store.Wait(ctx, c, keyOf("work")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Acquire(t.Context(), keyOf("work")); !errors.Is(err, store.ErrHeld) {
		t.Errorf("got %v", err)
	}
}

// A witness detects two holders of the same lease, even in different processes.
func witness(t *testing.T, dir string) (leave func()) {
	path := filepath.Join(dir, "witness")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		t.Errorf("two hold the lease at once: %v", err)
		return func() {}
	}
	f.Close()
	return func() { os.Remove(path) }
}

// Many goroutines with caches of their own, in two processes, take one lease. Some die
// with it.
func TestLeaseNeverHasTwoOwners(t *testing.T) {
	if os.Getenv(childRole) == childContends {
		contend(t, os.Getenv(childDir))
		return
	}
	for name, c := range map[string]*Cache{
		bySystem: openTemp(t),
		byFiles:  openWithFiles(t, 100*time.Millisecond, time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := child(t, childContends, c.Dir())
			contend(t, c.Dir())
			if text, err := other(); err != nil {
				t.Errorf("%v: %s", err, text)
			}
		})
	}
}

func contend(t *testing.T, dir string) {
	var group sync.WaitGroup
	for n := range 6 {
		group.Go(func() {
			c := open(t, dir)
			for i := range 5 {
				l, err := store.Wait(t.Context(), c, keyOf("work"))
				if err != nil {
					t.Error(err)
					return
				}
				leave := witness(t, dir)
				time.Sleep(time.Millisecond)
				leave()
				if n == 0 && i == 2 {
					die(l)
					continue
				}
				l.Release()
			}
		})
	}
	group.Wait()
}

// die has the effect of a process's end on its lease.
func die(l store.Lease) {
	l.(*lease).release.Do(func() {
		switch h := l.(*lease).hold.(type) {
		case systemHold:
			h.locked.Close()
		case *fileHold:
			close(h.stop)
			h.watch.Stop()
		}
	})
}

// The environment of a process that this test binary is started as.
const (
	childRole = "FOIL_TEST_CHILD"
	childDir  = "FOIL_TEST_CACHE"
	childOn   = "FOIL_TEST_LOCKS" // a name in systems
)

const (
	childUses     = "uses"     // opens a cache, says so, and waits
	childContends = "contends" // see TestLeaseNeverHasTwoOwners
	childProbes   = "probes"   // see AnswerProbe
)

// systems are file systems whose locks do not work.
var systems = map[string]system{
	"": thisSystem,
	"locks off": lockingSystem(func(f *os.File) (bool, error) {
		return false, &os.PathError{Op: "flock", Path: f.Name(), Err: errors.ErrUnsupported}
	}),
	"each process locks alone": {
		exclusive: exclusiveInProcess, shared: filelock.Shared, network: func(string) string { return "" },
	},
	"every lock succeeds": lockingSystem(func(*os.File) (bool, error) { return true, nil }),
	"on a network":        {exclusive: filelock.Exclusive, shared: filelock.Shared, network: func(string) string { return "NFS" }},
}

func lockingSystem(lock func(*os.File) (bool, error)) system {
	return system{exclusive: lock, shared: lock, network: func(string) string { return "" }}
}

// exclusiveInProcess keeps only this process from locking a file a second time.
func exclusiveInProcess(f *os.File) (bool, error) {
	_, locked := lockedHere.LoadOrStore(f.Name(), true)
	return !locked, nil
}

var lockedHere sync.Map

// child starts this test binary in a role. The function that it returns waits for the end.
func child(t *testing.T, role, dir string) (wait func() (output string, err error)) {
	t.Helper()
	cmd := childCommand(t.Context(), role, dir, "")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return func() (string, error) {
		err := cmd.Wait()
		return said.String(), err
	}
}

func childCommand(ctx context.Context, role, dir, on string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestLeaseNeverHasTwoOwners$")
	cmd.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir, childOn+"="+on)
	return cmd
}

// childNode is a role on Linux: see nodeMain.
const childNode = "node"

func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	switch os.Getenv(childRole) {
	case childUses:
		if _, err := Open(dir); err != nil {
			os.Exit(1)
		}
		os.Stdout.Write([]byte("."))
		os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	case childNode:
		if err := nodeMain(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case childProbes:
		if err := answerProbe(dir, os.Stdout, systems[os.Getenv(childOn)]); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
