package identity

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// newFile makes a file with content.
func newFile(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("AAAA"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func at(t *testing.T, path string) Identity {
	t.Helper()
	id, err := At(path)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// tock waits until the next change of a file gets another time.
func tock() { time.Sleep(50 * time.Millisecond) }

// restore sets the time of the last write to that of another file.
func restore(path string, like os.FileInfo) error {
	return os.Chtimes(path, like.ModTime(), like.ModTime())
}

func TestEveryWriteShows(t *testing.T) {
	for name, write := range map[string]func(path string, before os.FileInfo) error{
		"longer": func(path string, _ os.FileInfo) error { return os.WriteFile(path, []byte("AAAAA"), 0o644) },
		"cut":    func(path string, _ os.FileInfo) error { return os.Truncate(path, 2) },
		"time restored": func(path string, before os.FileInfo) error {
			return errors.Join(os.WriteFile(path, []byte("BBBB"), 0o644), restore(path, before))
		},
		"cut, written and time restored": func(path string, before os.FileInfo) error {
			return errors.Join(os.Truncate(path, 0), os.WriteFile(path, []byte("BBBB"), 0o644), restore(path, before))
		},
		"replaced and time restored": func(path string, before os.FileInfo) error {
			return errors.Join(os.WriteFile(path+" 2", []byte("BBBB"), 0o644), restore(path+" 2", before), os.Rename(path+" 2", path))
		},
		"changed and restored": func(path string, before os.FileInfo) error {
			return errors.Join(os.WriteFile(path, []byte("BBBB"), 0o644), os.WriteFile(path, []byte("AAAA"), 0o644), restore(path, before))
		},
		"a link in its place": func(path string, before os.FileInfo) error {
			return errors.Join(os.Rename(path, path+" 2"), os.Symlink(path+" 2", path))
		},
	} {
		path := newFile(t, t.TempDir())
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		before := at(t, path)
		if same := at(t, path); same != before || !before.Renamed(same) {
			t.Errorf("%s: before, %+v and %+v", name, before, same)
		}
		tock()
		if err := write(path, info); err != nil {
			t.Skipf("%s: %v", name, err) // on Windows few users may make links
		}
		if after := at(t, path); after == before {
			t.Errorf("%s: %+v, before %+v", name, after, before)
		}
	}
}

func TestLinksPermissionsAndNamesLeaveTheTimeOfTheLastWrite(t *testing.T) {
	for name, change := range map[string]func(path string) (now string, err error){
		"permissions":  func(path string) (string, error) { return path, os.Chmod(path, 0o444) },
		"another link": func(path string) (string, error) { return path, os.Link(path, path+" 2") },
		"linked and read-only": func(path string) (string, error) {
			return path + " 2", errors.Join(os.Link(path, path+" 2"), os.Chmod(path, 0o444))
		},
		"a new name": func(path string) (string, error) { return path + " 2", os.Rename(path, path+" 2") },
	} {
		path := newFile(t, t.TempDir())
		before := at(t, path)
		tock()
		now, err := change(path)
		if err != nil {
			t.Skipf("%s: %v", name, err)
		}
		if after := at(t, now); !before.Renamed(after) {
			t.Errorf("%s: %+v, before %+v", name, after, before)
		}
	}
}

func TestIdentityIsSettledOnlyWhenALaterWriteWouldShow(t *testing.T) {
	const changed = int64(1_700_000_000_004_000_000) // in the middle of a second
	for name, c := range map[string]struct {
		times   times
		changed int64
		after   time.Duration // of the look
		want    bool
	}{
		"in the same tick":                 {times{}, changed, 0, false},
		"in the next tick":                 {times{}, changed, 1, true},
		"the clock was set back":           {times{}, changed, -time.Hour, false},
		"a coarse file system":             {times{precision: time.Second}, changed, time.Second, false},
		"a coarse file system, later":      {times{precision: time.Second}, changed, time.Second + 1, true},
		"whole seconds":                    {times{}, changed - 4_000_000, time.Second, false},
		"whole seconds, later":             {times{}, changed - 4_000_000, coarse + 1, true},
		"mapped files are written unseen":  {times{unseen: true}, changed, time.Hour, false},
		"whole seconds, the clock is back": {times{}, changed - 4_000_000, -1, false},
	} {
		if got := c.times.settle(Identity{changed: c.changed}, c.changed+int64(c.after)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// A sight of the tick of a change is settled later, if nothing has changed.
func TestAgain(t *testing.T) {
	for name, c := range map[string]struct {
		before func(path string) error // in the tick of the first sight
		after  func(path string) error
		want   bool
	}{
		"nothing else":           {nil, nil, true},
		"permissions":            {nil, func(path string) error { return os.Chmod(path, 0o600) }, false},
		"written":                {nil, func(path string) error { return os.WriteFile(path, []byte("BBBB"), 0o600) }, false},
		"written just before it": {func(path string) error { return os.WriteFile(path, []byte("BBBB"), 0o600) }, nil, false},
	} {
		path := newFile(t, t.TempDir())
		tock()
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := See(f); err != nil || !s.Settled {
			t.Skipf("sights do not settle in a moment on this file system (%v)", err)
		}
		f.Close()
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if c.before != nil {
			if err := c.before(path); err != nil {
				t.Fatal(err)
			}
		}
		first := at(t, path)
		tock()
		if c.after != nil {
			if err := c.after(path); err != nil {
				t.Fatal(err)
			}
			tock()
		}
		if f, err = os.Open(path); err != nil {
			t.Fatal(err)
		}
		s, err := Sight{Identity: first}.Again(f)
		f.Close()
		if err != nil || s.Settled != c.want || s.Identity != first {
			t.Errorf("%s: settled %v, %v", name, s.Settled, err)
		}
	}
}

func TestFileThatChangesWhileItIsReadIsAnError(t *testing.T) {
	for name, write := range map[string]func(path string) error{
		"nothing":   func(string) error { return nil },
		"same size": func(path string) error { return os.WriteFile(path, []byte("BBBB"), 0o644) },
		"longer":    func(path string) error { return os.WriteFile(path, []byte("BBBBB"), 0o644) },
		"cut":       func(path string) error { return os.Truncate(path, 1) },
	} {
		path := newFile(t, t.TempDir())
		tock()
		f, err := os.OpenFile(path, os.O_RDWR, 0) // a lease would let the write wait
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		_, err = SeeDuring(f, func() error { return write(path) })
		if want := name != "nothing"; errors.Is(err, ErrChanging) != want {
			t.Errorf("%s: got %v", name, err)
		}
	}
	bad := errors.New("no disk")
	f, err := os.Open(newFile(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := SeeDuring(f, func() error { return bad }); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
}

func TestOnlyFilesAreRegular(t *testing.T) {
	dir := t.TempDir()
	path := newFile(t, dir)
	if id := at(t, path); !id.IsRegular() || id.Size() != 4 {
		t.Errorf("%+v", id)
	}
	if at(t, dir).IsRegular() {
		t.Error("a folder is regular")
	}
	if err := os.Symlink(path, path+" 2"); err == nil && at(t, path+" 2").IsRegular() {
		t.Error("a link is regular")
	}
	if _, err := At(path + " 3"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
