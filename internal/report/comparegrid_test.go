package report

import (
	"slices"
	"testing"

	"foil/internal/report/grid"
)

// The number of pairs is a column only where it differs between rows or columns.
func TestEqualNumbersOfPairsAreInTheTitle(t *testing.T) {
	group := func(pairs ...string) grid.DifferenceGroup {
		var g grid.DifferenceGroup
		for _, p := range pairs {
			g.Lines = append(g.Lines, grid.Difference{Cells: []string{"0.1", p}})
		}
		return g
	}
	for _, c := range []struct {
		name   string
		groups []grid.DifferenceGroup
		title  string
		short  []bool
	}{
		{"equal", []grid.DifferenceGroup{group("397", "397"), group("397")}, "Differences, 397 pairs each", []bool{true, false}},
		{"one", []grid.DifferenceGroup{group("5")}, "Differences, 5 pairs each", []bool{true, false}},
		{"rows differ", []grid.DifferenceGroup{group("397", "200")}, "Differences", []bool{true, true}},
		{"columns differ", []grid.DifferenceGroup{group("600", "600"), group("3", "3")}, "Differences", []bool{true, true}},
	} {
		d := &grid.Differences{Title: "Differences", Heads: []string{"difference", "pairs"}, Short: []bool{true, true}, Groups: c.groups}
		if shortenPairs(d); d.Title != c.title || !slices.Equal(d.Short, c.short) {
			t.Errorf("%s: %q, %v", c.name, d.Title, d.Short)
		}
	}
}
