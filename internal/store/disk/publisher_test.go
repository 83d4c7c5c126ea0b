package disk

import (
	"foil/internal/digest"
	"foil/internal/store"
	"os"
	"path/filepath"
	"testing"
)

// beginWork takes the lock of a key and writes its output.
func beginWork(t *testing.T, c *Cache, key string, files map[string]string) *Work {
	t.Helper()
	lock, err := c.TryLock(digest.KeyOf(key))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lock.Unlock)
	work, err := lock.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(work.Out, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return work
}

func TestEqualFilesOfAnArtifactAreOneObject(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", map[string]string{"a": "same", "b": "same", "c": "another"})
	r := &store.Record{KeyText: "work"}
	if err := w.Publish(r); err != nil {
		t.Fatal(err)
	}
	c = open(t, c.Dir())
	for _, f := range r.Outputs {
		if _, err := c.Object(f); err != nil {
			t.Error(err)
		}
	}
	if r.Outputs[0].Digest != r.Outputs[1].Digest || r.Outputs[0].Digest == r.Outputs[2].Digest {
		t.Errorf("outputs %v", r.Outputs)
	}
}

// What another cell of this process has named may not be on disk yet.
func TestObjectIsReliedOnOnlyWhenItIsSettled(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", map[string]string{"a": "content"})
	first, second := newPublisher(c), newPublisher(c)
	f, err := first.file(filepath.Join(w.Out, "a"), "a")
	if err != nil {
		t.Fatal(err)
	}
	if second.known(f) {
		t.Error("known before it was settled")
	}
	if err := first.settle(); err != nil {
		t.Fatal(err)
	}
	if !second.known(f) {
		t.Error("not known when it was settled")
	}
}

// A record may name what lies there, so nothing takes its place but what is on disk.
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

// A log goes on after work that failed while it was published, so what was published
// of it must not be the same file.
func TestFailedPublishingLeavesNoSecondNameOfAnObject(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", map[string]string{"a": "content"})
	if err := os.WriteFile(w.Log, []byte("said\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(w.dir(), "record.json"), 0o777); err != nil { // in the way
		t.Fatal(err)
	}
	if err := w.Publish(&store.Record{KeyText: "work"}); err == nil {
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

// A disk may take what is written and refuse it when it is asked to keep it.
func TestWhatTheDiskDoesNotKeepIsNoHit(t *testing.T) {
	c := openTemp(t)
	w := beginWork(t, c, "work", map[string]string{"a": "content"})
	p := newPublisher(c)
	r := &store.Record{Format: store.RecordFormat, Key: digest.KeyOf("work"), KeyText: "work"}
	var err error
	if r.Outputs, err = p.folder(w.Out); err != nil {
		t.Fatal(err)
	}
	p.syncs.path(filepath.Join(c.Dir(), "nowhere")) // cannot be synced
	if err := w.publishRecord(r, p); err == nil {
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
