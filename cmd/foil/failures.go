package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"foil/internal/syserror"
	"foil/internal/words"
	"foil/pipeline"
	"foil/pipeline/run"
)

// A failureGroup holds the cells of a kind that failed with the same message.
type failureGroup struct{ cells []*pipeline.CellError }

// groupFailures groups the failed cells of a run, in the order of the first cell of each group.
func groupFailures(e *run.FailedError) (groups []*failureGroup) {
	of := map[string]*failureGroup{}
	for _, c := range e.Cells {
		id := failureID(c.Kind, c.Err.Error())
		if of[id] == nil {
			of[id] = &failureGroup{}
			groups = append(groups, of[id])
		}
		of[id].cells = append(of[id].cells, c)
	}
	return groups
}

// ownPath is a path that belongs to one cell: it contains a key.
var ownPath = regexp.MustCompile(`\S*[0-9a-f]{64}\S*`)

// failureID is equal for failures that are shown once: failures of the same kind with the same
// message, except for paths.
func failureID(kind, message string) string {
	return kind + "\n" + ownPath.ReplaceAllString(message, "")
}

// writeFailures lists the failed cells and the cells that were skipped because of them. With full
// set, it includes the messages, which have not been shown yet.
func writeFailures(out io.Writer, e *run.FailedError, full bool) {
	fmt.Fprintf(out, "foil: %s failed:\n", words.Count(len(e.Cells), "cell"))
	const many = 20
	groups := groupFailures(e)
	for i, g := range groups {
		if i == many {
			fmt.Fprintf(out, "  and %s\n", words.Count(len(groups)-many, "more error"))
			break
		}
		fmt.Fprintf(out, "  %s\n", strings.ReplaceAll(g.text(full), "\n", "\n  "))
		if skipped := g.skipped(); len(skipped) > 0 {
			fmt.Fprintf(out, "    skipped because of it: %s\n", words.Few(skipped))
		}
	}
}

// text is "model[fold=0]: train/x: loss is NaN" and a line with the path of the log, or the same
// without the error if that has been shown.
func (g *failureGroup) text(full bool) string {
	first := g.cells[0]
	var names []string
	for _, c := range g.cells {
		names = append(names, c.Cell)
	}
	text := words.Few(names)
	if text != words.And(names) {
		text += fmt.Sprintf(" (%s)", words.Count(len(names), "cell"))
	}
	switch {
	case full:
		text += fmt.Sprintf(": %s: %s", first.Kind, syserror.Text(first.Err))
	case len(g.cells) > 1:
		text += ": the same error"
	}
	switch {
	case first.Log != "" && len(g.cells) > 1:
		text += fmt.Sprintf("\n  log of %s: %s", first.Cell, first.Log)
	case first.Log != "":
		text += "\n  log: " + first.Log
	}
	return text
}

func (g *failureGroup) skipped() (names []string) {
	for _, c := range g.cells {
		names = append(names, c.Skipped...)
	}
	return names
}
