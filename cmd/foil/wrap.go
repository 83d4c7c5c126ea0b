package main

import (
	"fmt"
	"io"
	"regexp"
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
// rest of a line is indented. Words that are too long stay whole, so that paths can be copied.
func wrapText(text string, width int, indent string) string {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if i+1 < len(lines) && sourceLine.MatchString(lines[i]) && caretLine.MatchString(lines[i+1]) {
			lines[i], lines[i+1] = fitSource(lines[i], lines[i+1], width)
			i++
			continue
		}
		lines[i] = wrapLine(lines[i], width, indent)
	}
	return strings.Join(lines, "\n")
}

func wrapLine(line string, width int, indent string) string {
	if uniseg.StringWidth(line) < width || width <= 2*len(indent) {
		return line
	}
	start := line[:len(line)-len(strings.TrimLeft(line, " "))]
	var b strings.Builder
	b.WriteString(start)
	column := len(start)
	for i, word := range strings.Split(line[len(start):], " ") {
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
	text = text[first:]
	text = text[:min(len(text), room)]
	mark := []rune(caret[len(head):])[first:]
	return head + string(text), caret[:len(head)] + string(mark)
}
