package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"foil/experiments"
	"foil/internal/syserror"
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
	g, err := e.build()
	if err != nil {
		return nil, err
	}
	return g.Select(e.Only)
}

// Validate is Load, and also looks for what the cells need on this machine, such as programs. The
// error lists all mistakes at once.
func (e Experiment) Validate() (*graph.Graph, error) {
	g, err := e.build()
	var all spec.Errors
	if g == nil || err != nil && !errors.As(err, &all) {
		return nil, err
	}
	for _, err := range []error{g.Doubts(), CheckMachine(g)} {
		var more spec.Errors
		errors.As(err, &more)
		all = append(all, more...)
	}
	if err := g.Spec.Report(all); err != nil {
		return nil, err
	}
	return g.Select(e.Only)
}

// build makes the graph. With an error, it is nil or has only some of the cells.
func (e Experiment) build() (*graph.Graph, error) {
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
	g.Files = beside
	var language, wiring spec.Errors
	errors.As(err, &language)
	errors.As(buildErr, &wiring)
	return g, s.Report(append(language, wiring...))
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
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, notFound(name)
	case isFolder(name):
		return "", nil, fmt.Errorf("%s is a folder, not a spec%s", name, orFile(name, filepath.Join(name, filepath.Base(name)), filepath.Join(name, "spec")))
	default:
		return "", nil, err
	}
}

// notFound is the error for a name that is neither an experiment nor a file.
func notFound(name string) error {
	advice := orFile(name, strings.TrimSuffix(name, filepath.Ext(name)))
	near := ""
	if advice == "" && !LooksLikeFile(name) {
		near = spec.Nearest(name, experiments.Names())
	}
	switch {
	case LooksLikeFile(name):
		return fmt.Errorf("there is no file %s%s", name, advice)
	case advice != "":
		return fmt.Errorf("there is no experiment %q%s", name, advice)
	case near != "":
		return fmt.Errorf("there is no experiment %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("there is no experiment %q; name a file, or one of %s", name, strings.Join(experiments.Names(), ", "))
}

// orFile suggests a spec file that exists: one that is called like one of the stems, or else nearly
// like the first.
func orFile(stems ...string) string {
	for _, stem := range stems {
		if file := SpecFile(stem); file != "" {
			return "; did you mean the file " + file + "?"
		}
	}
	found, _ := filepath.Glob(filepath.Join(filepath.Dir(stems[0]), "*.y*ml"))
	if near := spec.Nearest(stems[0], found); near != "" && near != stems[0] {
		return "; did you mean the file " + near + "?"
	}
	return ""
}

// SpecFile is the file of a spec whose name was given without its ending, or "".
func SpecFile(stem string) string {
	for _, file := range []string{stem + ".yaml", stem + ".yml"} {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
	}
	return ""
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
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
		if err != nil {
			return nil, errors.New(syserror.Text(err)) // it becomes text of a spec error
		}
		beside.addFile(path)
		return text, nil
	}
}

// specFiles is a file system of the folder of a spec and, behind it, the folders of the specs that
// it extends. It holds the files of all of them. Of two files with the same name, the one nearest to
// the spec counts, so that a spec can replace a program like any other part of the spec that it
// extends.
type specFiles struct{ folders []fs.FS }

// addFile adds the folder of a spec.
func (s *specFiles) addFile(path string) {
	s.folders = append(s.folders, os.DirFS(filepath.Dir(path)))
}

// addEmbedded adds the folder of the embedded experiments.
func (s *specFiles) addEmbedded() { s.folders = append(s.folders, experiments.Files()) }

var _ interface {
	fs.ReadDirFS
	fs.ReadLinkFS
} = (*specFiles)(nil)

// isMissing reports whether a folder does not have a path. Another error is returned: a file that
// cannot be read must not be replaced by one of another folder.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// nearest tries the folders until one has the path.
func nearest[T any](s *specFiles, op, name string, try func(fs.FS) (T, error)) (T, error) {
	for _, folder := range s.folders {
		if found, err := try(folder); !isMissing(err) {
			return found, err
		}
	}
	var none T
	return none, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// Open implements fs.FS.
func (s *specFiles) Open(name string) (fs.File, error) {
	return nearest(s, "open", name, func(f fs.FS) (fs.File, error) { return f.Open(name) })
}

// ReadLink and Lstat implement fs.ReadLinkFS.
func (s *specFiles) ReadLink(name string) (string, error) {
	return nearest(s, "readlink", name, func(f fs.FS) (string, error) { return fs.ReadLink(f, name) })
}

func (s *specFiles) Lstat(name string) (fs.FileInfo, error) {
	return nearest(s, "lstat", name, func(f fs.FS) (fs.FileInfo, error) { return fs.Lstat(f, name) })
}

// ReadDir implements fs.ReadDirFS. It lists the entries of all folders of this name.
func (s *specFiles) ReadDir(name string) ([]fs.DirEntry, error) {
	var all []fs.DirEntry
	exists, seen := false, map[string]bool{}
	for _, folder := range s.folders {
		entries, err := fs.ReadDir(folder, name)
		if isMissing(err) {
			continue
		} else if err != nil {
			return nil, err
		}
		exists = true
		for _, e := range entries {
			if !seen[e.Name()] {
				seen[e.Name()] = true
				all = append(all, e)
			}
		}
	}
	if !exists {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return all, nil
}
