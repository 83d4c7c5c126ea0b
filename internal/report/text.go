package report

import (
	"io"
	"strings"

	"github.com/rivo/uniseg"
)

const (
	textWidth = 100 // wider tables go on below
	proseWide = 88
)

// Text writes the report for a terminal: aligned columns, the best marked with
// a star, no escape sequences, since it is kept in a file as well.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	writeTitle(&b, r.Title)
	for _, t := range r.Tables {
		b.WriteString(t.Title + "\n\n")
		if len(t.Rows) > 0 {
			r.textTable(&b, t)
		}
		for _, line := range r.caption(t, "* best of its column.") {
			writeWrapped(&b, line, "")
		}
		b.WriteString("\n")
	}
	writeTerms(&b, "Columns", r.terms())
	writeNotes(&b, r.Notes)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeTitle(b *strings.Builder, title string) {
	if title != "" {
		b.WriteString(title + "\n" + strings.Repeat("=", width(title)) + "\n\n")
	}
}

func writeTerms(b *strings.Builder, head string, terms []term) {
	b.WriteString(head + "\n")
	for _, t := range terms {
		writeWrapped(b, t.Title+": "+t.Text, "  ")
	}
}

func writeNotes(b *strings.Builder, notes []string) {
	if len(notes) > 0 {
		b.WriteString("\nNotes\n")
		for _, note := range notes {
			writeWrapped(b, note, "  ")
		}
	}
}

// A textColumn is a column ready to print: all cells of one width, the head
// in as many lines as it needs.
type textColumn struct {
	head  []string
	cells []string
	width int
}

func (r *Report) textTable(b *strings.Builder, t Table) {
	label := t.textLabels()
	columns := make([]textColumn, len(r.Columns))
	for i := range columns {
		columns[i] = r.textColumn(t, i)
	}
	for len(columns) > 0 {
		n, wide := 0, label.width
		for n < len(columns) && (n == 0 || wide+2+columns[n].width <= textWidth) {
			wide += 2 + columns[n].width
			n++
		}
		writeBlock(b, append([]textColumn{label}, columns[:n]...), len(t.Rows), wide)
		columns = columns[n:]
		b.WriteString("\n")
	}
}

// textLabels is the column that names rows. A grid's axes share it, so that a
// baseline's name can run across them.
func (t Table) textLabels() textColumn {
	heads := t.labelHeads()
	wide := make([]int, len(heads))
	for i, h := range heads {
		wide[i] = width(h)
		for _, row := range t.Rows {
			wide[i] = max(wide[i], width(t.labels(row)[i]))
		}
	}
	line := func(parts []string) string {
		for i := range parts {
			if len(t.Grid) > 0 {
				parts[i] = padLeft(parts[i], wide[i])
			}
		}
		return strings.Join(parts, "  ")
	}
	c := textColumn{head: []string{line(heads)}}
	for _, row := range t.Rows {
		c.cells = append(c.cells, line(t.labels(row)))
	}
	for _, row := range t.Baselines {
		c.cells = append(c.cells, row.Name)
	}
	return c.pad(padRight)
}

// textColumn lines the means up at their last digit and starts deviations and
// marks in one place.
func (r *Report) textColumn(t Table, i int) textColumn {
	var means, rests []string
	add := func(rows []Row, none string) {
		for _, row := range rows {
			e := row.Entries[i]
			if e.N == 0 {
				means, rests = append(means, none), append(rests, "")
				continue
			}
			x := read(e, r.Columns[i].Digits, t.N[i])
			rest := ""
			if x.sd != "" {
				rest = " ± " + x.sd
			}
			if e.Best {
				rest += "*"
			}
			if x.n != "" {
				rest += " (n=" + x.n + ")"
			}
			means, rests = append(means, x.mean), append(rests, rest)
		}
	}
	add(t.Rows, "–")
	add(t.Baselines, "")
	left, right := widest(means), widest(rests)
	c := textColumn{}
	for j := range means {
		c.cells = append(c.cells, padLeft(means[j], left)+padRight(rests[j], right))
	}
	c.head = wrap(r.Columns[i].heading(), max(left+right, 8))
	return c.pad(padLeft)
}

// pad gives head and cells one width.
func (c textColumn) pad(side func(string, int) string) textColumn {
	c.width = max(widest(c.head), widest(c.cells))
	for i := range c.head {
		c.head[i] = side(c.head[i], c.width)
	}
	for i := range c.cells {
		c.cells[i] = side(c.cells[i], c.width)
	}
	return c
}

// writeBlock writes columns side by side, with a rule under the heads and
// one between models and baselines.
func writeBlock(b *strings.Builder, columns []textColumn, models, wide int) {
	lines := 0
	for _, c := range columns {
		lines = max(lines, len(c.head))
	}
	write := func(cell func(c textColumn) string) {
		var parts []string
		for _, c := range columns {
			parts = append(parts, padRight(cell(c), c.width))
		}
		b.WriteString(strings.TrimRight(strings.Join(parts, "  "), " ") + "\n")
	}
	for l := range lines {
		write(func(c textColumn) string {
			if i := l - (lines - len(c.head)); i >= 0 { // heads stand on the rule
				return c.head[i]
			}
			return ""
		})
	}
	for i := range columns[0].cells {
		if i == 0 || i == models {
			b.WriteString(strings.Repeat("-", wide) + "\n")
		}
		write(func(c textColumn) string { return c.cells[i] })
	}
}

// width is the number of terminal columns that s takes.
func width(s string) int { return uniseg.StringWidth(s) }

func widest(all []string) int {
	w := 0
	for _, s := range all {
		w = max(w, width(s))
	}
	return w
}

func padLeft(s string, w int) string  { return strings.Repeat(" ", max(0, w-width(s))) + s }
func padRight(s string, w int) string { return s + strings.Repeat(" ", max(0, w-width(s))) }

// wrap breaks s between words; a word that is wider than w stays whole, and an
// arrow stays with the word before it.
func wrap(s string, w int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case word == "↑" || word == "↓" || width(line)+1+width(word) <= w:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

func writeWrapped(b *strings.Builder, s, indent string) {
	for i, line := range wrap(s, proseWide-len(indent)) {
		b.WriteString(indent)
		if i > 0 {
			b.WriteString(indent)
		}
		b.WriteString(line + "\n")
	}
}
