package report

import (
	"io"
	"regexp"
	"strings"
)

// Markdown writes the report as GitHub's Markdown.
func (r *Report) Markdown(w io.Writer) error {
	var b strings.Builder
	if r.Title != "" {
		b.WriteString("# " + escapeMarkdown(r.Title) + "\n\n")
	}
	for _, t := range r.Tables {
		b.WriteString("## " + escapeMarkdown(t.Title) + "\n\n")
		if len(t.Rows) > 0 {
			r.markdownTable(&b, t)
		}
		for _, line := range r.caption(t, "Best in bold.") {
			b.WriteString(escapeMarkdown(line) + "\n")
		}
		b.WriteString("\n")
	}
	b.WriteString("## Columns\n\n")
	for _, c := range r.Columns {
		b.WriteString("- " + escapeMarkdown(c.Title) + ": " + escapeMarkdown(c.describe()) + "\n")
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

func (r *Report) markdownTable(b *strings.Builder, t Table) {
	heads := t.labelHeads()
	rule := strings.Repeat("| --- ", len(heads)) + strings.Repeat("| ---: ", len(r.Columns)) + "|"
	for _, c := range r.Columns {
		heads = append(heads, c.heading())
	}
	for i := range heads {
		heads[i] = escapeMarkdown(heads[i])
	}
	writeMarkdownRow(b, heads)
	b.WriteString(rule + "\n")
	for _, row := range t.Rows {
		cells := t.labels(row)
		for i := range cells {
			cells[i] = escapeMarkdown(cells[i])
		}
		for i, e := range row.Entries {
			cells = append(cells, r.markdownEntry(t, i, e, "–"))
		}
		writeMarkdownRow(b, cells)
	}
	for _, row := range t.Baselines {
		cells := make([]string, len(t.labelHeads()))
		cells[0] = "*" + escapeMarkdown(row.Name) + "*"
		for i, e := range row.Entries {
			cells = append(cells, r.markdownEntry(t, i, e, ""))
		}
		writeMarkdownRow(b, cells)
	}
	b.WriteString("\n")
}

func (r *Report) markdownEntry(t Table, i int, e Entry, none string) string {
	if e.N == 0 {
		return none
	}
	x := read(e, r.Columns[i].Digits, t.N[i])
	s := x.mean
	if x.sd != "" {
		s += " ± " + x.sd
	}
	if e.Best {
		s = "**" + s + "**"
	}
	if x.n != "" {
		s += " (n = " + x.n + ")"
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
	markdownNumber  = regexp.MustCompile(`^([0-9]+)([.)] )`)
)

// escapeMarkdown keeps text from being read as markup; CommonMark allows a
// backslash before any punctuation.
func escapeMarkdown(s string) string {
	s = markdownSpecial.ReplaceAllString(s, `\$0`)
	s = markdownStart.ReplaceAllString(s, `\$1`)
	return markdownNumber.ReplaceAllString(s, `$1\$2`)
}
