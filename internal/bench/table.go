package bench

import (
	"fmt"
	"strings"
)

// Markdown makes a table of rows, the first of which is the head. It is aligned
// to the right, so that it reads well as text, too.
func Markdown(rows [][]string) string {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	var b strings.Builder
	for r, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(&b, "| %*s ", width[i], cell)
		}
		b.WriteString("|\n")
		if r == 0 {
			for _, w := range width {
				fmt.Fprintf(&b, "| %s: ", strings.Repeat("-", w-1))
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}

// Mebibytes formats the memory of a process, if it is known.
func Mebibytes(bytes int64) string {
	if bytes == 0 {
		return "not known"
	}
	return fmt.Sprint(bytes >> 20)
}
