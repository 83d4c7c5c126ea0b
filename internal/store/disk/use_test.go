package disk

import (
	"errors"
	"foil/internal/digest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func open(t testing.TB, dir string) *Cache {
	t.Helper()
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestNobodyIsAloneWhileOthersUseTheCache(t *testing.T) {
	c := openTemp(t)
	other := open(t, c.Dir())
	if _, err := c.Alone(); !errors.Is(err, ErrInUse) {
		t.Fatalf("got %v", err)
	}
	// The attempt has not cost c its place.
	if _, err := other.Alone(); !errors.Is(err, ErrInUse) {
		t.Fatalf("got %v", err)
	}
	other.Close()
	release, err := c.Alone()
	if err != nil {
		t.Fatal(err)
	}
	opened := make(chan *Cache)
	go func() {
		late, err := Open(c.Dir())
		if err != nil {
			t.Error(err)
		}
		opened <- late
	}()
	publish(t, c, "work", "out", "content") // while the other one waits
	select {
	case <-opened:
		t.Error("opened while somebody is alone")
	default:
	}
	release()
	late := <-opened
	defer late.Close()
	if r, reason := lookup(t, late, "work"); r == nil {
		t.Error(reason)
	}
}

// childDir tells this test binary to open a cache, say so, and wait.
const childDir = "FOIL_TEST_USES_CACHE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if _, err := Open(dir); err != nil {
			os.Exit(1)
		}
		os.Stdout.Write([]byte("."))
		os.Stdin.Read(make([]byte, 1))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestKilledProcessDoesNotUseTheCache(t *testing.T) {
	c := openTemp(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+c.Dir())
	out, err1 := cmd.StdoutPipe()
	_, err2 := cmd.StdinPipe()
	if err := errors.Join(err1, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Alone(); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if _, err := c.Alone(); err != nil {
		t.Error(err)
	}
}

func TestWorkStateTellsHowFarWorkIs(t *testing.T) {
	c := openTemp(t)
	key := digest.KeyOf("work")
	state := func() *WorkState {
		t.Helper()
		s, err1 := c.WorkState(key)
		begun, err2 := c.Begun()
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if s != nil && !begun[key] || begun[digest.KeyOf("other work")] {
			t.Errorf("begun: %v, in the state %+v", begun, s)
		}
		return s
	}
	if s := state(); s != nil {
		t.Fatalf("before: %+v", s)
	}
	killed := `{"host":"elsewhere","pid":1,"since":"2026-11-24T15:00:00Z"}` + strings.Repeat(" ", 500)
	if err := os.WriteFile(c.lockPath(key), []byte(killed), 0o666); err != nil {
		t.Fatal(err)
	}
	if s := state(); s != nil {
		t.Fatalf("a killed owner: %+v", s)
	}
	lock, err := c.TryLock(key)
	if err != nil {
		t.Fatal(err)
	}
	if s := state(); s == nil || !s.Running {
		t.Errorf("locked: %+v", s)
	}
	work, err := lock.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if s := state(); !s.Running || s.Owner == nil || s.Owner.PID != os.Getpid() || s.Checkpoint || s.Log != "" {
		t.Errorf("running: %+v", s)
	}
	os.WriteFile(work.Log, []byte("x"), 0o666)
	os.Mkdir(work.Checkpoint, 0o777)
	os.WriteFile(filepath.Join(work.Checkpoint, "epoch1"), nil, 0o666)
	saved := time.Date(2026, 11, 24, 12, 3, 0, 0, time.UTC)
	os.Chtimes(filepath.Join(work.Checkpoint, "epoch1"), saved, saved)
	if err := work.Fail(errors.New("no luck")); err != nil {
		t.Fatal(err)
	}
	lock.Unlock()
	if s := state(); s.Running || s.Failure != "no luck" || !s.Checkpoint || !s.Saved.Equal(saved) || s.Log != work.Log {
		t.Errorf("failed: %+v", s)
	}
	if lock, err = c.TryLock(key); err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Begin(); err != nil {
		t.Fatal(err)
	}
	lock.Unlock()
	if s := state(); s.Running || s.Failure != "" || !s.Checkpoint {
		t.Errorf("interrupted: %+v", s)
	}
}
