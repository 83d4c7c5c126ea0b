package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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

func TestNamesThatAreNoExperiments(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, file := range []string{"mine.yaml", "study/sweep.yml", "study/study.yaml", "v1.2.yaml", "quick/x.yaml"} {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"mine":            `there is no experiment "mine"; did you mean the file mine.yaml?`,
		"mine.yml":        `there is no file mine.yml; did you mean the file mine.yaml?`,
		"mine.json":       `there is no experiment "mine.json"; did you mean the file mine.yaml?`,
		"mien.yaml":       `there is no file mien.yaml; did you mean the file mine.yaml?`,
		"v1.2":            `there is no experiment "v1.2"; did you mean the file v1.2.yaml?`,
		"./study/sweep":   `there is no file ./study/sweep; did you mean the file ./study/sweep.yml?`,
		"study":           `study is a folder, not a spec; did you mean the file study/study.yaml?`,
		"quick":           `quick is a folder, not a spec`,
		"quickstrat":      `there is no experiment "quickstrat"; did you mean "quickstart"?`,
		"elsewhere/x.yml": `there is no file elsewhere/x.yml`,
	} {
		_, err := Experiment{Name: name}.Load()
		if err == nil || filepath.ToSlash(err.Error()) != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}
