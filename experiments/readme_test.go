package experiments

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"foil/pipeline/graph"
	"foil/spec"
	"foil/stages"
)

// The README's table is what people read before they start a run.
func TestReadmeCountsTheCellsOfEveryExperiment(t *testing.T) {
	listed := readmeCells(t)
	for _, name := range Names() {
		cells, ok := listed[name]
		if !ok {
			t.Errorf("README.md does not list %s", name)
			continue
		}
		if got := len(build(t, name).Nodes); got != cells {
			t.Errorf("README.md says that %s has %d cells; it has %d", name, cells, got)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("README.md lists %s, which is no experiment", name)
	}
}

var (
	codeSpan = regexp.MustCompile("`([^`]+)`")
	number   = regexp.MustCompile(`\d+`)
)

// readmeCells reads the table of the README: the cells of each experiment.
func readmeCells(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	cells := map[string]int{}
	column := -1
	for line := range strings.Lines(string(text)) {
		entries := strings.Split(strings.TrimSpace(line), " | ")
		if column < 0 {
			column = slices.Index(entries, "cells")
			continue
		}
		if !strings.HasPrefix(line, "|") {
			break
		}
		names := codeSpan.FindAllStringSubmatch(entries[0], -1)
		if names == nil {
			continue // the line under the header
		}
		n, err := strconv.Atoi(number.FindString(entries[column]))
		if err != nil {
			t.Fatalf("README.md: no number of cells in %s", line)
		}
		for _, name := range names {
			cells[name[1]] = n
		}
	}
	return cells
}

// build makes the graph of an experiment as it is shipped.
func build(t *testing.T, name string) *graph.Graph {
	t.Helper()
	text, ok := Read(name)
	if !ok {
		t.Fatalf("there is no experiment %s", name)
	}
	s, err := spec.Parse(name+".yaml", text, spec.Options{Open: func(base string) ([]byte, error) {
		if text, ok := Read(base); ok {
			return text, nil
		}
		return nil, fmt.Errorf("there is no experiment %s", base)
	}})
	if err != nil {
		t.Fatal(err)
	}
	g, err := graph.Build(s, stages.All())
	if err != nil {
		t.Fatal(err)
	}
	return g
}
