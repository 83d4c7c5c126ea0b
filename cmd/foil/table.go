package main

import (
	"io"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// writeTable prints rows in aligned columns, two spaces apart. The columns with the given numbers
// are aligned to the right. The last column of a row is not filled with spaces.
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
	for _, row := range rows {
		line := indent
		for i, text := range row {
			if i > 0 {
				line += "  "
			}
			fill := strings.Repeat(" ", widths[i]-uniseg.StringWidth(text))
			if slices.Contains(right, i) {
				line += fill + text
			} else {
				line += text + fill
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	io.WriteString(out, b.String())
}
