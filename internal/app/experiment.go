package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"foil/experiments"
	"foil/pipeline/graph"
	"foil/spec"
	"foil/stages"
)

// An Experiment is a spec with the changes of one command line.
type Experiment struct {
	Name string   // of an embedded experiment, or the path of a spec
	Sets []string // PATH=VALUE: changes to the spec before it is read
	Only []string // cells to select, with their dependencies; none: all
}

// Load reads the spec and makes its graph. The error lists all mistakes in the spec and its wiring.
func (e Experiment) Load() (*graph.Graph, error) {
	beside := &specFiles{}
	file, text, err := readExperiment(e.Name, beside)
	if err != nil {
		return nil, err
	}
	s, err := spec.Parse(file, text, spec.Options{Sets: e.Sets, Open: opener(file, beside)})
	if s == nil {
		return nil, err
	}
	g, buildErr := graph.Build(s, stages.All())
	if err != nil || buildErr != nil {
		var language, wiring spec.Errors
		errors.As(err, &language)
		errors.As(buildErr, &wiring)
		return nil, s.Report(append(language, wiring...))
	}
	g.Files = beside
	return g.Select(e.Only)
}

// readExperiment reads an embedded experiment or a file, and adds the folder of the spec to files.
func readExperiment(name string, beside *specFiles) (file string, text []byte, err error) {
	if !LooksLikeFile(name) {
		if text, ok := experiments.Read(name); ok {
			beside.addEmbedded()
			return name + ".yaml", text, nil
		}
	}
	text, err = os.ReadFile(name)
	switch {
	case err == nil:
		beside.addFile(name)
		return name, text, nil
	case errors.Is(err, fs.ErrNotExist) && !LooksLikeFile(name):
		return "", nil, unknownExperiment(name)
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, fmt.Errorf("there is no file %s", name)
	default:
		return "", nil, err
	}
}

func unknownExperiment(name string) error {
	for _, file := range []string{name + ".yaml", name + ".yml"} {
		if _, err := os.Stat(file); err == nil {
			return fmt.Errorf("there is no experiment %q; did you mean the file %s?", name, file)
		}
	}
	if near := spec.Nearest(name, experiments.Names()); near != "" {
		return fmt.Errorf("there is no experiment %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("there is no experiment %q; name a file, or one of %s", name, strings.Join(experiments.Names(), ", "))
}

// LooksLikeFile reports whether a name looks like the path of a spec.
func LooksLikeFile(name string) bool {
	ext := filepath.Ext(name)
	return ext == ".yaml" || ext == ".yml" || strings.ContainsRune(name, '/') || strings.ContainsRune(name, filepath.Separator)
}

// opener opens a spec that another one extends: a file in the same folder, or an embedded
// experiment.
func opener(file string, beside *specFiles) func(name string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), name)
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			if embedded, ok := experiments.Read(name); ok {
				beside.addEmbedded()
				return embedded, nil
			}
			return nil, fmt.Errorf("there is neither a file %s nor an experiment of that name (experiments: %s)", path, strings.Join(experiments.Names(), ", "))
		}
		if err == nil {
			beside.addFile(path)
		}
		return text, err
	}
}

// specFiles is a file system of the folder of a spec and, behind it, the folders of the
// specs that it extends. The first match counts, so that a spec can replace a program like
// any other part of the spec that it extends.
type specFiles struct{ folders []fs.FS }

// addFile adds the folder of a spec.
func (s *specFiles) addFile(path string) {
	s.folders = append(s.folders, os.DirFS(filepath.Dir(path)))
}

// addEmbedded adds the folder of the embedded experiments.
func (s *specFiles) addEmbedded() { s.folders = append(s.folders, experiments.Files()) }

// Open implements fs.FS.
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

// Glob implements fs.GlobFS. It returns the matches in the first folder that has any.
func (s *specFiles) Glob(pattern string) ([]string, error) {
	for _, folder := range s.folders {
		if found, err := fs.Glob(folder, pattern); err != nil || len(found) > 0 {
			return found, err
		}
	}
	return nil, nil
}
