package disk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foil/internal/store"
)

func TestUnpublishedWorkIsNotFound(t *testing.T) {
	c := openTemp(t)
	lock, err := c.acquire(keyOf("work"))
	if err != nil {
		t.Fatal(err)
	}
	work, err := lock.Begin()
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(work.Out, "half"), []byte("x"), 0o666)
	os.Mkdir(work.Checkpoint, 0o777)
	os.WriteFile(filepath.Join(work.Checkpoint, "epoch3"), []byte("x"), 0o666)
	lock.Release() // as the operating system does for a killed process

	if r, _ := lookup(t, c, "work"); r != nil {
		t.Fatal("unfinished work was found")
	}
	lock, err = c.acquire(keyOf("work"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	if work, err = lock.Begin(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(work.Out); len(entries) > 0 {
		t.Error("the next run finds half an output")
	}
	if !work.Resumes {
		t.Error("the next run does not find the checkpoint")
	}
}

func TestWorkStateTellsHowFarWorkIs(t *testing.T) {
	c := openTemp(t)
	key := keyOf("work")
	state := func() *WorkState {
		t.Helper()
		s, err1 := c.WorkState(key)
		begun, err2 := c.Begun()
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if s != nil && !begun[key] || begun[keyOf("other work")] {
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
	lock, err := c.acquire(key)
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
	os.MkdirAll(filepath.Join(work.Checkpoint, "inputs-1"), 0o777)
	if s := state(); s.Checkpoint {
		t.Errorf("an empty folder is a checkpoint: %+v", s)
	}
	os.Remove(filepath.Join(work.Checkpoint, "inputs-1"))
	os.WriteFile(filepath.Join(work.Checkpoint, "epoch1"), nil, 0o666)
	saved := time.Date(2026, 11, 24, 12, 3, 0, 0, time.UTC)
	os.Chtimes(filepath.Join(work.Checkpoint, "epoch1"), saved, saved)
	if err := lock.Fail(errors.New("no luck")); err != nil {
		t.Fatal(err)
	}
	lock.Release()
	if s := state(); s.Running || s.Failure != "no luck" || !s.Checkpoint || !s.Saved.Equal(saved) || s.Log != work.Log {
		t.Errorf("failed: %+v", s)
	}
	if lock, err = c.acquire(key); err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Begin(); err != nil {
		t.Fatal(err)
	}
	lock.Release()
	if s := state(); s.Running || s.Failure != "" || !s.Checkpoint {
		t.Errorf("interrupted: %+v", s)
	}
}

// A process of an earlier owner may have the log open for longer than its lease.
func TestLateWriterDoesNotReachThePublishedLog(t *testing.T) {
	for name, openTemp := range bothWays {
		t.Run(name, func(t *testing.T) {
			c := openTemp(t)
			first := beginWork(t, c, "work", nil)
			late, err := os.Create(first.Log)
			if err != nil {
				t.Fatal(err)
			}
			defer late.Close()
			late.WriteString("one\n")
			first.Release()
			second := beginWork(t, c, "work", map[string]string{"out": "content"})
			r, err := second.publish(t, "work")
			if err != nil {
				t.Fatal(err)
			}
			late.WriteString("two\n")
			path, err := open(t, c.Dir()).object(t.Context(), *r.Log)
			if err != nil {
				t.Fatal(err)
			}
			if text, _ := os.ReadFile(path); string(text) != "one\n" {
				t.Errorf("the log is %q", text)
			}
		})
	}
}

func TestFailureIsNoted(t *testing.T) {
	c := openTemp(t)
	c.SetGroup("crew")
	l := take(t, c, "work")
	if _, err := l.Begin(); err != nil {
		t.Fatal(err)
	}
	if err := l.Fail(errors.New("no luck\nat all")); err != nil {
		t.Fatal(err)
	}
	f, err := c.Failure(keyOf("work"))
	if err != nil || f == nil || f.Reason != "no luck\nat all" || f.Owner.PID != os.Getpid() || f.Owner.Group != "crew" || f.ID == "" || f.Log != "" {
		t.Errorf("%+v, %v", f, err)
	}
	if all, err := c.AllFailures(); err != nil || len(all) != 1 || *all[keyOf("work")] != *f {
		t.Errorf("%v, %v", all, err)
	}
	// A file that was cut or written by hand is its own reason.
	path := filepath.Join(c.workPath(keyOf("work")), failedFile)
	if err := os.WriteFile(path, []byte("disk full\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if f, err := c.Failure(keyOf("work")); err != nil || f.Reason != "disk full" {
		t.Errorf("%+v, %v", f, err)
	}
	l.Release()
	l = take(t, c, "work")
	if _, err := l.Begin(); err != nil {
		t.Fatal(err)
	}
	if f, err := c.Failure(keyOf("work")); f != nil || err != nil {
		t.Errorf("an attempt is running: %+v, %v", f, err)
	}
}

// Attempts of a group that leave neither a failure nor a new checkpoint are counted.
func TestAttemptsWithoutProgressAreCounted(t *testing.T) {
	c := openTemp(t)
	for i, step := range []struct {
		group string
		do    func(l *lease, w *store.Workspace)
		want  int
	}{
		{"", nil, 0},
		{"a", nil, 0},
		{"a", nil, 1},
		{"a", func(l *lease, w *store.Workspace) { l.Begin() }, 2}, // another try of the same lease
		{"a", func(l *lease, w *store.Workspace) {
			os.Mkdir(w.Checkpoint, 0o777)
			os.WriteFile(filepath.Join(w.Checkpoint, "weights"), []byte("1"), 0o666)
		}, 3},
		{"a", nil, 0},
		{"a", nil, 1},
		{"b", nil, 0},
		{"b", func(l *lease, w *store.Workspace) { l.Fail(errors.New("no luck")) }, 1},
		{"b", nil, 0},
		{"", nil, 0},
	} {
		c.SetGroup(step.group)
		l := take(t, c, "work")
		w, err := l.Begin()
		if err != nil || w.Stalled != step.want {
			t.Errorf("attempt %d: %+v, %v, want %d", i, w, err, step.want)
		}
		if step.do != nil {
			step.do(l, w)
		}
		l.Release()
	}
}
