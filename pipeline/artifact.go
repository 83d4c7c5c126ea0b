package pipeline

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"foil/internal/digest"
)

// An Artifact is the output of a cell: one or more named, read-only files. Its identity is its
// content alone.
type Artifact struct {
	Files []File // sorted by name

	// Open returns the path of a file. It checks first that the content of the file has the
	// expected digest.
	Open func(f File) (path string, err error)
}

// A File is one file of an artifact.
type File = digest.File

// Digest is the digest of the artifact. It covers the names and digests of its files.
func (a Artifact) Digest() digest.Digest {
	var b strings.Builder
	for _, f := range a.Files {
		fmt.Fprintf(&b, "%s %q\n", f.Digest, f.Name)
	}
	return digest.Of([]byte(b.String()))
}

// Path returns the path of the file called name.
func (a Artifact) Path(name string) (string, error) {
	for _, f := range a.Files {
		if f.Name == name {
			return a.Open(f)
		}
	}
	names := make([]string, len(a.Files))
	for i, f := range a.Files {
		names[i] = f.Name
	}
	return "", fmt.Errorf("the artifact has no file %q (it has %s)", name, strings.Join(names, ", "))
}

// Has reports whether the artifact has a file called name.
func (a Artifact) Has(name string) bool {
	return slices.ContainsFunc(a.Files, func(f File) bool { return f.Name == name })
}

// DirArtifact makes an artifact of the files in a folder. The files stay in the folder.
func DirArtifact(dir string) (Artifact, error) {
	a := Artifact{Open: func(f File) (string, error) {
		return filepath.Join(dir, filepath.FromSlash(f.Name)), nil
	}}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		digest, size, err := digest.OfFile(path)
		if err != nil {
			return err
		}
		a.Files = append(a.Files, File{Name: filepath.ToSlash(rel), Digest: digest, Size: size})
		return nil
	})
	slices.SortFunc(a.Files, func(x, y File) int { return strings.Compare(x.Name, y.Name) })
	return a, err
}
