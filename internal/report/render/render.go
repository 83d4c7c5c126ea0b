// Package render writes a finished report in the forms that people and programs read: text for a
// terminal, Markdown, LaTeX, CSV and a page of HTML.
//
// The promise: a renderer takes a grid.Report and adds markup. It computes no number and rounds
// none, and no text of a spec can become markup, whatever it holds.
package render

import (
	"strings"

	"foil/internal/report/grid"
)

// signs are how a form shows marks, as captions write them.
type signs map[grid.Mark]string

// caption is the text of notes. A note that explains a mark begins with it.
func (s signs) caption(notes []grid.Note) []string {
	var lines []string
	for _, n := range notes {
		lines = append(lines, s[n.Explains]+n.Text)
	}
	return lines
}

// bold are the signs of forms with bold numbers.
var bold = signs{grid.Best: "Bold: ", grid.Differs: dagger + ": "}

// dagger marks numbers that differ from those of another row.
const dagger = "†"

// oddText lists infinite and undefined values, such as "+Inf (n = 2), NaN (n = 1)".
func oddText(odd []grid.Odd) string {
	var parts []string
	for _, o := range odd {
		text := o.Value
		if o.N != "" {
			text += " (n = " + o.N + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// headings are those of the table's columns.
func headings(t grid.Table) []string {
	all := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		all[i] = c.Heading()
	}
	return all
}

// short leaves out what a form without much space does not show.
func short(d *grid.Differences, cells []string) []string {
	var kept []string
	for i, c := range cells {
		if d.Short[i] {
			kept = append(kept, c)
		}
	}
	return kept
}

func escaped(texts []string, escape func(string) string) []string {
	all := make([]string, len(texts))
	for i, s := range texts {
		all[i] = escape(s)
	}
	return all
}
