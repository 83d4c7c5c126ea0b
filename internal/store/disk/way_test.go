package disk

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// probeOn lets this test binary answer probes, with the locks of a system.
func probeOn(t *testing.T, on string) {
	ProbeCommand = func(ctx context.Context, path string) *exec.Cmd { return childCommand(ctx, childProbes, path, on) }
	t.Cleanup(func() { ProbeCommand = nil })
}

func readWayOf(t *testing.T, dir string) *way {
	t.Helper()
	w, err := readWay(filepath.Join(dir, wayFile))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestLocksAreUsedWhereTheyWorkBetweenProcesses(t *testing.T) {
	for on, want := range map[string]way{
		"":                         {Leases: bySystem, Why: "a file that is locked cannot be locked by another process"},
		"locks off":                {Leases: byFiles, Why: "a file cannot be locked: flock "},
		"every lock succeeds":      {Leases: byFiles, Why: "a file that is locked can be locked a second time"},
		"each process locks alone": {Leases: byFiles, Why: "another process can lock a file that is locked"},
		"on a network":             {Leases: byFiles, Why: "the folder is on NFS"},
	} {
		t.Run(on, func(t *testing.T) {
			probeOn(t, on)
			dir := t.TempDir()
			c, err := openOn(dir, systems[on])
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			w := readWayOf(t, dir)
			if w.Leases != want.Leases || !strings.HasPrefix(w.Why, want.Why) {
				t.Errorf("%+v", w)
			}
			if left, _ := os.ReadDir(filepath.Join(dir, locksDir)); len(left) > 0 {
				t.Errorf("%s is left over", left[0].Name())
			}
			// All processes follow the file, even those with working locks, and a lease has one
			// owner.
			again := open(t, dir)
			l, err := c.acquire(keyOf("work"))
			if err != nil {
				t.Fatal(err)
			}
			if l2, err := again.acquire(keyOf("work")); err == nil {
				t.Errorf("two have the lease: %+v", l2)
			}
			l.Release()
			publish(t, again, "work", "out", "content")
			if r, reason := lookup(t, c, "work"); r == nil {
				t.Error(reason)
			}
		})
	}
}

func TestProbeWithoutASecondProcess(t *testing.T) {
	for name, command := range map[string]func(context.Context, string) *exec.Cmd{
		"no command": nil,
		"a command that fails": func(ctx context.Context, _ string) *exec.Cmd {
			return exec.CommandContext(ctx, filepath.Join(os.TempDir(), "no-such-program"))
		},
		"a command of something": func(ctx context.Context, _ string) *exec.Cmd {
			return exec.CommandContext(ctx, os.Args[0], "-test.run=^$")
		},
	} {
		t.Run(name, func(t *testing.T) {
			ProbeCommand = command
			defer func() { ProbeCommand = nil }()
			c := openTemp(t)
			if w := readWayOf(t, c.Dir()); w.Leases != bySystem || !strings.Contains(w.Why, "tried within one process") {
				t.Errorf("%+v", w)
			}
		})
	}
}

func TestAllFollowTheFirst(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	var mu sync.Mutex
	ways := map[bool]int{}
	for i := range 16 {
		group.Go(func() {
			on := systems[""]
			if i%2 > 0 {
				on = systems["locks off"]
			}
			c, err := openOn(dir, on)
			if err != nil {
				t.Error(err)
				return
			}
			_, files := c.leases.(*fileLeases)
			mu.Lock()
			ways[files]++
			mu.Unlock()
		})
	}
	group.Wait()
	if len(ways) != 1 {
		t.Errorf("%d hold leases by locks, and %d by files", ways[false], ways[true])
	}
}

// A cache that was made on the server of a network file system, or moved to one.
func TestLocksAreNotTrustedOnANetwork(t *testing.T) {
	c := openTemp(t)
	publish(t, c, "work", "out", "content")
	if _, err := openOn(c.Dir(), systems["on a network"]); err == nil || !strings.Contains(err.Error(), `write "files" for "system"`) {
		t.Errorf("got %v", err)
	}
	path := filepath.Join(c.Dir(), wayFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), `"system"`, `"files"`, 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	c, err = openOn(c.Dir(), systems["on a network"])
	if err != nil {
		t.Fatal(err)
	}
	publish(t, c, "other", "out", "content")
}

func TestDamagedWayIsToldWithARemedy(t *testing.T) {
	for text, want := range map[string]string{
		`{"format": 1, "leases": "luck"}`:                                                 `unknown leases "luck"`,
		`{"format": 2, "leases": "files"}`:                                                "has format 2",
		`{"format": 1, "leases": "files", "heartbeat_seconds": 60, "expiry_seconds": 60}`: "heartbeat_seconds must be above 0 and less",
		`{"format": 1, "leases": "files", "heartbeat_seconds": -1, "expiry_seconds": 60}`: "heartbeat_seconds must be above 0",
		`{"format": 1, "lea`: "unexpected end of JSON",
	} {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, wayFile), []byte(text), 0o666)
		if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "remove it while no foil uses the cache") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
