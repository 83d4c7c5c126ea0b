package publish

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/digest"
)

// TestResultsOfThisRepository checks that the provenance of each published report belongs to the
// files beside it.
func TestResultsOfThisRepository(t *testing.T) {
	root, err := os.OpenRoot("../../results")
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	found := 0
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), WorkPrefix):
			return fs.SkipDir
		case d.Name() != artifact.ProvenanceFile:
			return nil
		}
		found++
		m, err := newTree(root, hooks{}).readManifest(path.Dir(name))
		if m == nil || m.Unfinished != "" || len(m.Files) == 0 {
			t.Errorf("%s is not the provenance of a published report: %+v, %v", name, m, err)
			return nil
		}
		for _, f := range m.Files {
			d, size, err := digest.OfFile(filepath.Join(root.Name(), path.Dir(name), f.Name))
			if err != nil || d != f.Digest || size != f.Size {
				t.Errorf("%s lists %s with %d bytes, %s; it has %d bytes, %s (%v)", name, f.Name, f.Size, f.Digest.Short(), size, d.Short(), err)
			}
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Errorf("%d reports, %v", found, err)
	}
}
