//go:build unix

package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
	"foil/pipeline"
	"foil/spec"
	"foil/stages/command"
)

// orphanCache makes this test binary a parent that can be killed. Its child hangs after it has told
// its PID, or runs the script in orphanScript.
const (
	orphanCache  = "FOIL_TEST_ORPHAN_CACHE"
	orphanScript = "FOIL_TEST_ORPHAN_SCRIPT"
)

func init() {
	dir := os.Getenv(orphanCache)
	if dir == "" || len(os.Args) > 1 && os.Args[1] == "cell" {
		return
	}
	err := func() error {
		c, err := disk.Open(dir)
		if err != nil {
			return err
		}
		lease, err := c.Acquire(context.Background(), digest.KeyOf("orphan"))
		if err != nil {
			return err
		}
		log, err := os.Create(filepath.Join(dir, "log"))
		if err != nil {
			return err
		}
		o := order{Task: &pipeline.Task{Cell: "a", Kind: "test/hang"}}
		if script := os.Getenv(orphanScript); script != "" {
			o.Task = scriptTask(script)
			o.Site.OutDir = filepath.Join(dir, "out")
		}
		_, err = processes().run(context.Background(), o, knowsAll, lease.(store.Inheritable).Inherit(), log, pipeline.Hooks{
			OnNote: func(text string) { fmt.Println(text) },
		})
		return err
	}()
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// scriptTask makes a task of a script that writes out/x.
func scriptTask(script string) *pipeline.Task {
	p := &command.Params{Run: []spec.Text{"sh", "-c", spec.Text(script)}, Outputs: []string{"x"}, Type: "files"}
	task := &pipeline.Task{Cell: "a", Kind: "command", Version: command.Command().Version, Needs: pipeline.Limits{Cores: 1}}
	if err := task.SetParams(&pipeline.Parameters{Values: p, Canonical: spec.Canonical(p)}); err != nil {
		panic(err)
	}
	return task
}

// After its parent was killed, a child ends, and holds the lease until then.
func TestOrphanHoldsTheLeaseUntilItEnds(t *testing.T) {
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), orphanCache+"="+dir)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil { // the child runs
		t.Fatal(err)
	}
	c, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	// The kind does not listen, so the child lives for a grace after its parent's end.
	// (Stopped by a signal it would not: the kernel ends a process group that is
	// orphaned with a stopped member.)
	killed := time.Now()
	parent.Process.Kill()
	parent.Wait()
	early, err := c.Acquire(t.Context(), digest.KeyOf("orphan"))
	looked := time.Since(killed)
	switch {
	case err == nil:
		early.Release()
		if looked < grace {
			t.Errorf("the orphan holds no lease %v after its parent's end", looked)
		}
	case !errors.Is(err, store.ErrHeld):
		t.Fatal(err)
	}
	acquire(t, c, digest.KeyOf("orphan")).Release()
}

// Processes that a child leaves running are ended with it. They also hold the lease, so the test
// checks the lease. (Where descendants are known, the cell also fails: see
// TestKindThatLeavesAProcessFails.)
func TestNothingIsLeftRunning(t *testing.T) {
	if _, err := exec.LookPath("sleep"); err != nil {
		t.Skip("no sleep command")
	}
	c, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key := digest.KeyOf("left")
	lease, err := c.Acquire(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	hold := lease.(store.Inheritable).Inherit()
	new(attempt).do(t, t.Context(), processes(), "test/leave", hold)
	hold.Close()
	acquire(t, c, key).Release()
}

// acquire waits for a lease that ends soon.
func acquire(t *testing.T, s store.Store, key digest.Key) store.Lease {
	t.Helper()
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		lease, err := s.Acquire(t.Context(), key)
		switch {
		case err == nil:
			return lease
		case !errors.Is(err, store.ErrHeld) || time.Since(start) > time.Minute:
			t.Fatalf("something still holds the lease: %v", err)
		}
	}
}
