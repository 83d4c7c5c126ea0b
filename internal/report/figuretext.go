package report

import (
	"io"
	"strings"
)

// Text writes the figures for a terminal: for each a table of its lines at some k.
func (r *Figures) Text(w io.Writer) error {
	var b strings.Builder
	writeTitle(&b, r.Title)
	for _, f := range r.Figures {
		title := f.Title
		if f.Y != "" {
			title += ": " + f.Y
		}
		b.WriteString(title + "\n\n")
		if n := f.byLine(r.Over); len(n.table.Rows) > 0 {
			n.report.textTable(&b, n.table)
		}
		for _, line := range r.caption(f) {
			writeWrapped(&b, line, "")
		}
		b.WriteString("\n")
	}
	writeTerms(&b, "Lines", r.terms())
	writeNotes(&b, r.Notes)
	_, err := io.WriteString(w, b.String())
	return err
}
