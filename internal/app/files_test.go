package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"foil/internal/digest"
)

func TestCopyFilesWritesAllOrNothingOutside(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "object"), filepath.Join(dir, "to")
	if err := os.WriteFile(from, []byte("content"), 0o444); err != nil {
		t.Fatal(err)
	}
	files := func(names ...string) (list []digest.File, paths []string) {
		for _, n := range names {
			list, paths = append(list, digest.File{Name: n}), append(paths, from)
		}
		return list, paths
	}
	for _, bad := range []string{"../x", "a/../../x", "/x", "x\ny", "good"} {
		list, paths := files("good", bad)
		if err := CopyFiles(t.Context(), list, paths, to); err == nil {
			t.Errorf("%q was copied", bad)
		}
		if _, err := os.Lstat(to); err == nil {
			t.Fatalf("%q: something was written", bad)
		}
	}
	list, paths := files("good", "a/b")
	if err := CopyFiles(t.Context(), list, paths, to); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(to, "a", "b")); err != nil || string(text) != "content" {
		t.Errorf("%q, %v", text, err)
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := CopyFiles(ended, list, paths, filepath.Join(dir, "later")); !errors.Is(err, context.Canceled) {
		t.Errorf("after the context has ended: %v", err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "later")); err != nil || len(left) > 0 {
		t.Errorf("%v are left, %v", left, err)
	}
}
