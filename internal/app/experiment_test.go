package app

import (
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"

	"foil/experiments"
)

func TestFilesBesideTheSpecGoBeforeThoseOfWhatItExtends(t *testing.T) {
	s := &specFiles{folders: []fs.FS{
		fstest.MapFS{"a.py": {Data: []byte("mine")}, "lib/x.py": {}},
		fstest.MapFS{"a.py": {Data: []byte("base")}, "b.py": {Data: []byte("base")}, "lib/y.py": {}},
	}}
	for name, want := range map[string]string{"a.py": "mine", "b.py": "base"} {
		if text, err := fs.ReadFile(s, name); err != nil || string(text) != want {
			t.Errorf("%s is %q (%v), want %q", name, text, err, want)
		}
	}
	if _, err := fs.ReadFile(s, "c.py"); err == nil {
		t.Error("c.py is there")
	}
	for pattern, want := range map[string][]string{"lib/*": {"lib/x.py", "lib/y.py"}, "*.py": {"a.py", "b.py"}, "b.*": {"b.py"}, "*.go": nil} {
		if found, err := fs.Glob(s, pattern); err != nil || !slices.Equal(found, want) {
			t.Errorf("%s matches %s (%v), want %s", pattern, found, err, want)
		}
	}
}

// A file that is there but cannot be read is not replaced by the one of another folder.
func TestErrorsOfTheNearestFileCount(t *testing.T) {
	broken := errors.New("broken")
	s := &specFiles{folders: []fs.FS{brokenFS{broken}, fstest.MapFS{"a.py": {}}}}
	if _, err := fs.ReadFile(s, "a.py"); !errors.Is(err, broken) {
		t.Errorf("reading: %v", err)
	}
	if _, err := fs.ReadDir(s, "."); !errors.Is(err, broken) {
		t.Errorf("listing: %v", err)
	}
	if _, err := fs.ReadDir(&specFiles{folders: []fs.FS{fstest.MapFS{}}}, "lib"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("listing what is not there: %v", err)
	}
}

type brokenFS struct{ err error }

func (b brokenFS) Open(string) (fs.File, error) { return nil, b.err }

// TestExperimentsAreValid builds the graph of every embedded experiment.
func TestExperimentsAreValid(t *testing.T) {
	for _, name := range experiments.Names() {
		g, err := Experiment{Name: name}.Load()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if g.Spec.Name != name {
			t.Errorf("%s.yaml is named %s", name, g.Spec.Name)
		}
		t.Logf("%s: %d cells", name, len(g.Nodes))
	}
}
