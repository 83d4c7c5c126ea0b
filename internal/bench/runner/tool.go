package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A Tool is a runner of stages. Its commands run in the folder that holds its
// definition of the chains.
type Tool struct {
	Name     string
	Needs    string // advice when it fails
	Parallel bool   // it can run several stages at once

	File   string                  // the name of its definition of the chains
	Define func(chains int) string // the content of this file

	Version []string                // the command that prints its version
	Setup   [][]string              // the commands before the first run, which are not timed
	Run     func(jobs int) []string // the command of the first run and of the no-op run

	// Outputs finds the files of the stages in the folder, by fileName.
	Outputs func(dir string) (map[string]Output, error)
}

// An Output is the file of a stage.
type Output struct {
	Content string
	Made    time.Time
}

// filesOutside are the outputs of tools that keep the files in the places where the stages wrote
// them.
func filesOutside(dir string) (map[string]Output, error) {
	paths, err := filepath.Glob(filepath.Join(dir, fileName("*", "*")))
	if err != nil {
		return nil, err
	}
	outputs := map[string]Output{}
	for _, path := range paths {
		if outputs[filepath.Base(path)], err = readOutput(path, path); err != nil {
			return nil, err
		}
	}
	return outputs, nil
}

// readOutput reads a file, and takes its time from another file.
func readOutput(path, witness string) (Output, error) {
	info, err := os.Stat(witness)
	if err != nil {
		return Output{}, err
	}
	content, err := os.ReadFile(path)
	return Output{Content: string(content), Made: info.ModTime()}, err
}

// checkFirstRun returns an error unless the outputs are exactly the expected files.
func checkFirstRun(chains int, outputs map[string]Output) error {
	want := expected(chains)
	for _, name := range sorted(want) {
		if got, ok := outputs[name]; !ok {
			return fmt.Errorf("%s was not made", name)
		} else if got.Content != want[name] {
			return fmt.Errorf("%s holds %q; it should be %q", name, got.Content, want[name])
		}
	}
	for _, name := range sorted(outputs) {
		if _, ok := want[name]; !ok {
			return fmt.Errorf("%s was made, but it is not the file of a stage", name)
		}
	}
	return nil
}

// checkNoOp returns an error if a file was made again.
func checkNoOp(before, after map[string]Output) error {
	if len(before) != len(after) {
		return fmt.Errorf("%d files became %d", len(before), len(after))
	}
	for _, name := range sorted(before) {
		if !after[name].Made.Equal(before[name].Made) {
			return fmt.Errorf("%s was made again in a run without work", name)
		}
	}
	return nil
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
