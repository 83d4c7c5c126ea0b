package render

import (
	"io"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"foil/internal/report/grid"
)

const (
	textWidth  = 79 // of a table; the columns that do not fit follow below
	proseWidth = 79 // of captions, terms and notes

	columnGap = "  "
)

// textSigns are the marks after a number.
var textSigns = signs{grid.Best: "* ", grid.Differs: dagger + " "}

// Text writes the report for a terminal: aligned columns, the best numbers with a star, no escape
// sequences, because the text is also kept in a file.
func Text(w io.Writer, r *grid.Report) error {
	var b strings.Builder
	if r.Title != "" {
		b.WriteString(r.Title + "\n" + strings.Repeat("=", width(r.Title)) + "\n\n")
	}
	for _, t := range r.Printed() {
		b.WriteString(t.Title + "\n\n")
		if len(t.Rows) > 0 {
			writeTable(&b, t)
		}
		for _, line := range textSigns.caption(t.Caption) {
			writeWrapped(&b, line, "")
		}
		b.WriteString("\n")
		for _, d := range t.Below() {
			writeDifferences(&b, d)
		}
	}
	if r.Expected != nil {
		textExpected(&b, r.Expected)
	}
	b.WriteString(r.Terms.Title + "\n")
	for _, t := range r.Terms.List {
		writeWrapped(&b, t.Title+": "+t.Text, "  ")
	}
	if len(r.Notes) > 0 {
		b.WriteString("\nNotes\n")
		for _, note := range r.Notes {
			writeWrapped(&b, note, "  ")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// A textColumn is a column ready to print: all cells of one width, the head in as many lines as it
// needs.
type textColumn struct {
	head  []string
	cells []string
	width int
}

// writeTable writes as many columns side by side as the width allows, then the next ones below.
func writeTable(b *strings.Builder, t grid.Table) {
	labels := textLabels(t)
	columns := make([]textColumn, len(t.Columns))
	fill := func(plusMinus string) (fits bool) {
		for i := range columns {
			columns[i] = textNumbers(t, i, plusMinus)
		}
		return columnsThatFit(labels, columns, textWidth) == len(columns)
	}
	if !fill(" ± ") && !fill("±") {
		fill(" ± ") // in several blocks
	}
	writeColumns(b, labels, columns, len(t.Rows))
}

// writeColumns writes columns beside the labels, and those that do not fit below.
func writeColumns(b *strings.Builder, labels textColumn, columns []textColumn, models int) {
	for len(columns) > 0 {
		n := columnsThatFit(labels, columns, textWidth)
		writeBlock(b, append([]textColumn{labels}, columns[:n]...), models)
		columns = columns[n:]
		b.WriteString("\n")
	}
}

// columnsThatFit is how many columns there is room for beside the labels, at least one.
func columnsThatFit(labels textColumn, columns []textColumn, room int) (n int) {
	wide := labels.width
	for n < len(columns) && (n == 0 || wide+len(columnGap)+columns[n].width <= room) {
		wide += len(columnGap) + columns[n].width
		n++
	}
	return n
}

// textLabels is the column that names rows. All axes share it, so that the name of a baseline can
// span them.
func textLabels(t grid.Table) textColumn {
	wide := make([]int, len(t.Labels))
	for i, head := range t.Labels {
		wide[i] = width(head)
		for _, row := range t.Rows {
			wide[i] = max(wide[i], width(row.Labels[i]))
		}
	}
	sides := labelSides(t)
	line := func(labels []string) string {
		parts := slices.Clone(labels)
		for i := range parts {
			if sides[i] == right {
				parts[i] = padLeft(parts[i], wide[i])
			} else {
				parts[i] = padRight(parts[i], wide[i])
			}
		}
		return strings.Join(parts, columnGap)
	}
	c := textColumn{head: []string{line(t.Labels)}}
	for _, row := range t.Rows {
		c.cells = append(c.cells, line(row.Labels))
	}
	for _, row := range t.Baselines {
		c.cells = append(c.cells, row.Labels[0])
	}
	return c.pad(padRight)
}

// textNumbers is column i. Means are aligned at their last digit, deviations and marks at their
// first character.
func textNumbers(t grid.Table, i int, plusMinus string) textColumn {
	var means, rests []string
	for _, row := range append(t.Rows[:len(t.Rows):len(t.Rows)], t.Baselines...) {
		mean, rest := textNumber(row.Numbers[i], plusMinus)
		means, rests = append(means, mean), append(rests, rest)
	}
	left, right := widest(means), widest(rests)
	c := textColumn{}
	for j := range means {
		c.cells = append(c.cells, padLeft(means[j], left)+padRight(rests[j], right))
	}
	c.head = wrap(t.Columns[i].Heading(), max(left+right, 8))
	return c.pad(padLeft)
}

func textNumber(n grid.Number, plusMinus string) (mean, rest string) {
	switch n.State {
	case grid.Blank:
		return "", ""
	case grid.Missing:
		return "–", ""
	}
	odd := strings.ReplaceAll(oddText(n.Odd), "n = ", "n=")
	if n.Mean == "" {
		mean, rest, _ = strings.Cut(odd, " ")
		if rest != "" {
			rest = " " + rest
		}
		return mean, rest
	}
	if n.Spread != "" {
		rest = plusMinus + n.Spread
	}
	if n.Mark.Has(grid.Best) {
		rest += "*"
	}
	if n.Mark.Has(grid.Differs) {
		rest += dagger
	}
	if n.N != "" {
		rest += " (n=" + n.N + ")"
	}
	if odd != "" {
		rest += ", " + odd
	}
	return n.Mean, rest
}

// writeDifferences writes a block for all columns of a table. Each has a line of its own above its
// differences.
func writeDifferences(b *strings.Builder, d *grid.Differences) {
	if d.Many != "" {
		writeWrapped(b, d.Many, "")
		b.WriteString("\n")
		return
	}
	b.WriteString(d.Title + "\n\n")
	wide := make([]int, len(d.Labels))
	for i, head := range d.Labels {
		wide[i] = width(head)
	}
	for _, g := range d.Groups {
		for _, l := range g.Lines {
			for i, label := range l.Labels {
				wide[i] = max(wide[i], width(label))
			}
		}
	}
	named := func(labels []string) string {
		parts := make([]string, len(labels))
		for i, label := range labels {
			parts[i] = padRight(label, wide[i])
		}
		return columnGap + strings.Join(parts, columnGap)
	}
	labels := textColumn{head: []string{named(d.Labels)}}
	columns := make([]textColumn, len(short(d, d.Heads)))
	for i, head := range short(d, d.Heads) {
		columns[i].head = []string{head}
	}
	for _, g := range d.Groups {
		labels.cells = append(labels.cells, g.Title)
		for i := range columns {
			columns[i].cells = append(columns[i].cells, "")
		}
		for _, l := range g.Lines {
			labels.cells = append(labels.cells, named(l.Labels))
			for i, c := range short(d, l.Cells) {
				switch {
				case i == 0 && l.Mark.Has(grid.Differs):
					c += dagger
				case i == 0:
					c += " "
				}
				columns[i].cells = append(columns[i].cells, c)
			}
		}
	}
	for i := range columns {
		columns[i] = columns[i].pad(padLeft)
	}
	writeColumns(b, labels.pad(padRight), columns, len(labels.cells))
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

// writeBlock writes columns side by side, with a rule under the heads and one between models and
// baselines.
func writeBlock(b *strings.Builder, columns []textColumn, models int) {
	lines := 0
	for _, c := range columns {
		lines = max(lines, len(c.head))
	}
	var rules []string
	for _, c := range columns {
		rules = append(rules, strings.Repeat("-", c.width))
	}
	write := func(cell func(c textColumn) string) {
		var parts []string
		for _, c := range columns {
			parts = append(parts, padRight(cell(c), c.width))
		}
		b.WriteString(strings.TrimRight(strings.Join(parts, columnGap), " ") + "\n")
	}
	for l := range lines {
		write(func(c textColumn) string {
			if i := l - (lines - len(c.head)); i >= 0 { // the last lines of all heads are on the rule
				return c.head[i]
			}
			return ""
		})
	}
	for i := range columns[0].cells {
		if i == 0 || i == models {
			b.WriteString(strings.Join(rules, columnGap) + "\n") // see Fit
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

// wrap breaks s between words. A word that is wider than w stays whole, and an arrow stays with the
// word before it.
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
	for i, line := range wrap(s, proseWidth-2*len(indent)) {
		b.WriteString(indent)
		if i > 0 {
			b.WriteString(indent)
		}
		b.WriteString(line + "\n")
	}
}
