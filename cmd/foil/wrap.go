package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// wrapped breaks a text at the width of a terminal. Elsewhere the text stays as it is, because
// programs read it.
func wrapped(out io.Writer, text string) string {
	f, ok := terminal(out)
	if !ok {
		return text
	}
	width, _ := sizeOf(f)
	return wrapText(text, width, "  ")
}

// sayf prints text for people, broken at the width of a terminal.
func sayf(out io.Writer, format string, args ...any) {
	io.WriteString(out, wrapped(out, fmt.Sprintf(format, args...)))
}

// wrapText breaks lines at spaces, so that they are shorter than a terminal of the given width. The
// rest of a line is indented. Words that are too long stay whole, so that paths can be copied, and
// so do lines with a path only and what programs have printed: see quoteIndent and pathLine.
func wrapText(text string, width int, indent string) string {
	lines := strings.Split(text, "\n")
	quoted := margin(lines[0]) + quoteIndent
	for i := 0; i < len(lines); i++ {
		if i+1 < len(lines) && sourceLine.MatchString(lines[i]) && caretLine.MatchString(lines[i+1]) {
			lines[i], lines[i+1] = fitSource(lines[i], lines[i+1], width)
			i++
			continue
		}
		if margin(lines[i]) < quoted && !pathLine.MatchString(lines[i]) {
			lines[i] = wrapLine(lines[i], width, indent)
		}
	}
	return strings.Join(lines, "\n")
}

// quoteIndent is by how much the output of a program is indented within a message. Its lines are
// not broken: in a traceback, the beginnings of lines have a meaning.
const quoteIndent = 4

// pathLine is a line with a path behind a few words. A terminal that is too narrow goes on with such
// a line in the next one, and can copy it as one.
var pathLine = regexp.MustCompile(`^ *(?:log|log of .*|report|ran in): `)

func margin(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

func wrapLine(line string, width int, indent string) string {
	if uniseg.StringWidth(line) < width || width <= 2*len(indent) {
		return line
	}
	start := line[:margin(line)]
	var b strings.Builder
	b.WriteString(start)
	column := len(start)
	for i, word := range unbroken(line[len(start):]) {
		w := uniseg.StringWidth(word)
		switch {
		case i == 0:
		case column+1+w >= width && column > len(start)+len(indent):
			b.WriteString("\n" + start + indent)
			column = len(start) + len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += w
	}
	return b.String()
}

// sizeUnit is the unit behind a number of bytes.
var sizeUnit = regexp.MustCompile(`^[kMGT]?B\b`)

// unbroken are the parts of a line that are not broken: words, and sizes with their units.
func unbroken(line string) (parts []string) {
	for _, word := range strings.Split(line, " ") {
		if n := len(parts); n > 0 && sizeUnit.MatchString(word) {
			parts[n-1] += " " + word
		} else {
			parts = append(parts, word)
		}
	}
	return parts
}

// An error in a spec shows a line of it and a caret below its column.
var (
	sourceLine = regexp.MustCompile(`^ *\d+ \| `)
	caretLine  = regexp.MustCompile(`^ +\| \s*\^$`)
)

// fitSource cuts a source line and the caret below it to the part around the caret.
func fitSource(source, caret string, width int) (string, string) {
	head := sourceLine.FindString(source)
	text := []rune(source[len(head):])
	column := max(len([]rune(caret))-len([]rune(head))-1, 0)
	room := width - 1 - len(head)
	if uniseg.StringWidth(source) < width || room < 4 {
		return source, caret
	}
	first := min(max(column-room*2/3, 0), max(len(text)-room, 0))
	last := min(first+room, len(text))
	shown := slices.Clone(text[first:last])
	if first > 0 {
		shown[0] = '…'
	}
	if last < len(text) {
		shown[len(shown)-1] = '…'
	}
	mark := []rune(caret[len(head):])[first:]
	return head + string(shown), caret[:len(head)] + string(mark)
}
