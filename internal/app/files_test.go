package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A countdown is a context that ends after so many looks at it.
type countdown struct {
	context.Context
	left *int
}

func (c countdown) Err() error {
	if *c.left--; *c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestInterruptedCopyLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to", "file")
	if err := os.WriteFile(from, make([]byte, 9<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	for looks := range 3 {
		if err := CopyFile(countdown{t.Context(), &looks}, from, to); !errors.Is(err, context.Canceled) {
			t.Errorf("after %d looks: %v", looks, err)
		}
		if left, _ := os.ReadDir(filepath.Dir(to)); len(left) > 0 {
			t.Errorf("after %d looks: %s is left", looks, left[0].Name())
		}
	}
	// An existing file stays as it is.
	if err := os.WriteFile(to, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := CopyFile(countdown{t.Context(), new(1)}, from, to); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if text, err := os.ReadFile(to); err != nil || string(text) != "old" {
		t.Errorf("%q, %v", text, err)
	}
	if err := CopyFile(t.Context(), from, to); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(to); err != nil || info.Size() != 9<<20 {
		t.Error(info, err)
	}
}
