package main

import (
	"fmt"
	"io"
	"time"

	"foil/pipeline"
)

// lines shows a run where there is no terminal: a line for each event that
// somebody who reads the log later wants to know.
type lines struct {
	out   io.Writer
	total int
	done  int
	told  map[*pipeline.Node]time.Time // when a cell's progress was told last
}

// often is how often a log tells the progress of a cell.
const often = 30 * time.Second

func (l *lines) event(e pipeline.Event) {
	switch e := e.(type) {
	case pipeline.RunStarted:
		l.total = len(e.Plan.Cells)
		fmt.Fprintf(l.out, "%s: %d cells, %d in the cache\n", e.Plan.Graph.Spec.Name, l.total, e.Plan.Hits)
	case pipeline.CellHit:
		l.done++
	case pipeline.CellStarted:
		resumes := ""
		if e.Resumes {
			resumes = ", goes on from a checkpoint"
		}
		fmt.Fprintf(l.out, "start  %s (%s%s)\n", e.Node.ID, e.Reason, resumes)
		l.tell(e.Node)
	case pipeline.CellProgress:
		if time.Since(l.told[e.Node]) >= often {
			p := e.Progress
			fmt.Fprintf(l.out, "       %s: %d of %d %s, loss %.4g, %s\n", e.Node.ID, p.Done, p.Total, p.Unit, p.Loss, p.Message)
			l.tell(e.Node)
		}
	case pipeline.CellRetried:
		fmt.Fprintf(l.out, "retry  %s, try %d of %d, after: %v\n", e.Node.ID, e.Try, e.Tries, e.Err)
	case pipeline.CellNote:
		fmt.Fprintf(l.out, "note   %s: %s\n", e.Node.ID, e.Text)
	case pipeline.CellWaiting:
		fmt.Fprintf(l.out, "wait   %s\n", waits(e))
	case pipeline.CellDone:
		l.done++
		fmt.Fprintf(l.out, "made   %s in %s [%d/%d]\n", e.Node.ID, took(e), l.done, l.total)
	case pipeline.CellFailed:
		l.done++
		fmt.Fprintf(l.out, "FAILED %v\n", e.Err)
	case pipeline.CellSkipped:
		l.done++ // the summary counts them
	}
}

// waits says for what a cell waits.
func waits(e pipeline.CellWaiting) string {
	if e.Orphan != nil {
		return fmt.Sprintf("%s: %v; when that ends, this goes on", e.Node.ID, e.Orphan)
	}
	return e.Node.ID + " is being made by another run"
}

func (l *lines) tell(n *pipeline.Node) {
	if l.told == nil {
		l.told = map[*pipeline.Node]time.Time{}
	}
	l.told[n] = time.Now()
}
