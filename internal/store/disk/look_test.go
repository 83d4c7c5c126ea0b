package disk

import (
	"errors"
	"foil/internal/digest"
	"foil/internal/store"
	"os"
	"path/filepath"
	"testing"
)

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
		state, err3 := c.WorkState(digest.KeyOf("work"))
		if len(entries)+len(begun) > 0 || state != nil || errors.Join(err1, err2, err3) != nil {
			t.Errorf("%s: %v, %v, %v, %v", name, entries, begun, state, errors.Join(err1, err2, err3))
		}
		if _, err := c.TryLock(digest.KeyOf("work")); !errors.As(err, new(*ReadOnlyError)) {
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
