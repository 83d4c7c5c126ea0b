package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"foil/pipeline"
)

// bars shows a run on a terminal: a bar for the whole and one for each running
// cell, below lines that stay for what is done.
type bars struct {
	out     io.Writer
	size    func() (width, height int)
	plan    *pipeline.Plan
	whole   *progressbar.ProgressBar
	running []*cellBar
	drawn   int // lines that the next drawing replaces
	start   time.Time
	last    time.Time
}

type cellBar struct {
	node *pipeline.Node
	bar  *progressbar.ProgressBar
	note string
}

// redraw is how often progress alone redraws the bars.
const redraw = 100 * time.Millisecond

func (b *bars) event(e pipeline.Event) {
	line := ""
	switch e := e.(type) {
	case pipeline.RunStarted:
		b.plan, b.start = e.Plan, time.Now()
		b.whole = newBar(int64(len(e.Plan.Cells)), progressbar.OptionSetElapsedTime(false), progressbar.OptionSetPredictTime(false))
	case pipeline.CellHit:
		b.step()
	case pipeline.CellStarted:
		b.running = append(b.running, &cellBar{node: e.Node})
	case pipeline.CellRetried:
		line = fmt.Sprintf("retry    %s, try %d of %d, after: %v", e.Node.ID, e.Try, e.Tries, e.Err)
	case pipeline.CellNote:
		line = fmt.Sprintf("note     %s: %s", e.Node.ID, e.Text)
	case pipeline.CellWaiting:
		line = "waiting: " + waits(e)
	case pipeline.CellProgress:
		b.progress(e)
		if time.Since(b.last) < redraw {
			return
		}
	case pipeline.CellDone:
		b.remove(e.Node)
		b.step()
		line = fmt.Sprintf("made     %s in %s", e.Node.ID, took(e))
	case pipeline.CellFailed:
		b.remove(e.Node)
		b.step()
		line = fmt.Sprintf("FAILED   %v", e.Err)
	case pipeline.CellSkipped:
		b.step()
	case pipeline.RunDone:
		b.erase()
		return
	}
	b.draw(line)
}

func newBar(total int64, options ...progressbar.Option) *progressbar.ProgressBar {
	bar := progressbar.NewOptions64(total, append([]progressbar.Option{
		progressbar.OptionSetWriter(io.Discard), // drawn by us, since there are several
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
		_ = b.whole.Add(1) // writes to nothing, so it does not fail
	}
}

func (b *bars) progress(e pipeline.CellProgress) {
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

func (b *bars) remove(n *pipeline.Node) {
	b.running = slices.DeleteFunc(b.running, func(c *cellBar) bool { return c.node == n })
}

// draw replaces the bars, with a line above them that stays.
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

// cut shortens a line to what fits, so that a bar is never two lines.
func cut(line string, width int) string {
	runes := []rune(line)
	if width > 1 && len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return line
}
