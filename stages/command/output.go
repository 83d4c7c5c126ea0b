package command

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/internal/words"
	"foil/pipeline"
)

// typeFiles is the type of outputs for other commands only.
const typeFiles = "files"

// printed is the optional file of a report that is shown on the terminal.
const printed = "table.txt"

// collect checks the files in the program's output folder, and moves them to the output of the cell.
func (p *Params) collect(cell *pipeline.Cell, from string) error {
	written, err := writtenFiles(from)
	if err != nil {
		return err
	}
	if err := p.checkNames(from, written); err != nil {
		return err
	}
	if err := checkTogether(written); err != nil {
		return err
	}
	if converted, err := p.checkArtifact(cell, from); err != nil {
		return fmt.Errorf("the output is not a valid %s artifact: %w", p.Type, err)
	} else if converted {
		if written, err = writtenFiles(from); err != nil {
			return err
		}
	}
	if p.Type == artifact.TypeMetrics {
		if err := compareOutcomes(cell, from); err != nil {
			return err
		}
	}
	// Copies come first, because a link may point to a file that is moved.
	slices.SortStableFunc(written, func(a, b writtenFile) int { return cmp.Compare(order(a.shared), order(b.shared)) })
	for _, f := range written {
		if err := f.moveTo(filepath.Join(cell.OutDir, filepath.FromSlash(f.name))); err != nil {
			return fmt.Errorf("%s/%s: %w", outDir, f.name, err)
		}
	}
	return nil
}

func order(first bool) int {
	if first {
		return 0
	}
	return 1
}

// A writtenFile is a file in the output folder of a program.
type writtenFile struct {
	name   string // in the folder
	path   string // of the content
	shared bool   // the content has other names, so that it must be copied
}

// moveTo moves the file, or copies it if it is shared or cannot be moved. A file with other names
// must not be moved: it would become part of the cache, read-only for the user, and the user could
// change it.
func (f writtenFile) moveTo(target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
		return err
	}
	if !f.shared && os.Rename(f.path, target) == nil {
		return nil
	}
	return copyFile(f.path, target)
}

// writtenFiles lists the files in the output folder, sorted. A link to a file in the folder stands
// for a copy of that file. Other special files are an error: what a link to elsewhere points to is
// not part of the output.
func writtenFiles(dir string) ([]writtenFile, error) {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("the program removed the folder %s/, which must hold its output", outDir)
	}
	var files []writtenFile
	var problems []error
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, problem, err := writtenAt(dir, path, d)
		if problem != "" {
			problems = append(problems, fmt.Errorf("the program wrote %s, %s", shown(f.name), problem))
		}
		files = append(files, f)
		return err
	})
	const many = 10
	if extra := len(problems) - many; extra > 0 {
		problems = append(problems[:many], fmt.Errorf("and %s", words.Count(extra, "more problem")))
	}
	slices.SortFunc(files, func(a, b writtenFile) int { return strings.Compare(a.name, b.name) })
	return files, errors.Join(append(problems, err)...)
}

// writtenAt describes a file in the output folder, and why it cannot be part of an output.
func writtenAt(dir, path string, d fs.DirEntry) (f writtenFile, problem string, err error) {
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return f, "", err
	}
	f = writtenFile{name: filepath.ToSlash(name), path: path}
	if err := digest.CheckName(f.name); err != nil {
		return f, fmt.Sprintf("whose name %v; let it write another name", err), nil
	}
	switch {
	case d.Type()&fs.ModeSymlink != 0:
		f.shared = true
		f.path, problem = followLink(dir, path)
		return f, problem, nil
	case !d.Type().IsRegular():
		return f, "which is not a regular file but " + kindOf(d.Type()) + "; let it write a copy", nil
	}
	f.shared, err = hasOtherNames(path)
	return f, "", err
}

// followLink returns the file in the output folder that a link points to, or what is wrong with the
// link.
func followLink(dir, path string) (target, problem string) {
	text, _ := os.Readlink(path)
	text = "which is a link to " + strconv.Quote(text)
	inside, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", text + ": " + err.Error()
	}
	target, err = filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", text + ", where no file is; let it write a file"
	} else if err != nil {
		return "", text + ", which leads nowhere; let it write a file"
	}
	if rel, err := filepath.Rel(inside, target); err != nil || !filepath.IsLocal(rel) {
		return "", text + ", outside of " + outDir + "/; let it write a copy"
	}
	info, err := os.Stat(target)
	switch {
	case err != nil:
		return "", text + ": " + err.Error()
	case !info.Mode().IsRegular():
		return "", text + ", which is " + kindOf(info.Mode()) + "; let it write copies of the files"
	}
	return target, ""
}

// checkNames compares the files with the outputs of the spec: each entry stands for a file at least,
// and each file for an entry.
func (p *Params) checkNames(dir string, written []writtenFile) error {
	listed := map[string]bool{}
	var errs []error
	for _, pattern := range p.Outputs {
		found, err := glob(os.DirFS(dir), pattern)
		if err != nil {
			return fmt.Errorf("outputs: %q: %w", pattern, err)
		}
		paths, folder := map[string]bool{}, "" // a wildcard matches only files
		for _, m := range found {
			if paths[m.path] = true; m.named {
				folder = m.path + "/"
			}
		}
		none := true
		for _, f := range written {
			if paths[f.name] || folder != "" && strings.HasPrefix(f.name, folder) {
				listed[f.name], none = true, false
			}
		}
		if none {
			errs = append(errs, missingOutput(dir, pattern, written))
		}
	}
	var unlisted []string
	for _, f := range written {
		if !listed[f.name] {
			unlisted = append(unlisted, shown(f.name))
		}
	}
	switch len(unlisted) {
	case 0:
	case 1:
		errs = append(errs, fmt.Errorf("the program wrote %s, which is not listed in outputs; add it to outputs, or let the program write it elsewhere", unlisted[0]))
	default:
		errs = append(errs, fmt.Errorf("the program wrote %s, which are not listed in outputs; add them or a pattern to outputs, or let the program write them elsewhere", words.Few(unlisted)))
	}
	return errors.Join(errs...)
}

func missingOutput(dir, pattern string, written []writtenFile) error {
	what := "did not write " + shown(pattern)
	if strings.ContainsAny(pattern, `*?[`) || strings.HasSuffix(pattern, "/") {
		what = "wrote no file that matches " + shown(pattern)
	}
	there := outDir + "/ is empty"
	if len(written) > 0 {
		var names []string
		for _, f := range written {
			names = append(names, shown(f.name))
		}
		there = "it wrote " + words.Few(names)
	} else if info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(pattern))); err == nil && info.IsDir() {
		there = "it is an empty folder"
	}
	return fmt.Errorf("the program succeeded, but %s, which is listed in outputs; %s", what, there)
}

// shown is the path of an output in a message.
func shown(name string) string {
	path := outDir + "/" + name
	if quoted := strconv.Quote(path); quoted != `"`+path+`"` {
		return quoted
	}
	return path
}

// checkTogether reports names that are one name on other systems, where nobody could use the result.
func checkTogether(written []writtenFile) error {
	files := make([]digest.File, len(written))
	for i, f := range written {
		files[i].Name = f.name
	}
	if err := digest.CheckFiles(files); err != nil {
		return fmt.Errorf("the program wrote files that cannot be one output: %w; let it write other names", err)
	}
	return nil
}
