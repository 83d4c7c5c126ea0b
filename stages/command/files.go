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

	"foil/internal/digest"
	"foil/pipeline"
	"foil/spec"
)

// maxFile is the largest size of a program's file. Its content is sent with the cell, so larger
// files must come through an input.
const maxFile = 1 << 20

// findFiles reads the files of a program: each once, sorted by name.
func findFiles(beside fs.FS, patterns []string) ([]pipeline.Source, error) {
	if len(patterns) > 0 && beside == nil {
		return nil, errors.New("files: this spec has no folder to read files from; remove files, or run a spec that is a file")
	}
	var sources []pipeline.Source
	for i, pattern := range patterns {
		found, err := match(beside, pattern)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", index("files", i), err)
		}
		for _, name := range found {
			s, err := readFile(beside, name)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", index("files", i), err)
			}
			sources = append(sources, s)
		}
	}
	slices.SortFunc(sources, func(a, b pipeline.Source) int { return cmp.Compare(a.Name, b.Name) })
	return slices.CompactFunc(sources, func(a, b pipeline.Source) bool { return a.Name == b.Name }), nil
}

// match lists the files that match a pattern. It ignores folders that match a wildcard. A folder
// given by its name is an error.
func match(beside fs.FS, pattern string) ([]string, error) {
	found, err := fs.Glob(beside, pattern)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", pattern, err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no file %q beside the spec%s", pattern, nearby(beside, pattern))
	}
	var files []string
	for _, name := range found {
		info, err := fs.Stat(beside, name)
		switch {
		case err != nil:
			return nil, err
		case info.IsDir() && name == pattern:
			return nil, fmt.Errorf("%q is a folder; write %s/* for the files in it", name, name)
		case info.IsDir():
			continue
		case isReserved(name):
			return nil, fmt.Errorf("%q is in a folder with a reserved name: in/ is for inputs and out/ for outputs; rename the folder", name)
		}
		files = append(files, name)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%q matches only folders; write a pattern for the files in them", pattern)
	}
	return files, nil
}

func isReserved(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first == inDir || first == outDir
}

func nearby(beside fs.FS, pattern string) string {
	there, _ := fs.Glob(beside, path.Join(path.Dir(pattern), "*"))
	return spec.Suggestion(pattern, there)
}

func readFile(beside fs.FS, name string) (pipeline.Source, error) {
	if info, err := fs.Stat(beside, name); err != nil {
		return pipeline.Source{}, err
	} else if info.Size() > maxFile {
		return pipeline.Source{}, fmt.Errorf("%q has %d bytes; the limit for a program's files is 1 MiB: pass data as an input, for example from another command", name, info.Size())
	}
	content, err := fs.ReadFile(beside, name)
	return pipeline.Source{Name: name, Digest: digest.Of(content), Content: content}, err
}

// index returns the path of an element of a list.
func index(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }
