package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rivo/uniseg"

	"foil/internal/clean"
	"foil/internal/syserror"
	"foil/pipeline/graph"
	"foil/pipeline/run"
)

// bars shows a run on a terminal: permanent lines for finished cells, and below them a bar for the
// whole run and one for each running cell. It draws all bars at once, over the last ones.
type bars struct {
	out  io.Writer
	size func() (width, height int)
	now  func() time.Time

	clock bool // draw also while nothing happens

	mu      sync.Mutex // events and the clock draw
	whole   *bar
	running []*bar
	drawn   []int // widths of the lines that the next drawing replaces
	notes   repeatedNotes
	last    time.Time
	stop    func() // ends the clock; nil: there is none
}

// Times between two drawings.
const (
	redraw = 100 * time.Millisecond // at least, without a new permanent line
	tick   = 250 * time.Millisecond // at most, so that times go on while nothing happens
)

// startClock draws the bars again and again until the end of the run.
func (b *bars) startClock() {
	done := make(chan struct{})
	ticker := time.NewTicker(tick)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				b.mu.Lock()
				if b.stop != nil {
					b.drawSoon()
				}
				b.mu.Unlock()
			}
		}
	}()
	b.stop = sync.OnceFunc(func() {
		ticker.Stop()
		close(done)
	})
}

func (b *bars) event(e run.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := e.(type) {
	case run.RunStarted:
		b.whole = &bar{name: clean.Line(e.Plan.Graph.Spec.Name), begun: b.now()}
		b.whole.progress.Total, b.whole.progress.Unit = int64(len(e.Plan.Cells)), cells
		if b.clock {
			b.startClock()
		}
	case run.CellHit:
		b.whole.progress.Done++
	case run.CellStarted:
		b.running = append(b.running, &bar{node: e.Node, name: "  " + clean.Line(e.Node.ID), begun: b.now()})
	case run.CellRetried:
		b.draw(fmt.Sprintf("retry    %s, try %d of %d, after: %s", e.Node.ID, e.Try, e.Tries, firstLine(syserror.Text(e.Err))))
	case run.CellNote:
		if b.notes.add(e.Node, e.Text) {
			b.draw(fmt.Sprintf("note     %s: %s", e.Node.ID, e.Text))
		}
	case run.CellWaiting:
		b.draw("waiting  " + waits(e))
	case run.CellProgress:
		if i := slices.IndexFunc(b.running, func(c *bar) bool { return c.node == e.Node }); i >= 0 {
			e.Progress.Message = clean.Line(e.Progress.Message)
			b.running[i].report(e.Progress, b.now())
		}
	case run.CellDone:
		b.end(e.Node)
		b.draw(b.made(e))
	case run.CellFailed:
		b.end(e.Node)
		b.draw(fmt.Sprintf("FAILED   %s: %s", e.Node.ID, firstLine(causeOf(e.Err))))
	case run.CellSkipped:
		b.whole.progress.Done++
	case run.CellAgain:
		if e.WasDone {
			b.whole.progress.Done--
		} else {
			b.remove(e.Node)
		}
	case run.RunDone:
		if b.stop != nil {
			b.stop()
			b.stop = nil
		}
		for _, line := range b.notes.summary() {
			b.draw("note     " + line)
		}
		b.erase()
		return
	}
	b.drawSoon()
}

// made is the line about a finished cell, with as many costs as there is room for.
func (b *bars) made(e run.CellDone) string {
	width, _ := b.area()
	line := ""
	for _, costs := range []string{took(e), tookCPU(e), duration(e.Duration)} {
		line = fmt.Sprintf("made     %s in %s", e.Node.ID, costs)
		if uniseg.StringWidth(line) < width {
			break
		}
	}
	return line
}

// end removes a cell that has ended.
func (b *bars) end(n *graph.Node) {
	b.remove(n)
	b.whole.progress.Done++
}

func (b *bars) remove(n *graph.Node) {
	b.running = slices.DeleteFunc(b.running, func(c *bar) bool { return c.node == n })
}

// drawSoon draws the bars, unless they have just been drawn.
func (b *bars) drawSoon() {
	if b.now().Sub(b.last) >= redraw {
		b.draw("")
	}
}

// draw draws the bars, with a new permanent line above them.
func (b *bars) draw(line string) {
	b.last = b.now()
	width, height := b.area()
	var text strings.Builder
	b.eraseTo(&text, width)
	if line != "" {
		text.WriteString(wrapText(clean.Message(line), width, "         ") + "\n")
	}
	for _, l := range b.lines(width, height) {
		text.WriteString(l + "\n")
		b.drawn = append(b.drawn, uniseg.StringWidth(l))
	}
	io.WriteString(b.out, text.String())
}

// lines are the bars that fit on the terminal. One of its lines is for the cursor, and one stays as
// it was.
func (b *bars) lines(width, height int) []string {
	if b.whole == nil {
		return nil
	}
	b.whole.note = fmt.Sprintf("%d running", len(b.running))
	running := b.running
	if room := max(height-2, 1) - 1; len(running) > room {
		running = running[:max(room-1, 0)]
	}
	texts := []cellText{b.whole.text(b.now())}
	for _, c := range running {
		texts = append(texts, c.text(b.now()))
	}
	lines := barLines(texts, width)
	if hidden := len(b.running) - len(running); hidden > 0 && len(lines) < height-2 {
		lines = append(lines, cut(fmt.Sprintf("  and %d more", hidden), width-1))
	}
	return lines
}

func (b *bars) note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.draw(text)
}

func (b *bars) failures(e *run.FailedError) {
	width, _ := b.area()
	writeFailures(clean.Parts{To: b.out, Clean: func(text string) string { return wrapText(clean.Message(text), width, "  ") }}, e, true)
}

func (b *bars) erase() {
	width, _ := b.area()
	var text strings.Builder
	b.eraseTo(&text, width)
	io.WriteString(b.out, text.String())
}

// eraseTo moves the cursor to the first of the drawn lines and clears the rest. If the terminal has
// become narrower, it has broken the lines.
func (b *bars) eraseTo(text *strings.Builder, width int) {
	rows := 0
	for _, w := range b.drawn {
		rows += max((w+width-1)/width, 1)
	}
	b.drawn = nil
	if rows > 0 {
		fmt.Fprintf(text, "\r\x1b[%dA\x1b[J", rows) // \r: the terminal may have echoed ^C
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
