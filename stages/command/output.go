package command

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"foil/internal/artifact"
)

// typeFiles is the type of outputs for other commands only.
const typeFiles = "files"

// printed is the optional file of a report that is shown on the terminal.
const printed = "table.txt"

// artifacts holds the types that an output can have: the required files, and a function that checks
// them.
var artifacts = map[string]struct {
	files []string
	check func(artifact.PathFunc) error
}{
	typeFiles:           {},
	artifact.TypeReport: {},
	artifact.TypeMetrics: {[]string{artifact.MetricsFile}, func(path artifact.PathFunc) error {
		p, err := path(artifact.MetricsFile)
		if err == nil {
			_, err = artifact.ReadMetrics(p)
		}
		return err
	}},
	artifact.TypeInteractions: {[]string{artifact.InteractionsFile, artifact.UsersFile, artifact.ItemsFile}, func(path artifact.PathFunc) error {
		_, err := artifact.ReadDataset(path)
		return err
	}},
	artifact.TypeSplit: {[]string{artifact.TrainFile, artifact.ValidationInputFile, artifact.ValidationTargetFile, artifact.TestInputFile, artifact.TestTargetFile,
		artifact.UsersFile, artifact.ItemsFile}, func(path artifact.PathFunc) error {
		_, err := artifact.ReadSplit(path)
		return err
	}},
}

// types lists the types that an output can have.
func types() []string { return slices.Sorted(maps.Keys(artifacts)) }

// collect checks the files in the program's output folder, and moves them to the output of the cell.
func (p *Params) collect(from, to string) error {
	found, err := regularFiles(from)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range p.Outputs {
		if !slices.Contains(found, name) {
			errs = append(errs, fmt.Errorf("the program succeeded, but did not write %s/%s, which is listed in outputs", outDir, name))
		}
	}
	for _, name := range found {
		if !slices.Contains(p.Outputs, name) {
			errs = append(errs, fmt.Errorf("the program wrote %s/%s, which is not listed in outputs; add it to outputs, or let the program write it elsewhere", outDir, name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if check := artifacts[p.Type].check; check != nil {
		in := func(file string) (string, error) { return filepath.Join(from, file), nil }
		if err := check(in); err != nil {
			return fmt.Errorf("the output is not a valid %s artifact: %w", p.Type, err)
		}
	}
	for _, name := range p.Outputs {
		target := filepath.Join(to, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(from, filepath.FromSlash(name)), target); err != nil {
			return err
		}
	}
	return nil
}

// regularFiles lists the files in a folder, sorted. Other kinds of files are an error: the target of
// a link, for example, is not part of the output.
func regularFiles(dir string) ([]string, error) {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("the program removed the folder %s/, which must hold its output", outDir)
	}
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if !d.Type().IsRegular() {
			return fmt.Errorf("the program wrote %s/%s, which is not a regular file but %s; let it write a copy", outDir, name, d.Type())
		}
		names = append(names, name)
		return nil
	})
	slices.Sort(names)
	return names, err
}
