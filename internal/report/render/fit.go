package render

import (
	"regexp"
	"strings"

	"github.com/rivo/uniseg"
)

// Fit arranges a text that Text wrote for a terminal that is narrower: columns that do not fit
// follow below, with the names of the rows again, and sentences are broken between words. The file
// with the text stays as it is.
func Fit(text string, terminal int) string {
	room := terminal - 1 // a character in the last column makes some terminals start a line
	var out []string
	lines := strings.Split(text, "\n")
	for len(lines) > 0 {
		n := 0
		for n < len(lines) && lines[n] != "" {
			n++
		}
		if columns := columnsOf(lines[:n]); columns != nil {
			out = append(out, fitTable(lines[:n], columns, room)...)
		} else {
			out = append(out, fitProse(lines[:n], min(room, proseWidth))...)
		}
		if n < len(lines) {
			out = append(out, "")
			n++
		}
		lines = lines[n:]
	}
	return strings.Join(out, "\n")
}

// textRule is the line between the head of a table and its rows. It shows the columns.
var textRule = regexp.MustCompile(`^-+(?:  -+)+$`)

// columnsOf are the widths of the columns of a table, or nil if the lines are no table.
func columnsOf(lines []string) (widths []int) {
	for _, line := range lines {
		if textRule.MatchString(line) {
			for _, dashes := range strings.Fields(line) {
				widths = append(widths, len(dashes))
			}
			return widths
		}
	}
	return nil
}

// fitTable writes as many columns side by side as there is room for, then the next ones below.
func fitTable(lines []string, widths []int, room int) (out []string) {
	columns := make([]textColumn, len(widths))
	head := -1
	for i, line := range lines {
		if head < 0 && textRule.MatchString(line) {
			head = i
		}
		for c := range columns {
			columns[c].width = widths[c]
			cell, rest := cutColumns(line, widths[c])
			columns[c].cells = append(columns[c].cells, cell)
			_, line = cutColumns(rest, len(columnGap))
		}
	}
	labels := columns[0]
	for columns = columns[1:]; len(columns) > 0; {
		if out != nil {
			out = append(out, "")
		}
		n := columnsThatFit(labels, columns, room)
		for i := range lines {
			parts := []string{padRight(labels.cells[i], labels.width)}
			for _, c := range columns[:n] {
				parts = append(parts, padRight(c.cells[i], c.width))
			}
			line := strings.TrimRight(strings.Join(parts, columnGap), " ")
			if line != "" || i > head { // the heads of these columns may take fewer lines
				out = append(out, line)
			}
		}
		columns = columns[n:]
	}
	return out
}

// cutColumns cuts a text behind some terminal columns.
func cutColumns(text string, columns int) (head, rest string) {
	g := uniseg.NewGraphemes(text)
	for used, at := 0, 0; g.Next(); at += len(g.Str()) {
		if used += g.Width(); used > columns {
			return text[:at], text[at:]
		}
	}
	return text, ""
}

// fitProse breaks long lines. It first joins the lines that Text has broken.
func fitProse(lines []string, room int) (out []string) {
	for i := 0; i < len(lines); i++ {
		first := indentOf(lines[i])
		text := strings.TrimSpace(lines[i])
		for i+1 < len(lines) && continues(lines[i], lines[i+1], first) {
			i++
			text += " " + strings.TrimSpace(lines[i])
		}
		if underlines(text) {
			text = text[:min(len(text), room)]
		}
		for j, line := range wrap(text, room-2*len(first)) {
			if j > 0 {
				line = first + line
			}
			out = append(out, first+line)
		}
	}
	return out
}

// continues reports whether a line is the rest of a text whose first line has an indent. The rest of
// an indented text is indented more. Otherwise Text has broken the text if the line above has no
// room for the first word.
func continues(above, line, first string) bool {
	if first != "" {
		return len(indentOf(line)) > len(first)
	}
	word, _, _ := strings.Cut(line, " ")
	return indentOf(line) == "" && !underlines(line) && width(above)+1+width(word) > proseWidth
}

func indentOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " "))] }

// underlines reports whether a line is the one under a title.
func underlines(line string) bool { return line != "" && strings.Trim(line, "=") == "" }
