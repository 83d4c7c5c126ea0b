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
)

// orphanCache makes this test binary a parent that starts a child which hangs,
// tells its pid, and can be killed.
const orphanCache = "FOIL_TEST_ORPHAN_CACHE"

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
		lock, err := c.TryLock(digest.KeyOf("orphan"))
		if err != nil {
			return err
		}
		log, err := os.Create(filepath.Join(dir, "log"))
		if err != nil {
			return err
		}
		task := &pipeline.Task{Cell: "a", Kind: "test/hang", Params: "{}"}
		_, err = processes().Spawn(context.Background(), task, lock.File(), pipeline.Hooks{
			OnNote: func(text string) { fmt.Println(text) }, Log: log,
		})
		return err
	}()
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// A child whose parent was killed ends, and holds the lock until then.
func TestOrphanHoldsTheLockUntilItEnds(t *testing.T) {
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
	early, err := c.TryLock(digest.KeyOf("orphan"))
	looked := time.Since(killed)
	switch {
	case err == nil:
		early.Unlock()
		if looked < grace {
			t.Errorf("the orphan holds no lock %v after its parent's end", looked)
		}
	case !errors.Is(err, store.ErrHeld):
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	lock, err := c.Lock(ctx, digest.KeyOf("orphan"))
	if err != nil {
		t.Fatalf("the orphan does not end: %v", err)
	}
	lock.Unlock()
}

// What a child leaves running ends with it. It holds the lock, too, so that tells.
func TestNothingIsLeftRunning(t *testing.T) {
	if _, err := exec.LookPath("sleep"); err != nil {
		t.Skip("no sleep command")
	}
	c, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key := digest.KeyOf("left")
	lock, err := c.TryLock(key)
	if err != nil {
		t.Fatal(err)
	}
	if r := new(attempt).do(t, t.Context(), processes(), "test/leave", lock.File()); r.err != nil {
		t.Fatal(r.err)
	}
	lock.File().Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again, err := c.Lock(ctx, key)
	if err != nil {
		t.Fatalf("something holds the lock still: %v", err)
	}
	again.Unlock()
}
