package report

import (
	"slices"
	"strings"

	"foil/internal/report/grid"
)

// A part is a column or row of a table, or a line or series of a figure, with the cells that its
// numbers are from.
type part struct {
	title string
	cells []Cell
}

// cellNotes are the notes of the cells, for a caption. A note that is not true of all parts or rows
// names them. rows are the rows of a table, with the cells of the parts that have these titles.
func cellNotes(parts []part, rows func(titles []string) []part) []grid.Note {
	var notes []grid.Note
	byPart, n := byNote(parts)
	for _, g := range byPart {
		text := clean(g.text)
		if len(g.titles) < n {
			text = strings.Join(g.titles, ", ") + ": " + text
		}
		byRow, n := byNote(rows(g.titles))
		if i := slices.IndexFunc(byRow, func(r group) bool { return r.text == g.text }); i >= 0 && len(byRow[i].titles) < n {
			text += " This is true of the rows " + strings.Join(byRow[i].titles, ", ") + "."
		}
		notes = append(notes, grid.Note{Text: text})
	}
	return notes
}

// byNote lists the parts with each note, and counts the parts that have numbers.
func byNote(parts []part) (groups []group, n int) {
	for _, p := range parts {
		if len(p.cells) == 0 {
			continue
		}
		n++
		var seen []string
		for _, c := range p.cells {
			for _, note := range c.Notes {
				if !slices.Contains(seen, note) {
					seen = append(seen, note)
					groups = grouping(groups, note, p.title)
				}
			}
		}
	}
	return groups, n
}

// cellNotes are the notes of the cells behind a table.
func (r *Tables) cellNotes(t Table) []grid.Note {
	columns := make([]part, len(r.Columns))
	for i, c := range r.Columns {
		columns[i].title = c.Title
		for _, row := range t.Rows {
			columns[i].cells = append(columns[i].cells, row.Entries[i].cells()...)
		}
	}
	return cellNotes(columns, func(titles []string) []part {
		rows := make([]part, len(t.Rows))
		for j, row := range t.Rows {
			rows[j].title = strings.Join(t.labels(row), ", ")
			for i, e := range row.Entries {
				if slices.Contains(titles, r.Columns[i].Title) {
					rows[j].cells = append(rows[j].cells, e.cells()...)
				}
			}
		}
		return rows
	})
}

// cellNotes are the notes of the cells behind a figure.
func (f Figure) cellNotes() []grid.Note {
	var parts []part
	for _, l := range f.Lines {
		p := part{title: l.Name}
		for _, point := range l.Points {
			p.cells = append(p.cells, point.cells()...)
			if point.On != nil {
				p.cells = append(p.cells, point.On.cells()...)
			}
		}
		parts = append(parts, p)
	}
	for _, s := range f.Series {
		p := part{title: s.Name}
		for _, spot := range s.Points {
			p.cells = append(p.cells, slices.Concat(spot.X.cells(), spot.Y.cells())...)
		}
		parts = append(parts, p)
	}
	return cellNotes(parts, func([]string) []part { return nil })
}
