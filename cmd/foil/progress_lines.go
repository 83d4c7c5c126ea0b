package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"foil/internal/syserror"
	"foil/internal/words"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/run"
)

// lines shows a run without a terminal: one line for each important event. An error is shown in
// full when it happens.
type lines struct {
	out    io.Writer
	reason func(run.CellStarted) string // why a cell runs
	total  int
	done   int
	shown  map[*graph.Node]time.Time // when the progress of a cell was shown last
	failed map[string]string         // the first cell with a failure, by failureID
	notes  repeatedNotes
}

// showInterval is how often the progress of a cell is shown.
const showInterval = 30 * time.Second

func (l *lines) event(e run.Event) {
	switch e := e.(type) {
	case run.RunStarted:
		l.total = len(e.Plan.Cells)
		fmt.Fprintf(l.out, "%s: %s, %d cached\n", e.Plan.Graph.Spec.Name, words.Count(l.total, "cell"), e.Plan.Hits)
	case run.CellHit:
		l.done++
	case run.CellStarted:
		resumes := ""
		if e.Resumes {
			resumes = ", resumes from a checkpoint"
		}
		fmt.Fprintf(l.out, "start  %s (%s%s)\n", e.Node.ID, l.reason(e), resumes)
		l.markShown(e.Node)
	case run.CellProgress:
		if time.Since(l.shown[e.Node]) >= showInterval {
			fmt.Fprintf(l.out, "       %s: %s\n", e.Node.ID, progressText(e.Progress))
			l.markShown(e.Node)
		}
	case run.CellRetried:
		fmt.Fprintf(l.out, "retry  %s, try %d of %d, after: %s\n", e.Node.ID, e.Try, e.Tries, firstLine(syserror.Text(e.Err)))
	case run.CellNote:
		if l.notes.add(e.Node, e.Text) {
			fmt.Fprintf(l.out, "note   %s: %s\n", e.Node.ID, e.Text)
		}
	case run.CellWaiting:
		fmt.Fprintf(l.out, "wait   %s\n", waits(e))
	case run.CellDone:
		l.done++
		fmt.Fprintf(l.out, "made   %s in %s [%d/%d]\n", e.Node.ID, took(e), l.done, l.total)
	case run.CellFailed:
		l.done++
		l.fail(e)
	case run.CellSkipped:
		l.done++ // the summary counts them
	case run.CellAgain:
		if e.WasDone {
			l.done--
		}
	case run.RunDone:
		for _, line := range l.notes.summary() {
			fmt.Fprintf(l.out, "note   %s\n", line)
		}
	}
}

// progressText describes the progress of a cell, as far as it is known.
func progressText(p pipeline.Progress) string {
	var parts []string
	switch {
	case p.Total > 0:
		parts = append(parts, countOf(p.Done, p.Total, p.Unit))
	case p.Done > 0:
		parts = append(parts, amount(p.Done, p.Unit))
	}
	if p.Loss != 0 {
		parts = append(parts, fmt.Sprintf("loss %.4g", p.Loss))
	}
	if p.Message != "" {
		parts = append(parts, p.Message)
	}
	return strings.Join(parts, ", ")
}

// waits describes the reason why a cell waits.
func waits(e run.CellWaiting) string {
	if e.Orphan != nil {
		return fmt.Sprintf("%s: %v; the run continues when that ends", e.Node.ID, e.Orphan)
	}
	return e.Node.ID + " is running in another run"
}

func (l *lines) markShown(n *graph.Node) {
	if l.shown == nil {
		l.shown = map[*graph.Node]time.Time{}
	}
	l.shown[n] = time.Now()
}

// fail shows an error, unless another cell has failed with the same one.
func (l *lines) fail(e run.CellFailed) {
	var c *pipeline.CellError
	if !errors.As(e.Err, &c) {
		fmt.Fprintf(l.out, "FAILED %s: %s\n", e.Node.ID, syserror.Text(e.Err))
		return
	}
	if l.failed == nil {
		l.failed = map[string]string{}
	}
	id := failureID(c.Kind, c.Err.Error())
	if first, ok := l.failed[id]; ok {
		fmt.Fprintf(l.out, "FAILED %s: the same error as %s\n", c.Cell, first)
		return
	}
	l.failed[id] = c.Cell
	fmt.Fprintf(l.out, "FAILED %s\n", syserror.Text(c))
}

// causeOf is the text of an error without the name of its cell and the path of its log.
func causeOf(err error) string {
	var c *pipeline.CellError
	if errors.As(err, &c) {
		return syserror.Text(c.Err)
	}
	return syserror.Text(err)
}

func (l *lines) note(text string) { fmt.Fprintln(l.out, text) }

func (l *lines) failures(e *run.FailedError) { writeFailures(l.out, e, false) }
