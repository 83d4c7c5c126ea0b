package main

import (
	"fmt"
	"slices"
	"strings"

	"foil/internal/words"
	"foil/pipeline/graph"
)

// repeatedNotes shows a note of several cells twice: when the first cell has it, and at the end with
// the number of cells.
type repeatedNotes struct {
	order []string                 // the texts
	cells map[string][]*graph.Node // by text
}

// add notes a text of a cell, and reports whether it is new.
func (r *repeatedNotes) add(n *graph.Node, text string) bool {
	if r.cells == nil {
		r.cells = map[string][]*graph.Node{}
	}
	of := r.cells[text]
	if of == nil {
		r.order = append(r.order, text)
	}
	if !slices.Contains(of, n) {
		r.cells[text] = append(of, n)
	}
	return of == nil
}

// summary has a line for each note of several cells.
func (r *repeatedNotes) summary() (lines []string) {
	const most = 3 // cells that are named
	for _, text := range r.order {
		if cells := r.cells[text]; len(cells) > 1 {
			var ids []string
			for _, n := range cells[:min(most, len(cells))] {
				ids = append(ids, n.ID)
			}
			if len(cells) > most {
				ids = append(ids, "...")
			}
			lines = append(lines, fmt.Sprintf("in %s (%s): %s", words.Count(len(cells), "cell"), strings.Join(ids, ", "), text))
		}
	}
	return lines
}
