package command

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"foil/internal/digest"
	"foil/pipeline"
	"foil/spec"
)

// maxFile is the largest size of a program's file. Its content is sent with the cell, so larger
// files must come through an input.
const maxFile = 1 << 20

var errNoFolder = errors.New("this spec has no folder to read files from; remove files, or run a spec that is a file")

// findFiles reads the files of a program, and adds others: each once, sorted by name.
func findFiles(beside fs.FS, patterns []string, others ...pipeline.Source) ([]pipeline.Source, error) {
	if len(patterns) > 0 && beside == nil {
		return nil, fmt.Errorf("files: %w", errNoFolder)
	}
	var sources []pipeline.Source
	seen := map[string]bool{}
	for _, s := range others {
		sources, seen[s.Name] = append(sources, s), true
	}
	for i, pattern := range patterns {
		found, err := readFiles(beside, pattern)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", index("files", i), err)
		}
		for _, s := range found {
			if !seen[s.Name] {
				seen[s.Name] = true
				sources = append(sources, s)
			}
		}
	}
	slices.SortFunc(sources, func(a, b pipeline.Source) int { return cmp.Compare(a.Name, b.Name) })
	for _, s := range sources {
		for dir := path.Dir(s.Name); dir != "."; dir = path.Dir(dir) {
			if seen[dir] {
				return nil, fmt.Errorf("files: %q is a file in one folder of the specs, and %q is in a folder of that name in another; rename one of them", dir, s.Name)
			}
		}
	}
	return sources, nil
}

// readFiles reads the files that a pattern stands for. It ignores what cannot be a program's file if
// only a wildcard matches it: folders, links to nothing, sockets and pipes.
func readFiles(beside fs.FS, pattern string) ([]pipeline.Source, error) {
	found, err := glob(beside, pattern)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", pattern, err)
	}
	var sources []pipeline.Source
	folders := 0
	for _, m := range found {
		s, err := readFile(beside, m.path)
		var kind *kindError
		switch {
		case err == nil:
			sources = append(sources, s)
		case m.named && isMissing(err):
			return nil, missingFile(beside, m.path)
		case m.named || !isMissing(err) && !errors.As(err, &kind):
			return nil, err
		case kind != nil && kind.mode.IsDir():
			folders++
		}
	}
	switch {
	case len(sources) > 0:
		return sources, nil
	case folders > 0:
		return nil, fmt.Errorf("%q matches only folders; write a pattern for the files in them, such as %s/*", pattern, pattern)
	case strings.HasSuffix(pattern, "/"):
		return nil, fmt.Errorf("there is no folder %q with files beside the spec%s", pattern, nearby(beside, strings.TrimSuffix(pattern, "/")))
	case strings.Contains(pattern, "{") && strings.Contains(pattern, "}"):
		return nil, fmt.Errorf("no file %q beside the spec; braces are not part of patterns: write an entry for each", pattern)
	}
	return nil, fmt.Errorf("no file matches %q beside the spec%s", pattern, nearby(beside, pattern))
}

// missingFile is the error about a file that is not there. A link may point to a file that is not
// there.
func missingFile(beside fs.FS, name string) error {
	if to, err := fs.ReadLink(beside, name); err == nil {
		return fmt.Errorf("%q is a link to %q, which does not exist", name, to)
	}
	return fmt.Errorf("no file %q beside the spec%s%s", name, nearby(beside, name), spec.NameInvisible(name))
}

// nearby suggests a file in the same folder.
func nearby(beside fs.FS, name string) string {
	dir := path.Dir(name)
	entries, _ := readDir(beside, dir)
	var there []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			there = append(there, path.Join(dir, e.Name()))
		}
	}
	return spec.Suggestion(name, there)
}

// A kindError is the error about a path that is no regular file.
type kindError struct {
	name string
	mode fs.FileMode
}

func (e *kindError) Error() string {
	if e.mode.IsDir() {
		return fmt.Sprintf("%q is a folder; write %s/ for all files in it, or %s/* for those directly in it", e.name, e.name, e.name)
	}
	return fmt.Sprintf("%q is %s, not a file", e.name, kindOf(e.mode))
}

// kindOf names a type of files.
func kindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeSymlink != 0:
		return "a link"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}

func isReserved(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first == inDir || first == outDir
}

// readFile reads a program's file. It does not open special files, because that could block.
func readFile(beside fs.FS, name string) (pipeline.Source, error) {
	if !utf8.ValidString(name) {
		return pipeline.Source{}, fmt.Errorf("%q has a name that is not UTF-8; rename it", name)
	}
	info, err := fs.Stat(beside, name)
	switch {
	case err != nil:
		return pipeline.Source{}, err
	case !info.Mode().IsRegular():
		return pipeline.Source{}, &kindError{name, info.Mode()}
	case isReserved(name):
		return pipeline.Source{}, fmt.Errorf("%q is in a folder with a reserved name: in/ is for inputs and out/ for outputs; rename the folder", name)
	case info.Size() > maxFile:
		return pipeline.Source{}, fmt.Errorf("%q has %d bytes; the limit for a program's files is 1 MiB: pass data as an input, for example from another command", name, info.Size())
	}
	content, err := fs.ReadFile(beside, name)
	return pipeline.Source{Name: name, Digest: digest.Of(content), Content: content}, err
}

// index returns the path of an element of a list.
func index(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }
