package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"foil/internal/report/grid"
)

// expectedGrid is the block of expected values; nil if there are none.
func (r *Tables) expectedGrid() *grid.Expected {
	if len(r.Expected) == 0 {
		return nil
	}
	g := &grid.Expected{Title: "Expected values", Summary: Tally(r.Expected).String() + "."}
	var sources []string
	several, runs, singles := false, false, true
	tables := map[string]string{} // by row
	for _, x := range r.Expected {
		if t, ok := tables[x.Row]; ok && t != x.Table {
			several = true // the row alone does not tell which number it is
		}
		tables[x.Row] = x.Table
		runs = runs || x.Runs > 0
		singles = singles && x.count() <= 1
	}
	if several {
		g.Heads = append(g.Heads, grid.Head{Title: "table"})
	}
	g.Heads = append(g.Heads, grid.Head{Title: "row"}, grid.Head{Title: "column"},
		grid.Head{Title: "expected", Number: true}, grid.Head{Title: "found", Number: true}, grid.Head{Title: "difference", Number: true},
		grid.Head{Title: "allowed"}, grid.Head{Title: "met"})
	for _, x := range r.Expected {
		i := slices.Index(sources, x.Source)
		if i < 0 {
			i = len(sources)
			sources = append(sources, x.Source)
		}
		value, found, difference, low, high := x.texts()
		allowed := low + " to " + high
		if x.Runs > 0 {
			allowed += " (" + x.by() + ")"
		}
		line := grid.ExpectedLine{Met: x.Status == Met, Missed: x.Status == Missed}
		if several {
			line.Cells = append(line.Cells, x.Table)
		}
		line.Cells = append(line.Cells, x.Row, x.Column, value+" ["+strconv.Itoa(i+1)+"]", found, difference, allowed, metText[x.Status])
		g.Lines = append(g.Lines, line)
	}
	for i, source := range sources {
		g.Notes = append(g.Notes, "["+strconv.Itoa(i+1)+"] "+strings.TrimSuffix(source, ".")+".")
	}
	for _, x := range r.Expected {
		if x.Why != "" {
			g.Notes = append(g.Notes, x.Row+" "+x.Column+" "+x.Why+".")
		}
	}
	if runs {
		of := "for a mean of as many runs as the number here has cells"
		if singles {
			of = "for one new run"
		}
		g.Notes = append(g.Notes, fmt.Sprintf("After repeated runs, what is allowed is their %.0f %% prediction interval %s (Student's t, from their mean, deviation and number).",
			100*predictionLevel, of))
	}
	return g
}

var metText = map[Status]string{Met: "yes", Missed: "no", Unjudged: "not judged"}

// expectations are the expected values for programs, one per line. ReadExpected reads them.
func (r *Tables) expectations() grid.Data {
	d := grid.Data{Head: expectedHead}
	for _, x := range r.Expected {
		found, difference := "", ""
		if x.N > 0 {
			found, difference = shortest(x.Mean), shortest(x.Mean-x.Value)
		}
		d.Lines = append(d.Lines, []string{x.Table, x.Row, x.Column, shortest(x.Value), found, strconv.Itoa(x.N), difference,
			shortest(x.Low), shortest(x.High), x.by(), string(x.Status), x.Source, x.Sentence()})
	}
	if len(d.Lines) == 0 {
		return grid.Data{}
	}
	return d
}

var expectedHead = []string{"table", "row", "column", "expected", "found", "n", "difference", "low", "high", "by", "result", "source", "sentence"}
