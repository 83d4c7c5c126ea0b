package render

import (
	"io"
	"regexp"
	"slices"
	"strings"

	"foil/internal/report/grid"
)

// Markdown writes the report as GitHub's Markdown.
func Markdown(w io.Writer, r *grid.Report) error {
	var b strings.Builder
	if r.Title != "" {
		b.WriteString("# " + escapeMarkdown(r.Title) + "\n\n")
	}
	for _, t := range r.Printed() {
		b.WriteString("## " + escapeMarkdown(t.Title) + "\n\n")
		if len(t.Rows) > 0 {
			markdownTable(&b, t)
		}
		for _, line := range bold.caption(t.Caption) {
			b.WriteString(escapeMarkdown(line) + "\n")
		}
		b.WriteString("\n")
		for _, d := range t.Below() {
			markdownDifferences(&b, d)
		}
	}
	if r.Expected != nil {
		markdownExpected(&b, r.Expected)
	}
	b.WriteString("## " + escapeMarkdown(r.Terms.Title) + "\n\n")
	for _, t := range r.Terms.List {
		b.WriteString("- " + escapeMarkdown(t.Title) + ": " + escapeMarkdown(t.Text) + "\n")
	}
	if len(r.Notes) > 0 {
		b.WriteString("\n## Notes\n\n")
		for _, note := range r.Notes {
			b.WriteString("- " + escapeMarkdown(note) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownTable(b *strings.Builder, t grid.Table) {
	heads := escaped(append(t.Labels[:len(t.Labels):len(t.Labels)], headings(t)...), escapeMarkdown)
	writeMarkdownRow(b, heads)
	for _, side := range labelSides(t) {
		if side == right {
			b.WriteString("| ---: ")
		} else {
			b.WriteString("| --- ")
		}
	}
	b.WriteString(strings.Repeat("| ---: ", len(t.Columns)) + "|\n")
	for _, row := range t.Rows {
		writeMarkdownRow(b, append(escaped(row.Labels, escapeMarkdown), markdownNumbers(row)...))
	}
	for _, row := range t.Baselines {
		labels := make([]string, len(t.Labels)) // Markdown has no cells that span columns
		labels[0] = "*" + escapeMarkdown(row.Labels[0]) + "*"
		writeMarkdownRow(b, append(labels, markdownNumbers(row)...))
	}
	b.WriteString("\n")
}

// markdownDifferences writes one table for all columns.
func markdownDifferences(b *strings.Builder, d *grid.Differences) {
	if d.Many != "" {
		b.WriteString(escapeMarkdown(d.Many) + "\n\n")
		return
	}
	b.WriteString("### " + escapeMarkdown(d.Title) + "\n\n")
	heads := short(d, d.Heads)
	writeMarkdownRow(b, escaped(slices.Concat([]string{"column"}, d.Labels, heads), escapeMarkdown))
	b.WriteString("| --- " + strings.Repeat("| --- ", len(d.Labels)) + strings.Repeat("| ---: ", len(heads)) + "|\n")
	for _, g := range d.Groups {
		for _, l := range g.Lines {
			cells := short(d, l.Cells) // numbers: a sign at the beginning is no markup there
			for i, c := range cells {
				cells[i] = markdownSpecial.ReplaceAllString(c, `\$0`)
			}
			if l.Mark.Has(grid.Differs) {
				cells[0] += dagger
			}
			writeMarkdownRow(b, append(escaped(append([]string{g.Title}, l.Labels...), escapeMarkdown), cells...))
		}
	}
	b.WriteString("\n")
}

func markdownNumbers(row grid.Row) []string {
	cells := make([]string, len(row.Numbers))
	for i, n := range row.Numbers {
		switch n.State {
		case grid.Missing:
			cells[i] = "–"
		case grid.Present:
			cells[i] = markdownNumber(n)
		}
	}
	return cells
}

func markdownNumber(n grid.Number) string {
	if n.Mean == "" {
		return oddText(n.Odd)
	}
	s := n.Mean
	if n.Spread != "" {
		s += " ± " + n.Spread
	}
	if n.Mark.Has(grid.Best) {
		s = "**" + s + "**"
	}
	if n.Mark.Has(grid.Differs) {
		s += dagger
	}
	if n.N != "" {
		s += " (n = " + n.N + ")"
	}
	if len(n.Odd) > 0 {
		s += ", " + oddText(n.Odd)
	}
	return s
}

func writeMarkdownRow(b *strings.Builder, cells []string) {
	for _, c := range cells {
		b.WriteString("| ")
		if c != "" {
			b.WriteString(c + " ")
		}
	}
	b.WriteString("|\n")
}

var (
	markdownSpecial = regexp.MustCompile("[\\\\`*_\\[\\]<>&|~$]")
	markdownStart   = regexp.MustCompile(`^([#+=-])`)
	markdownOrdinal = regexp.MustCompile(`^([0-9]+)([.)] )`)
)

// escapeMarkdown prevents text from being read as markup. CommonMark allows a backslash before any
// punctuation.
func escapeMarkdown(s string) string {
	s = markdownSpecial.ReplaceAllString(s, `\$0`)
	s = markdownStart.ReplaceAllString(s, `\$1`)
	return markdownOrdinal.ReplaceAllString(s, `$1\$2`)
}
