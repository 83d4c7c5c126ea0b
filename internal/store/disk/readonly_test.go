package disk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/testenv"
)

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
	if path, err := c.Object(f); err != nil {
		t.Error(err)
	} else if text, err := os.ReadFile(path); string(text) != "content" {
		t.Errorf("%q, %v", text, err)
	}
	if entries, err := c.Entries(); len(entries) != 1 || err != nil {
		t.Errorf("%v, %v", entries, err)
	}
	var readOnly *ReadOnlyError
	if _, err := c.TryLock(digest.KeyOf("other")); !errors.As(err, &readOnly) || !strings.Contains(err.Error(), "cannot be written") || !strings.Contains(err.Error(), c.Dir()) {
		t.Errorf("a lock: %v", err)
	}
	if _, err := c.Alone(); !errors.As(err, &readOnly) {
		t.Errorf("alone: %v", err)
	}
	if _, err := c.Lock(t.Context(), digest.KeyOf("other")); !errors.As(err, &readOnly) {
		t.Errorf("waiting for a lock: %v", err)
	}
}

// What is damaged and cannot be moved is a miss all the same.
func TestDamageInAReadOnlyCacheIsAMiss(t *testing.T) {
	c := openTemp(t)
	f := publish(t, c, "work", "out", "content").Outputs[0]
	path := c.objectPath(f.Digest)
	os.Chmod(path, 0o666)
	os.WriteFile(path, []byte("kontent"), 0o666)
	c = lockAway(t, c)
	var damaged *store.DamagedError
	if _, err := c.Object(f); !errors.As(err, &damaged) {
		t.Fatalf("got %v", err)
	}
	if r, reason := lookup(t, c, "work"); r != nil || !strings.Contains(reason, "has other content") {
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
