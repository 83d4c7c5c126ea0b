package main

import (
	"io"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// writeTable prints rows in aligned columns, two spaces apart. The columns with the given numbers
// are aligned to the right. The last column of a row is not filled with spaces; on a terminal, it is
// broken between words where it is too long.
func writeTable(out io.Writer, indent string, rows [][]string, right ...int) {
	var widths []int
	for _, row := range rows {
		for i, text := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(text))
		}
	}
	var b strings.Builder
	screen, isTerminal := terminal(out)
	for _, row := range rows {
		line := indent
		for i, text := range row {
			if i > 0 {
				line += "  "
			}
			room := strings.Repeat(" ", widths[i]-uniseg.StringWidth(text))
			switch {
			case slices.Contains(right, i):
				line += room + text
			case i == len(row)-1 && isTerminal:
				width, _ := sizeOf(screen)
				line = lastColumn(line, text, width)
			default:
				line += text + room
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	io.WriteString(out, b.String())
}

// lastColumn adds the last column to a line. Where the terminal has no room for it there, it begins
// below.
func lastColumn(line, text string, width int) string {
	const smallest = 24
	column := uniseg.StringWidth(line)
	if column+uniseg.StringWidth(text) < width {
		return line + text
	}
	if column > width-smallest {
		return strings.TrimRight(line, " ") + "\n" + fill(strings.Fields(text), "      ", "      ", width)
	}
	return fill(strings.Fields(text), line, strings.Repeat(" ", column), width)
}
