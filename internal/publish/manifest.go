package publish

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"foil/internal/artifact"
	"foil/internal/digest"
)

// A Manifest is the part of provenance.json that lists the files of a published report.
type Manifest struct {
	Unfinished string        `json:"unfinished,omitempty"` // set while a publication is under way
	Report     string        `json:"report,omitempty"`     // the cell that made it
	Key        digest.Key    `json:"key,omitzero"`         // of this cell
	Folder     string        `json:"folder,omitempty"`     // below the results folder; a copy elsewhere belongs to the user
	Files      []digest.File `json:"files,omitempty"`      // without provenance.json; if unfinished, all old and new ones
}

// unfinished is the text in the provenance of a folder whose publication is under way.
const unfinished = "the publication of this report is under way or was interrupted; run the experiment again to complete it"

// readManifest returns the manifest of a folder, or nil if foil did not publish the folder.
func (t tree) readManifest(folder string) (*Manifest, error) {
	if !t.isFolder(folder) {
		return nil, nil
	}
	file := path.Join(folder, artifact.ProvenanceFile)
	info, err := t.root.Lstat(file)
	switch {
	case isMissing(err):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, nil
	}
	text, err := t.root.ReadFile(file)
	if isMissing(err) {
		return nil, nil // another publication removes it just now
	}
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	if json.Unmarshal(text, m) != nil || m.Folder != folder {
		return nil, nil
	}
	for _, f := range m.Files {
		if checkName(f.Name) != nil {
			return nil, nil
		}
	}
	return m, nil
}

// CheckNames checks the names of an artifact's files before they are written to a folder. An
// artifact may come from a record that somebody else wrote.
func CheckNames(files []digest.File) error {
	seen := map[string]bool{}
	for _, f := range files {
		if err := checkName(f.Name); err != nil {
			return err
		}
		if seen[f.Name] {
			return fmt.Errorf("there are two files with the name %q", f.Name)
		}
		seen[f.Name] = true
	}
	for name := range seen {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if seen[dir] {
				return fmt.Errorf("%q is a file and also the folder of %q", dir, name)
			}
		}
	}
	return nil
}

func checkName(name string) error {
	switch {
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("the file name %q has control characters or is not UTF-8", name)
	case !fs.ValidPath(name) || name == "." || !filepath.IsLocal(filepath.FromSlash(name)):
		return fmt.Errorf("the file name %q is not a path inside its folder", name)
	}
	return nil
}

// checkReport checks the names of a report's files.
func checkReport(files []digest.File) error {
	for _, f := range files {
		if own := artifact.ReservedName(f.Name); own != "" {
			return fmt.Errorf("the file %q has the name of foil's own %s; give it another name in outputs", f.Name, own)
		}
	}
	return CheckNames(files)
}

// sameFiles reports whether two lists hold the same files, in any order.
func sameFiles(a, b []digest.File) bool {
	byName := func(x, y digest.File) int { return strings.Compare(x.Name, y.Name) }
	return slices.Equal(slices.SortedFunc(slices.Values(a), byName), slices.SortedFunc(slices.Values(b), byName))
}
