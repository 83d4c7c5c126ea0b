package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/testenv"
)

func openTemp(t testing.TB) *Cache {
	t.Helper()
	c, err := Open(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// publish does the work called text: its outputs are files, name and content.
func publish(t testing.TB, c *Cache, text string, files ...string) *store.Record {
	t.Helper()
	lock, err := c.acquire(keyOf(text))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Release()
	work, err := lock.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(work.Out, files[i])
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(files[i+1]), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(work.Log, []byte("a line\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	r := &store.Record{KeyText: textOf(text), Kind: text, Version: 1, Started: time.Unix(1, 0).UTC()}
	if err := lock.Publish(t.Context(), work, r); err != nil {
		t.Fatal(err)
	}
	return r
}

func lookup(t testing.TB, c *Cache, text string) (*store.Record, string) {
	t.Helper()
	r, miss, err := c.Lookup(t.Context(), keyOf(text))
	if err != nil {
		t.Fatal(err)
	}
	return r, miss.Reason
}

func open(t testing.TB, dir string) *Cache {
	t.Helper()
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestUnusableFolderIsExplained(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o666)
	within := t.TempDir()
	os.WriteFile(filepath.Join(within, "objects"), nil, 0o666)
	readOnly := t.TempDir()
	os.Chmod(readOnly, 0o555)
	for dir, want := range map[string]string{
		file:                       "is a file, not a folder",
		filepath.Join(file, "sub"): "cannot be written",
		within:                     "cannot be written",
		readOnly:                   "cannot be written",
	} {
		_, err := Open(dir)
		if dir == readOnly && os.Geteuid() == 0 {
			continue // nothing is read-only for root
		}
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: got %v", dir, err)
		}
	}
}

func TestLookMakesNoCacheAndFindsNothingThere(t *testing.T) {
	other := t.TempDir()
	os.WriteFile(filepath.Join(other, "thesis.tex"), nil, 0o666)
	for name, dir := range map[string]string{"nothing there": filepath.Join(t.TempDir(), "a", "b"), "another folder": other} {
		before, _ := os.ReadDir(dir)
		c, err := Look(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r, reason := lookup(t, c, "work"); r != nil || reason != store.NeverMade.Reason {
			t.Errorf("%s: %v, %q", name, r, reason)
		}
		entries, err1 := c.Entries()
		begun, err2 := c.Begun()
		state, err3 := c.WorkState(keyOf("work"))
		if len(entries)+len(begun) > 0 || state != nil || errors.Join(err1, err2, err3) != nil {
			t.Errorf("%s: %v, %v, %v, %v", name, entries, begun, state, errors.Join(err1, err2, err3))
		}
		if _, err := c.Acquire(t.Context(), keyOf("work")); !errors.As(err, new(*ReadOnlyError)) {
			t.Errorf("%s, a lock: %v", name, err)
		}
		c.Close()
		if after, _ := os.ReadDir(dir); len(after) != len(before) || Exists(dir) {
			t.Errorf("%s: made %v", name, after)
		}
	}
	if _, err := Look(filepath.Join(other, "thesis.tex")); err == nil {
		t.Error("a file was taken for a cache")
	}
}

func TestLookOpensACacheThatIsThere(t *testing.T) {
	c := openTemp(t)
	publish(t, c, "work", "out", "content")
	again, err := Look(c.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if r, reason := lookup(t, again, "work"); r == nil {
		t.Error(reason)
	}
	c.Close()
	other := open(t, c.Dir())
	if _, err := other.Alone(); !errors.Is(err, ErrInUse) {
		t.Errorf("who looks does not use it: %v", err)
	}
}

// lockAway makes the cache read-only for the rest of the test.
func lockAway(t *testing.T, c *Cache) *Cache {
	t.Helper()
	undo, err := testenv.ReadOnly(c.Dir())
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(undo)
	again, err := Open(c.Dir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Close)
	return again
}

func TestReadOnlyCacheCanBeRead(t *testing.T) {
	c := openTemp(t)
	f := publish(t, c, "work", "out", "content").Outputs[0]
	c = lockAway(t, c)
	if r, reason := lookup(t, c, "work"); r == nil {
		t.Fatal(reason)
	}
	if path, err := c.object(t.Context(), f); err != nil {
		t.Error(err)
	} else if text, err := os.ReadFile(path); string(text) != "content" {
		t.Errorf("%q, %v", text, err)
	}
	if entries, err := c.Entries(); len(entries) != 1 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
	var readOnly *ReadOnlyError
	if _, err := c.Acquire(t.Context(), keyOf("other")); !errors.As(err, &readOnly) || !strings.Contains(err.Error(), "cannot be written") || !strings.Contains(err.Error(), c.Dir()) {
		t.Errorf("a lock: %v", err)
	}
	if _, err := c.Alone(); !errors.As(err, &readOnly) {
		t.Errorf("alone: %v", err)
	}
	if _, err := store.Wait(t.Context(), c, keyOf("other")); !errors.As(err, &readOnly) {
		t.Errorf("waiting for a lock: %v", err)
	}
}

// A damaged object is a miss even if it cannot be moved.
func TestDamageInAReadOnlyCacheIsAMiss(t *testing.T) {
	c := openTemp(t)
	f := publish(t, c, "work", "out", "content").Outputs[0]
	path := c.objectPath(f.Digest)
	os.Chmod(path, 0o666)
	os.WriteFile(path, []byte("kontent"), 0o666)
	c = lockAway(t, c)
	var damaged *store.DamagedError
	if _, err := c.object(t.Context(), f); !errors.As(err, &damaged) {
		t.Fatalf("got %v", err)
	}
	if r, reason := lookup(t, c, "work"); r != nil || !strings.Contains(reason, "has unexpected content") {
		t.Errorf("%v, %q", r, reason)
	}
}

func TestFolderThatIsNoCacheIsNotOpenedForReading(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o666)
	undo, err := testenv.ReadOnly(dir)
	if err != nil {
		t.Skip(err)
	}
	defer undo()
	if c, err := Open(dir); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("%v, %v", c, err)
	}
}

// linesOf are the key lines of some work, and keyOf is their key.
func textOf(work string) digest.KeyText { return digest.NewKeyLines(work, 1).Text() }

func keyOf(work string) digest.Key { return textOf(work).Key() }

// snapshot describes a folder with everything in it.
func snapshot(t testing.TB, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var text []byte
		if info.Mode().IsRegular() {
			text, err = os.ReadFile(path)
		}
		fmt.Fprintf(&all, "%s %v %q\n", path, info.Mode(), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// told collects what OnNote receives until the test ends.
func told(t *testing.T) *[]string {
	t.Helper()
	var lines []string
	OnNote = func(text string) { lines = append(lines, text) }
	t.Cleanup(func() { OnNote = nil })
	return &lines
}
