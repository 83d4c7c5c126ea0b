package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"foil/pipeline/graph"
	"foil/pipeline/plan"
	"foil/pipeline/run"
)

// bars shows a run on a terminal: a bar for the whole and one for each running cell, below
// a line for each cell that has ended. Errors are shown at the end of the run, where
// people look first.
type bars struct {
	out     io.Writer
	size    func() (width, height int)
	plan    *plan.Plan
	whole   *progressbar.ProgressBar
	running []*cellBar
	drawn   int // lines that the next drawing replaces
	start   time.Time
	last    time.Time
}

type cellBar struct {
	node *graph.Node
	bar  *progressbar.ProgressBar
	note string
}

// redraw is how often progress alone redraws the bars.
const redraw = 100 * time.Millisecond

func (b *bars) event(e run.Event) {
	line := ""
	switch e := e.(type) {
	case run.RunStarted:
		b.plan, b.start = e.Plan, time.Now()
		b.whole = newBar(int64(len(e.Plan.Cells)), progressbar.OptionSetElapsedTime(false), progressbar.OptionSetPredictTime(false))
	case run.CellHit:
		b.step()
	case run.CellStarted:
		b.running = append(b.running, &cellBar{node: e.Node})
	case run.CellRetried:
		line = fmt.Sprintf("retry    %s, try %d of %d, after: %v", e.Node.ID, e.Try, e.Tries, e.Err)
	case run.CellNote:
		line = fmt.Sprintf("note     %s: %s", e.Node.ID, e.Text)
	case run.CellWaiting:
		line = "waiting: " + waits(e)
	case run.CellProgress:
		b.progress(e)
		if time.Since(b.last) < redraw {
			return
		}
	case run.CellDone:
		b.remove(e.Node)
		b.step()
		line = fmt.Sprintf("made     %s in %s", e.Node.ID, took(e))
	case run.CellFailed:
		b.remove(e.Node)
		b.step()
		line = fmt.Sprintf("FAILED   %s; the error is shown at the end of the run", e.Node.ID)
	case run.CellSkipped:
		b.step()
	case run.RunDone:
		b.erase()
		return
	}
	b.draw(line)
}

func newBar(total int64, options ...progressbar.Option) *progressbar.ProgressBar {
	bar := progressbar.NewOptions64(total, append([]progressbar.Option{
		progressbar.OptionSetWriter(io.Discard), // draw writes several bars at once
		progressbar.OptionSetWidth(12),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(0),
		progressbar.OptionSetRenderBlankState(true),
	}, options...)...)
	bar.StartWithoutRender()
	return bar
}

func (b *bars) step() {
	if b.whole != nil {
		_ = b.whole.Add(1) // cannot fail: it writes to io.Discard
	}
}

func (b *bars) progress(e run.CellProgress) {
	i := slices.IndexFunc(b.running, func(c *cellBar) bool { return c.node == e.Node })
	if i < 0 {
		return
	}
	c, p := b.running[i], e.Progress
	if p.Total > 0 && c.bar == nil {
		c.bar = newBar(p.Total, progressbar.OptionShowIts(), progressbar.OptionSetItsString(p.Unit))
	}
	if c.bar != nil {
		_ = c.bar.Set64(min(p.Done, p.Total))
	}
	c.note = p.Message
	if p.Loss != 0 {
		c.note = strings.TrimSpace(fmt.Sprintf("loss %.4g  %s", p.Loss, p.Message))
	}
}

func (b *bars) remove(n *graph.Node) {
	b.running = slices.DeleteFunc(b.running, func(c *cellBar) bool { return c.node == n })
}

// draw replaces the bars, and adds a line above them.
func (b *bars) draw(line string) {
	b.last = time.Now()
	var text strings.Builder
	b.eraseTo(&text)
	if line != "" {
		text.WriteString(line + "\n")
	}
	width, height := b.size()
	lines := []string{}
	if b.whole != nil {
		lines = append(lines, fmt.Sprintf("%s %s, %d running, %s", b.plan.Graph.Spec.Name, rendered(b.whole), len(b.running), time.Since(b.start).Round(time.Second)))
	}
	for i, c := range b.running {
		if len(lines) >= height-2 {
			lines[len(lines)-1] = fmt.Sprintf("  and %d more", len(b.running)-i+1)
			break
		}
		lines = append(lines, strings.TrimRight(fmt.Sprintf("  %s %s %s", c.node.ID, rendered(c.bar), c.note), " "))
	}
	for _, l := range lines {
		text.WriteString(cut(l, width-1) + "\n")
	}
	b.drawn = len(lines)
	io.WriteString(b.out, text.String())
}

func (b *bars) failures(e *run.FailedError) { writeFailures(b.out, e, true) }

func (b *bars) erase() {
	var text strings.Builder
	b.eraseTo(&text)
	b.drawn = 0
	io.WriteString(b.out, text.String())
}

func (b *bars) eraseTo(text *strings.Builder) {
	if b.drawn > 0 {
		fmt.Fprintf(text, "\r\x1b[%dA\x1b[J", b.drawn) // \r: the terminal may have echoed ^C
	}
}

func rendered(bar *progressbar.ProgressBar) string {
	if bar == nil {
		return "..."
	}
	return strings.TrimSpace(strings.ReplaceAll(bar.String(), "\r", ""))
}

// cut shortens a line to the width of the terminal, so that a bar is never two lines.
func cut(line string, width int) string {
	runes := []rune(line)
	if width > 1 && len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return line
}
