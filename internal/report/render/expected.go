package render

import (
	"slices"
	"strings"

	"foil/internal/report/grid"
)

// textExpected writes the expected values for a terminal. The texts before the first number name a
// value, so they are one column, which stands in every block.
func textExpected(b *strings.Builder, e *grid.Expected) {
	b.WriteString(e.Title + "\n\n")
	names := slices.IndexFunc(e.Heads, func(h grid.Head) bool { return h.Number })
	columns := make([]textColumn, len(e.Heads))
	for i, head := range e.Heads {
		side := padRight
		if head.Number {
			side = padLeft
		}
		columns[i].head = []string{head.Title}
		for _, line := range e.Lines {
			columns[i].cells = append(columns[i].cells, line.Cells[i])
		}
		columns[i] = columns[i].pad(side)
	}
	labels := columns[0]
	for _, c := range columns[1:names] {
		labels.head[0] += "  " + c.head[0]
		for i := range labels.cells {
			labels.cells[i] += "  " + c.cells[i]
		}
		labels.width += 2 + c.width
	}
	writeColumns(b, labels, columns[names:], len(e.Lines))
	writeWrapped(b, e.Summary, "")
	for _, note := range e.Notes {
		writeWrapped(b, note, "")
	}
	b.WriteString("\n")
}

// markdownExpected writes the expected values as a table. Values that are not met are bold.
func markdownExpected(b *strings.Builder, e *grid.Expected) {
	b.WriteString("## " + escapeMarkdown(e.Title) + "\n\n")
	var heads []string
	rule := ""
	for _, head := range e.Heads {
		heads = append(heads, escapeMarkdown(head.Title))
		if head.Number {
			rule += "| ---: "
		} else {
			rule += "| --- "
		}
	}
	writeMarkdownRow(b, heads)
	b.WriteString(rule + "|\n")
	for _, line := range e.Lines {
		cells := escaped(line.Cells, escapeMarkdown)
		if line.Missed {
			for i, c := range cells {
				cells[i] = "**" + c + "**"
			}
		}
		writeMarkdownRow(b, cells)
	}
	b.WriteString("\n" + escapeMarkdown(e.Summary) + "\n")
	for _, note := range e.Notes {
		b.WriteString("\n" + escapeMarkdown(note) + "\n")
	}
	b.WriteString("\n")
}

// expected writes the expected values as a table, with the sources in its caption.
func (l *latex) expected(e *grid.Expected) {
	text := append([]string{e.Title + ".", e.Summary}, e.Notes...)
	align := ""
	var heads []string
	for _, head := range e.Heads {
		heads = append(heads, l.text.escape(head.Title))
		if head.Number {
			align += "r"
		} else {
			align += "l"
		}
	}
	l.line("\n\\begin{table}\n\\centering")
	l.line("\\caption{" + l.text.escape(strings.Join(text, " ")) + "}")
	l.line("\\begin{tabular}{" + align + "}\n\\toprule")
	l.row(heads, nil)
	l.line("\\midrule")
	for _, line := range e.Lines {
		var cells []string
		for i, c := range line.Cells {
			text := l.text.escape(c)
			if e.Heads[i].Number {
				text = l.label(c)
			}
			cells = append(cells, text)
		}
		l.row(cells, nil)
	}
	l.line("\\bottomrule\n\\end{tabular}\n\\end{table}")
}
