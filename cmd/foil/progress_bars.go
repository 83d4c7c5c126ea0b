package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rivo/uniseg"
	"github.com/schollz/progressbar/v3"

	"foil/internal/clean"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
	"foil/pipeline/run"
)

// bars shows a run on a terminal: permanent lines for finished cells, and below them a bar for the
// whole run and one for each running cell. The progress bar library draws the content of a bar:
// name, percentage, count, rate and times. It supports only a single line. This file draws several
// lines and shortens long ones.
type bars struct {
	out     io.Writer
	size    func() (width, height int)
	plan    *plan.Plan
	whole   *bar
	running []*bar
	drawn   int // lines that the next drawing replaces
	last    time.Time
}

// A bar is one line: the bar of a cell, or of the whole run, with its loss and a note
// after it.
type bar struct {
	node  *graph.Node // nil: the whole run
	name  string
	drawn *progressbar.ProgressBar // nil until the first progress of the cell
	loss  string
	note  string
}

// redraw is the minimum time between two redraws for progress alone.
const redraw = 100 * time.Millisecond

func (b *bars) event(e run.Event) {
	line := ""
	switch e := e.(type) {
	case run.RunStarted:
		b.plan = e.Plan
		// Cells take very different times, so an estimate from their number would be wrong.
		name := clean.Line(e.Plan.Graph.Spec.Name)
		b.whole = &bar{
			name:  name,
			drawn: newBar(name, int64(len(e.Plan.Cells)), progressbar.OptionSetElapsedTime(true), progressbar.OptionSetPredictTime(false)),
		}
	case run.CellHit:
		b.step()
	case run.CellStarted:
		b.running = append(b.running, &bar{node: e.Node, name: "  " + clean.Line(e.Node.ID)})
	case run.CellRetried:
		line = fmt.Sprintf("retry    %s, try %d of %d, after: %s", e.Node.ID, e.Try, e.Tries, firstLine(e.Err.Error()))
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

func newBar(name string, total int64, options ...progressbar.Option) *progressbar.ProgressBar {
	p := progressbar.NewOptions64(total, append([]progressbar.Option{
		progressbar.OptionSetDescription(name),
		progressbar.OptionSetWriter(io.Discard), // draw writes all lines at once
		progressbar.OptionSetWidth(barWidth),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(0),
	}, options...)...)
	p.StartWithoutRender()
	return p
}

func (b *bars) step() {
	if b.whole != nil {
		_ = b.whole.drawn.Add(1) // cannot fail: its output is discarded
	}
}

// wide is the number of columns that a line with rates requires.
const wide = 80

func (b *bars) progress(e run.CellProgress) {
	i := slices.IndexFunc(b.running, func(c *bar) bool { return c.node == e.Node })
	if i < 0 {
		return
	}
	c, p := b.running[i], e.Progress
	if p.Total > 0 && c.drawn == nil {
		var options []progressbar.Option
		if width, _ := b.area(); width >= wide {
			options = append(options, progressbar.OptionShowIts(), progressbar.OptionSetItsString(p.Unit))
		}
		c.drawn = newBar(c.name, p.Total, options...)
	}
	if c.drawn != nil {
		_ = c.drawn.Set64(min(p.Done, p.Total))
	}
	c.loss, c.note = "", clean.Line(p.Message)
	if p.Loss != 0 {
		c.loss = fmt.Sprintf("loss %.4g", p.Loss)
	}
}

func (b *bars) remove(n *graph.Node) {
	b.running = slices.DeleteFunc(b.running, func(c *bar) bool { return c.node == n })
}

// draw redraws the bars, with a new permanent line above them.
func (b *bars) draw(line string) {
	b.last = time.Now()
	var text strings.Builder
	b.eraseTo(&text)
	if line != "" {
		text.WriteString(clean.Message(line) + "\n")
	}
	width, height := b.area()
	lines := []string{}
	if b.whole != nil {
		b.whole.note = fmt.Sprintf("%d running", len(b.running))
		lines = append(lines, b.whole.line(width))
	}
	running := b.running
	// One line is for the cursor, and one stays as it was.
	if room := max(height-2, 1) - len(lines); len(running) > room {
		running = running[:max(room-1, 0)]
	}
	for _, c := range running {
		lines = append(lines, c.line(width))
	}
	if hidden := len(b.running) - len(running); hidden > 0 && len(lines) < height-2 {
		lines = append(lines, cut(fmt.Sprintf("  and %d more", hidden), width-1))
	}
	for _, l := range lines {
		text.WriteString(l + "\n")
	}
	b.drawn = len(lines)
	io.WriteString(b.out, text.String())
}

func (b *bars) failures(e *run.FailedError) {
	writeFailures(clean.Parts{To: b.out, Clean: clean.Message}, e, true)
}

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

// area is the size of the terminal, with a default if it is not known.
func (b *bars) area() (width, height int) {
	width, height = b.size()
	if width < 1 {
		width = usualWidth
	}
	if height < 1 {
		height = usualHeight
	}
	return width, height
}

// Widths of the parts of a line. In a long line they shrink to the minimum.
const (
	barWidth, smallestBar = 12, 2
	smallestName          = 18
	smallestNote          = 20
)

// line draws a bar in less than the given number of columns. If the line is too long, it shortens
// the bar first, then drops the note and the loss, and shortens the name last.
func (c *bar) line(width int) string {
	room := width - 1 // a character in the last column makes some terminals start a line
	whole := c.draw(c.name, barWidth) + " " + c.loss + " " + c.note
	over := uniseg.StringWidth(whole) - room
	text := c.draw(c.name, max(barWidth-max(over, 0), smallestBar))
	if over := uniseg.StringWidth(text) - room; over > 0 {
		name := shorten(c.name, max(uniseg.StringWidth(c.name)-over, smallestName))
		text = c.draw(name, smallestBar)
	}
	left := room - uniseg.StringWidth(text)
	if c.loss != "" && left > uniseg.StringWidth(c.loss) {
		text += " " + c.loss
		left = room - uniseg.StringWidth(text)
	}
	if c.note != "" && left > min(uniseg.StringWidth(c.note), smallestNote) {
		text += " " + c.note
	}
	return cut(text, room)
}

// draw draws the bar after a name with the library.
func (c *bar) draw(name string, width int) string {
	if c.drawn == nil {
		return name + " ..."
	}
	progressbar.OptionSetWidth(width)(c.drawn)
	progressbar.OptionSetDescription(name)(c.drawn)
	_ = c.drawn.RenderBlank() // updates the times; the output is discarded
	return strings.TrimRight(strings.ReplaceAll(c.drawn.String(), "\r", ""), " ")
}

// shorten removes characters from the middle of a cell's name, because its stage and its last
// coordinates are the most informative.
func shorten(name string, width int) string {
	runes := []rune(name)
	if len(runes) <= width {
		return name
	}
	head := (width - 1) * 2 / 3
	return string(runes[:head]) + "…" + string(runes[len(runes)-(width-1-head):])
}

// cut shortens a line to the width, so that a bar never takes two lines.
func cut(line string, width int) string {
	if uniseg.StringWidth(line) <= width {
		return line
	}
	if width < 1 {
		return ""
	}
	var short strings.Builder
	used := 1 // the ellipsis
	for g := uniseg.NewGraphemes(line); g.Next(); {
		if used += g.Width(); used > width {
			break
		}
		short.WriteString(g.Str())
	}
	return short.String() + "…"
}
