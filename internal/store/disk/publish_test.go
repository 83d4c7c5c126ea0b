package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/store"
)

func TestPublishedWorkIsFound(t *testing.T) {
	c := openTemp(t)
	if r, reason := lookup(t, c, "work"); r != nil || reason != store.NeverMade.Reason {
		t.Fatalf("before: %v, %q", r, reason)
	}
	publish(t, c, "work", "b.txt", "same", "a/c.txt", "same", "d.txt", "other", "empty", "")
	again, err := Open(c.Dir())
	if err != nil {
		t.Fatal(err)
	}
	r, reason := lookup(t, again, "work")
	if r == nil {
		t.Fatalf("miss: %s", reason)
	}
	var names []string
	for _, f := range r.Outputs {
		names = append(names, f.Name)
		path, err := again.object(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o222 != 0 {
			t.Errorf("%s can be written (%s)", f.Name, info.Mode())
		}
	}
	if got := strings.Join(names, " "); got != "a/c.txt b.txt d.txt empty" {
		t.Errorf("outputs %s", got)
	}
	if r.Log == nil {
		t.Error("the log is not in the record")
	}
	for _, dir := range []string{workDir, locksDir, damagedDir} {
		if left, _ := os.ReadDir(filepath.Join(c.Dir(), dir)); len(left) > 0 {
			t.Errorf("%s/%s is left over", dir, left[0].Name())
		}
	}
}

func TestWorkWithoutProperOutputIsRefused(t *testing.T) {
	for name, write := range map[string]func(out string) error{
		"no output was written": func(string) error { return nil },
		"not a regular file":    func(out string) error { return os.Symlink("/dev/null", filepath.Join(out, "link")) },
		"not UTF-8":             func(out string) error { return os.WriteFile(filepath.Join(out, "a\xff"), nil, 0o666) },
		"lead to other folders": func(out string) error { return os.WriteFile(filepath.Join(out, `..\x`), nil, 0o666) },
		"a device on Windows":   func(out string) error { return os.WriteFile(filepath.Join(out, "nul.txt"), nil, 0o666) },
		"the control character": func(out string) error { return os.WriteFile(filepath.Join(out, "\x1b[2J"), nil, 0o666) },
		"ignore case": func(out string) error {
			return errors.Join(os.WriteFile(filepath.Join(out, "model"), nil, 0o666), os.WriteFile(filepath.Join(out, "Model"), nil, 0o666))
		},
	} {
		c := openTemp(t)
		lock, err := c.acquire(keyOf("work"))
		if err != nil {
			t.Fatal(err)
		}
		work, err := lock.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if err := write(work.Out); err != nil {
			t.Fatal(err)
		}
		if err := lock.Publish(t.Context(), work, &store.Record{KeyText: textOf("work"), Kind: "work", Version: 1}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
		lock.Release()
		if r, _ := lookup(t, c, "work"); r != nil {
			t.Errorf("%s: published", name)
		}
	}
}

// foil writes no record that it would not read.
func TestRecordThatNobodyWouldReadIsNotPublished(t *testing.T) {
	for name, change := range map[string]func(*store.Record){
		"another kind":  func(r *store.Record) { r.Kind = "play" },
		"another input": func(r *store.Record) { r.Inputs = []store.Input{{Name: "in"}} },
		"an escape":     func(r *store.Record) { r.Cell = "\x1b[2J" },
		"no time":       func(r *store.Record) { r.WallSeconds = -1 },
	} {
		c := openTemp(t)
		w := beginWork(t, c, "work", map[string]string{"out": "content"})
		r := &store.Record{KeyText: textOf("work"), Kind: "work", Version: 1}
		change(r)
		if err := w.Publish(t.Context(), w.Workspace, r); err == nil || !strings.Contains(err.Error(), "the record of ") {
			t.Errorf("%s: %v", name, err)
		}
		if r, reason := lookup(t, c, "work"); r != nil || reason != "never made" {
			t.Errorf("%s: %v, %s", name, r, reason)
		}
	}
}

func BenchmarkPublishTrivialWork(b *testing.B) {
	c := openTemp(b)
	for i := 0; b.Loop(); i++ {
		publish(b, c, fmt.Sprint("work ", i), "out", fmt.Sprint("content ", i))
	}
}

// begun is a lease with an attempt.
type begun struct {
	*lease
	*store.Workspace
}

// publish publishes the attempt as the work called key.
func (b begun) publish(t *testing.T, key string) (*store.Record, error) {
	r := &store.Record{KeyText: textOf(key), Kind: key, Version: 1}
	return r, b.Publish(t.Context(), b.Workspace, r)
}

// beginWork takes the lease of a key and writes its output.
func beginWork(t *testing.T, c *Cache, key string, files map[string]string) begun {
	t.Helper()
	l, err := c.acquire(keyOf(key))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Release)
	w, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(w.Out, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return begun{l, w}
}

func TestEqualFilesOfAnArtifactAreOneObject(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", map[string]string{"a": "same", "b": "same", "c": "another"})
	r, err := w.publish(t, "work")
	if err != nil {
		t.Fatal(err)
	}
	c = open(t, c.Dir())
	for _, f := range r.Outputs {
		if _, err := c.object(t.Context(), f); err != nil {
			t.Error(err)
		}
	}
	if r.Outputs[0].Digest != r.Outputs[1].Digest || r.Outputs[0].Digest == r.Outputs[2].Digest {
		t.Errorf("outputs %v", r.Outputs)
	}
}

// An object of another cell of this process may not be on disk yet.
func TestObjectIsReliedOnOnlyWhenItIsSettled(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", map[string]string{"a": "content"})
	first, second, third := newPublisher(c), newPublisher(c), newPublisher(c)
	f, err := first.file(t.Context(), filepath.Join(w.Out, "a"), "a")
	if err != nil {
		t.Fatal(err)
	}
	path := c.objectPath(f.Digest)
	if !second.exists(t.Context(), f) || !second.syncs.paths[path] {
		t.Error("not synced by the second cell before it was settled")
	}
	if err := first.settle(); err != nil {
		t.Fatal(err)
	}
	if !third.exists(t.Context(), f) || third.syncs.paths[path] {
		t.Error("synced again when it was settled")
	}
}

// A record may depend on the existing object, so only a durable file may replace it.
func TestNameIsGivenBeforeTheSyncOnlyWhereNobodyHasIt(t *testing.T) {
	dir := t.TempDir()
	mine, theirs := filepath.Join(dir, "mine"), filepath.Join(dir, "theirs")
	for _, path := range []string{mine, theirs} {
		if err := os.WriteFile(path, []byte(path), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := moveNew(mine, theirs); err == nil {
		t.Error("a name that somebody had was taken")
	}
	if text, _ := os.ReadFile(theirs); string(text) != theirs {
		t.Errorf("it holds %q now", text)
	}
}

// After a failed publication the log continues, so the published log must be a different file.
func TestFailedPublishingLeavesNoSecondNameOfAnObject(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", map[string]string{"a": "content"})
	if err := os.WriteFile(w.Log, []byte("said\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(w.Out+unfinishedSuffix, 0o777); err != nil { // in the way
		t.Fatal(err)
	}
	if _, err := w.publish(t, "work"); err == nil {
		t.Fatal("published")
	}
	for _, path := range []string{w.Log, filepath.Join(w.Out, "a")} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is an object, and has its old name too", filepath.Base(path))
		}
	}
	if r, _ := lookup(t, c, "work"); r != nil {
		t.Error("it is a hit")
	}
}

// A disk may accept a write and then fail the sync.
func TestWhatTheDiskDoesNotKeepIsNoHit(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", map[string]string{"a": "content"})
	p := newPublisher(c)
	r := &store.Record{Format: store.RecordFormat, Key: keyOf("work"), KeyText: textOf("work"), Kind: "work", Version: 1}
	var err error
	if r.Outputs, err = p.folder(t.Context(), w.Out); err != nil {
		t.Fatal(err)
	}
	p.syncs.path(filepath.Join(c.Dir(), "nowhere")) // cannot be synced
	if err := w.publishRecord(t.Context(), filepath.Dir(w.Out), r, p); err == nil {
		t.Fatal("published")
	}
	if r, _ := lookup(t, c, "work"); r != nil {
		t.Error("it is a hit")
	}
	publish(t, c, "other", "a", "content")
	if r, reason := lookup(t, c, "other"); r == nil {
		t.Errorf("the same object, made again: %s", reason)
	}
}
