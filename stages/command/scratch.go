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
	"strings"

	"foil/internal/digest"
	"foil/internal/identity"
	"foil/internal/words"
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

// A link is a file of an input, as it was before the program ran.
type link struct {
	name    string // in the scratch folder
	path    string
	content digest.Digest
	seen    identity.Sight
}

func newLink(name, path string, content digest.Digest) (link, error) {
	f, err := os.Open(path)
	if err != nil {
		return link{}, err
	}
	defer f.Close()
	seen, err := identity.See(f)
	return link{name, path, content, seen}, err
}

// changed reports whether the file was written or replaced. It may have got other links or
// permissions.
func (l link) changed() bool {
	now, err := identity.At(l.path)
	if err != nil || !l.seen.Renamed(now) {
		return true
	}
	if now == l.seen.Identity && l.seen.Settled {
		return false
	}
	content, _, err := digest.OfFile(l.path)
	return err != nil || content != l.content
}

// newScratch makes the folder, with the program's files and inputs.
func newScratch(dir string, cell *pipeline.Cell, params map[string]spec.Value) (*scratch, error) {
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
		if f.Version != "" { // a package
			continue
		}
		if strings.HasPrefix(f.Name, cellDir+"/") {
			return nil, fmt.Errorf("%s: the folder %s belongs to foil; give the file another place", f.Name, cellDir)
		}
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
	return s, s.addCell(cell, params)
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
		name := folder + "/" + f.Name
		to, err := s.path(name)
		if err != nil {
			return err
		}
		switch err := os.Symlink(from, to); {
		case err == nil:
			l, err := newLink(name, from, f.Digest)
			if err != nil {
				return err
			}
			s.links = append(s.links, l)
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

// plain returns a value of the spec for JSON. A number keeps its spelling where JSON has it.
func plain(v spec.Value) any {
	switch v.Type {
	case spec.Int, spec.Float:
		if json.Valid([]byte(v.Spelling)) {
			return json.RawMessage(v.Spelling)
		}
		return json.RawMessage(v.Canonical())
	case spec.Bool:
		return v.Bool
	case spec.Null:
		return nil
	case spec.List:
		list := []any{}
		for _, e := range v.List {
			list = append(list, plain(e))
		}
		return list
	case spec.Map:
		m := map[string]any{}
		for _, f := range v.Map {
			m[f.Name] = plain(f.Value)
		}
		return m
	}
	return v.Str
}

// checkInputs adds to the error of the program that it changed inputs. Inputs are objects of the
// cache. They are read-only, but a program that runs as root can still write to them, and a program
// of their owner can make them writable.
func (s *scratch) checkInputs(err error) error {
	var names []string
	for _, l := range s.links {
		if l.changed() {
			names = append(names, l.name)
		}
	}
	if names == nil {
		return err
	}
	changed := fmt.Errorf("the program changed %s; inputs are read-only, so let it copy the file first (foil will make the input again before its next use)", words.Few(names))
	return &pipeline.Failure{Code: pipeline.InputChanged, Message: errors.Join(err, changed).Error()}
}
