package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"foil/internal/store"
)

func TestFolderInAnObjectsPlaceMakesWayForIt(t *testing.T) {
	c := openTemp(t)
	r := publish(t, c, "work", "out", "content")
	path := c.objectPath(r.Outputs[0].Digest)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(path, "inside"), 0o777); err != nil {
		t.Fatal(err)
	}
	c = open(t, c.Dir()) // as another process would
	publish(t, c, "work", "out", "content")
	if r, reason := lookup(t, c, "work"); r == nil {
		t.Error(reason)
	}
}

func TestDamagedObjectIsSetAsideAndHealed(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"gone":      os.Remove,
		"truncated": func(path string) error { return os.WriteFile(path, []byte("con"), 0o666) },
		"flipped":   func(path string) error { return os.WriteFile(path, []byte("kontent"), 0o666) },
		"a folder": func(path string) error {
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o777))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := openTemp(t)
			f := publish(t, c, "work", "out", "content").Outputs[0]
			path := c.objectPath(f.Digest)
			os.Chmod(path, 0o666)
			if err := damage(path); err != nil {
				t.Fatal(err)
			}
			c, _ = Open(c.Dir()) // as another process would
			_, err := c.object(t.Context(), f)
			var damaged *store.DamagedError
			if !errors.As(err, &damaged) {
				t.Fatalf("got %v", err)
			}
			if _, err := os.Stat(path); err == nil {
				t.Error("it is still in its place")
			}
			if _, err := os.Stat(filepath.Join(c.Dir(), damagedDir, f.Digest.String())); (err != nil) != (name == "gone") {
				t.Errorf("set aside: %v", err)
			}
			want := "its output out was damaged, and was set aside"
			if name == "gone" {
				want = "its output out is missing from the cache"
			}
			if r, reason := lookup(t, c, "work"); r != nil || reason != want {
				t.Errorf("lookup: %v, %q", r, reason)
			}
			publish(t, c, "work", "out", "content")
			if _, err := c.object(t.Context(), f); err != nil {
				t.Errorf("not healed: %v", err)
			}
		})
	}
}

// Publishing the same content replaces an object, because the object may be damaged.
func TestPublishingHealsAnObjectNobodyRead(t *testing.T) {
	c := openTemp(t)
	f := publish(t, c, "one", "out", "content").Outputs[0]
	os.Chmod(c.objectPath(f.Digest), 0o666)
	os.WriteFile(c.objectPath(f.Digest), []byte("kontent"), 0o666)
	c, _ = Open(c.Dir())
	publish(t, c, "two", "out", "content")
	c, _ = Open(c.Dir())
	if _, err := c.object(t.Context(), f); err != nil {
		t.Error(err)
	}
}
