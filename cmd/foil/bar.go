package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rivo/uniseg"
	"github.com/schollz/progressbar/v3"

	"foil/internal/words"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/spec"
)

// cells is the unit of the bar of a whole run.
const cells = "cells"

// A bar is what is known about a running cell, or about the whole run.
type bar struct {
	node     *graph.Node // nil: not a cell
	name     string
	begun    time.Time
	progress pipeline.Progress // Total 0: not known
	note     string            // after the numbers

	// The rate is counted from the first progress on: a training that resumes begins in the middle.
	first   int64
	firstAt time.Time
	lastAt  time.Time
}

// report notes the progress of a cell.
func (c *bar) report(p pipeline.Progress, now time.Time) {
	if c.firstAt.IsZero() || p.Done < c.first {
		c.first, c.firstAt = p.Done, now
	}
	c.progress, c.note, c.lastAt = p, p.Message, now
}

// rate is the progress per second; 0: not known. A short time says little.
func (c *bar) rate() float64 {
	const shortest = time.Second
	took := c.lastAt.Sub(c.firstAt)
	if done := c.progress.Done - c.first; done > 0 && took >= shortest {
		return float64(done) / took.Seconds()
	}
	return 0
}

// A cellText is a bar in words.
type cellText struct {
	name        string
	done, total int64  // work; total 0: not known
	count       string // "33/60 epochs"
	left        string // "9s left"; empty: not known
	loss        string
	rate        string // "3.1 epochs/s"
	note        string
}

func (c *bar) text(now time.Time) cellText {
	p := c.progress
	t := cellText{name: c.name, note: c.note}
	if p.Loss != 0 {
		t.loss = fmt.Sprintf("loss %.4g", p.Loss)
	}
	if p.Total <= 0 {
		if p.Done > 0 {
			t.count = amount(p.Done, p.Unit)
		}
		t.left = clock(now.Sub(c.begun))
		return t
	}
	done := min(max(p.Done, 0), p.Total)
	t.done, t.total = done, p.Total
	t.count = countOf(done, p.Total, p.Unit)
	rate := c.rate()
	switch {
	case p.Unit == cells: // they take very different times: their number says nothing about the rest
		t.left, t.note = joinParts(t.note, clock(now.Sub(c.begun))), ""
	case rate > 0:
		rest := time.Duration(min(float64(p.Total-done)/rate, 1e9) * float64(time.Second))
		t.left = clock(max(rest-now.Sub(c.lastAt), 0)) + " left"
		t.rate = rateText(rate, p.Unit)
	}
	return t
}

// numbers are the parts of a line behind the name and the bar that are shown first.
func (t cellText) numbers() string { return joinParts(t.count, t.left, t.loss) }

func joinParts(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("  ")
		}
		b.WriteString(p)
	}
	return b.String()
}

// Widths of the parts of a line.
const (
	smallestBar, largestBar = 8, 24
	smallestName            = 18
	smallestNote            = 16
	percentWidth            = 6 // " 100% ", which the library writes before a bar
)

// barLines draws bars as lines of less than the given number of columns. Names and bars have the
// same widths in all lines. If the lines are too long, the parts at their ends are left out first,
// then names are shortened.
func barLines(texts []cellText, width int) []string {
	room := width - 1 // a character in the last column makes some terminals start a line
	name, numbers, all := 0, 0, 0
	for _, t := range texts {
		name = max(name, uniseg.StringWidth(t.name))
		numbers = max(numbers, uniseg.StringWidth(t.numbers()))
		all = max(all, uniseg.StringWidth(joinParts(t.numbers(), t.rate, t.note)))
	}
	const around = 2 + percentWidth
	name = min(name, max(room-around-smallestBar-numbers, smallestName))
	size := min(max(room-around-name-all, smallestBar), largestBar)
	lines := make([]string, len(texts))
	for i, t := range texts {
		lines[i] = t.line(name, size, room)
	}
	return lines
}

func (t cellText) line(name, size, room int) string {
	line := shorten(t.name, name)
	line += strings.Repeat(" ", max(name-uniseg.StringWidth(line), 0))
	if t.total > 0 {
		line = drawBar(line, t.done, t.total, size)
	}
	for _, part := range []string{t.count, t.left, t.loss, t.rate} {
		if longer := joinParts(line, part); part != "" && uniseg.StringWidth(longer) <= room {
			line = strings.TrimRight(line, " ") + "  " + part
		}
	}
	left := room - uniseg.StringWidth(line) - 2
	if t.note != "" && left >= min(uniseg.StringWidth(t.note), smallestNote) {
		line += "  " + cut(t.note, left)
	}
	return cut(strings.TrimRight(line, " "), room)
}

// drawBar draws a bar after a name with package progressbar, with the share of the work in percent.
// The other numbers of a line are foil's own, because they need a place and a width of their own.
func drawBar(name string, done, total int64, size int) string {
	b := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetDescription(name),
		progressbar.OptionSetWidth(size),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerHead: "█", SaucerPadding: "░"}),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetPredictTime(false),
	)
	_ = b.Set64(done) // nothing is written; the text is that of String
	_ = b.RenderBlank()
	return strings.TrimRight(strings.ReplaceAll(b.String(), "\r", ""), " ")
}

// amount is a number with its unit: "12 users", "3.4 MB".
func amount(n int64, unit string) string {
	if unit == "bytes" {
		return spec.FormatSize(n)
	}
	if n == 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", n, unit))
}

// countOf is "33/60 epochs" or "1.2 MB of 3.4 MB".
func countOf(done, total int64, unit string) string {
	if unit == "bytes" {
		return spec.FormatSize(done) + " of " + spec.FormatSize(total)
	}
	const large = 1_000_000
	if total >= large {
		return shortNumber(float64(done)) + "/" + shortNumber(float64(total)) + " " + unit
	}
	return fmt.Sprintf("%d/%s", done, amount(total, unit))
}

// rateText is a rate with three digits at most: "3.1 epochs/s", "42 s/epoch", "1.2 MB/s". Of a slow
// one it is the time that one takes.
func rateText(perSecond float64, unit string) string {
	one := strings.TrimSuffix(unit, "s")
	switch {
	case unit == "bytes":
		return spec.FormatSize(int64(perSecond)) + "/s"
	case unit == "":
		return ""
	case perSecond < 0.5:
		return clock(time.Duration(min(1/perSecond, 1e9)*float64(time.Second))) + " per " + one
	}
	return shortNumber(perSecond) + " " + unit + "/s"
}

// shortNumber writes a number with three digits: 3.14, 999, 12.3M.
func shortNumber(v float64) string {
	for _, suffix := range []string{"", "k", "M", "G", "T"} {
		if v < 999.5 {
			return fmt.Sprintf("%.3g%s", v, suffix)
		}
		v /= 1000
	}
	return fmt.Sprintf("%.3gP", v)
}

// clock is a time in at most two units: 9s, 3m 20s, 2h 5m, 4d 6h.
func clock(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm %ds", d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%dh %dm", d/time.Hour, d%time.Hour/time.Minute)
	case d < 100*day:
		return fmt.Sprintf("%dd %dh", d/day, d%day/time.Hour)
	}
	return words.Count(int(d/day), "day")
}

// shorten removes characters from the middle of a cell's name, because its stage and its last
// coordinates are the most informative.
func shorten(name string, width int) string {
	if uniseg.StringWidth(name) <= width {
		return name
	}
	var parts []string
	for g := uniseg.NewGraphemes(name); g.Next(); {
		parts = append(parts, g.Str())
	}
	head, tail := "", ""
	for i, j := 0, len(parts)-1; i <= j; {
		next := parts[i]
		fromTail := uniseg.StringWidth(tail)*2 < uniseg.StringWidth(head)
		if fromTail {
			next = parts[j]
		}
		if uniseg.StringWidth(head+next+tail)+1 > width {
			break
		}
		if fromTail {
			tail = next + tail
			j--
		} else {
			head += next
			i++
		}
	}
	return head + "…" + tail
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
