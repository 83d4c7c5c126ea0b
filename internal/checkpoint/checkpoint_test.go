package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"foil/internal/safetensors"
)

type state struct{ Epoch int }

func saved(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "folder", "state")
	tensors := []safetensors.Tensor{{Name: "w", Shape: []int{2}, F32: []float32{1, 2}}}
	if err := Save(path, 1, state{Epoch: 7}, tensors); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatIsSavedIsLoaded(t *testing.T) {
	path := saved(t)
	var s state
	file, err := Load(path, 1, &s)
	if err != nil {
		t.Fatal(err)
	}
	if w, err := file.Float32("w", []int{2}); err != nil || s.Epoch != 7 || !slices.Equal(w, []float32{1, 2}) {
		t.Errorf("state %+v, w %v, %v", s, w, err)
	}
	entries, _ := os.ReadDir(filepath.Dir(path))
	if len(entries) != 1 {
		t.Errorf("%d files are left, want the checkpoint alone", len(entries))
	}
}

func TestNoCheckpointIsTold(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "state"), 1, new(state)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want that there is none", err)
	}
}

func TestAnotherLayoutIsRefused(t *testing.T) {
	if _, err := Load(saved(t), 2, new(state)); err == nil {
		t.Error("a checkpoint of layout 1 is taken for one of layout 2")
	}
}

// TestNoDamageGoesUnnoticed flips a bit of every byte and cuts at every length.
func TestNoDamageGoesUnnoticed(t *testing.T) {
	path := saved(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(name string, at int, raw []byte) {
		if err := os.WriteFile(path, raw, 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path, 1, new(state)); !errors.Is(err, ErrUseless) {
			t.Errorf("%s at %d of %d bytes goes unnoticed", name, at, len(whole))
		}
	}
	for at := range whole {
		flipped := slices.Clone(whole)
		flipped[at] ^= 1 << (at % 8)
		refused("a flipped bit", at, flipped)
		refused("a cut", at, whole[:at])
	}
}
