package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"foil/pipeline"
	"foil/spec"
)

// scratchSuffix is added to the path of the output folder.
const scratchSuffix = "-scratch"

// The contents of a scratch folder beside the program's files.
const (
	inDir     = "in"         // a folder for each input
	outDir    = "out"        // for the output
	cellsFile = "cells.json" // in the folder of a gathered input
)

// A scratch is the folder that a program runs in. After a failed run it is kept for inspection. The
// next run makes a new one.
type scratch struct {
	dir   string
	links []link
}

// A link is a file of an input, with its size and time before the program ran.
type link struct {
	name     string // in the scratch folder
	path     string
	size     int64
	modified time.Time
}

// newScratch makes the folder, with the program's files and inputs.
func newScratch(dir string, cell *pipeline.Cell) (*scratch, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	s := &scratch{dir: abs}
	for _, d := range []string{inDir, outDir} {
		if err := os.MkdirAll(filepath.Join(abs, d), 0o777); err != nil {
			return nil, err
		}
	}
	for _, f := range cell.Sources {
		// Files are always executable, because only their content is part of the key.
		if err := s.write(f.Name, f.Content, 0o777); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cell.Inputs)) {
		if err := s.addInput(inDir+"/"+name, cell.Inputs[name]); err != nil {
			return nil, fmt.Errorf("input %s: %w", name, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cell.Gathered)) {
		if err := s.addGathered(inDir+"/"+name, cell.Gathered[name]); err != nil {
			return nil, fmt.Errorf("input %s: %w", name, err)
		}
	}
	return s, nil
}

func (s *scratch) out() string { return filepath.Join(s.dir, outDir) }

// path returns the path of a name in the folder, and makes its parent folder.
func (s *scratch) path(name string) (string, error) {
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	return path, os.MkdirAll(filepath.Dir(path), 0o777)
}

func (s *scratch) write(name string, content []byte, mode fs.FileMode) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	return os.WriteFile(path, content, mode)
}

// addInput links the files of an artifact into a folder.
func (s *scratch) addInput(folder string, a pipeline.Artifact) error {
	for _, f := range a.Files {
		from, err := a.Open(f)
		if err != nil {
			return err
		}
		if from, err = filepath.Abs(from); err != nil {
			return err
		}
		info, err := os.Stat(from)
		if err != nil {
			return err
		}
		name := folder + "/" + f.Name
		to, err := s.path(name)
		if err != nil {
			return err
		}
		switch err := os.Symlink(from, to); {
		case err == nil:
			s.links = append(s.links, link{name, from, info.Size(), info.ModTime()})
		case errors.Is(err, fs.ErrExist):
			return fmt.Errorf("%s has the name of another file of the input on this file system, which may ignore case", name)
		default: // on Windows few users may make links
			if err := copyFile(from, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// A gatheredCell is an entry of cells.json.
type gatheredCell struct {
	Folder string         `json:"folder"`
	Axes   map[string]any `json:"axes"`
}

// addGathered makes a folder for each cell, and a list of them.
func (s *scratch) addGathered(folder string, cells []pipeline.GatheredCell) error {
	list := []gatheredCell{}
	for i, c := range cells {
		entry := gatheredCell{Folder: strconv.Itoa(i), Axes: map[string]any{}}
		for _, a := range c.Axes {
			entry.Axes[a.Axis] = plain(a.Value)
		}
		list = append(list, entry)
		if err := s.addInput(folder+"/"+entry.Folder, c.Artifact); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return s.write(folder+"/"+cellsFile, append(text, '\n'), 0o666)
}

// plain returns the value of an axis for JSON. A number keeps its spelling where JSON has it.
func plain(v spec.Value) any {
	switch v.Type {
	case spec.Int, spec.Float:
		if json.Valid([]byte(v.Spelling)) {
			return json.RawMessage(v.Spelling)
		}
		return json.RawMessage(v.Canonical())
	case spec.Bool:
		return v.Bool
	}
	return v.Str
}

// checkInputs reports inputs that the program changed. Inputs are objects of the cache. They are
// read-only, but a program that runs as root can still write to them.
func (s *scratch) checkInputs() error {
	var errs []error
	for _, l := range s.links {
		if info, err := os.Stat(l.path); err != nil || info.Size() != l.size || !info.ModTime().Equal(l.modified) {
			errs = append(errs, fmt.Errorf("the program changed %s; inputs are read-only, so let it copy the file first (foil will make the input again before its next use)", l.name))
		}
	}
	return errors.Join(errs...)
}
