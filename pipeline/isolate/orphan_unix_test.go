//go:build unix

package isolate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"foil/internal/cache"
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
		c, err := cache.Open(dir)
		if err != nil {
			return err
		}
		lock, err := c.TryLock(cache.KeyOf("orphan"))
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
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	orphan, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "pid ")))
	if err != nil {
		t.Fatal(err)
	}
	c, err := cache.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	// Asleep, the child cannot end before we have looked.
	if err := unix.Kill(orphan, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	parent.Process.Kill()
	parent.Wait()
	if _, err := c.TryLock(cache.KeyOf("orphan")); !errors.Is(err, cache.ErrLocked) {
		t.Errorf("the orphan holds no lock: %v", err)
	}
	if err := unix.Kill(orphan, unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	lock, err := c.Lock(ctx, cache.KeyOf("orphan"))
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
	c, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key := cache.KeyOf("left")
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
