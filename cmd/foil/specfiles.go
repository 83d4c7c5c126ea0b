package main

import (
	"io/fs"
	"os"
	"path/filepath"

	"foil/experiments"
)

// specFiles is what lies beside a spec, and behind that what lies beside the
// specs that it extends: what is found first counts, so a program can be
// replaced like any other part of an extended spec.
type specFiles struct{ folders []fs.FS }

// addFile adds the folder of a spec.
func (s *specFiles) addFile(path string) { s.folders = append(s.folders, os.DirFS(filepath.Dir(path))) }

// addEmbedded adds what the program brings along.
func (s *specFiles) addEmbedded() { s.folders = append(s.folders, experiments.Files()) }

// Open is that of fs.FS.
func (s *specFiles) Open(name string) (fs.File, error) {
	var first error
	for _, folder := range s.folders {
		f, err := folder.Open(name)
		if err == nil {
			return f, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return nil, first
}

// Glob is that of fs.GlobFS: the matches in the first folder that has any.
func (s *specFiles) Glob(pattern string) ([]string, error) {
	for _, folder := range s.folders {
		if found, err := fs.Glob(folder, pattern); err != nil || len(found) > 0 {
			return found, err
		}
	}
	return nil, nil
}
