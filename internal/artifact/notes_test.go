package artifact_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
)

func TestNotes(t *testing.T) {
	dir := t.TempDir()
	create := func(file string) (*os.File, error) { return os.Create(filepath.Join(dir, file)) }
	path := func(file string) (string, error) { return filepath.Join(dir, file), nil }
	if err := artifact.WriteNotes(create, "", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, artifact.NotesFile)); !os.IsNotExist(err) {
		t.Errorf("without a note, the file exists (%v)", err)
	}
	if err := artifact.WriteNotes(create, "One.", "", "Two."); err != nil {
		t.Fatal(err)
	}
	if notes, err := artifact.ReadNotes(path); err != nil || !slices.Equal(notes, []string{"One.", "Two."}) {
		t.Errorf("read %q, %v", notes, err)
	}
	for _, text := range []string{`{"a": 1}`, `["a", ""]`, `[1]`, `["a"`} {
		if err := os.WriteFile(filepath.Join(dir, artifact.NotesFile), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := artifact.ReadNotes(path); err == nil || !strings.Contains(err.Error(), artifact.NotesFile) {
			t.Errorf("%s: error %v, want one that names the file", text, err)
		}
	}
}
