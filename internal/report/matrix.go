package report

import (
	"fmt"
	"math"
	"slices"

	"foil/spec"
)

// A pageMatrix shows one column of a grid over two axes as a square, shaded from
// worst to best.
type pageMatrix struct {
	Title, Down, Across, Shade string
	Heads                      []string
	Rows                       []pageRow
}

func (r *Report) matrices(t Table) []pageMatrix {
	if len(t.Grid) != 2 {
		return nil
	}
	down, across := rowValues(t.Rows, t.Grid[0]), rowValues(t.Rows, t.Grid[1])
	if len(down) < 2 || len(across) < 2 {
		return nil
	}
	var all []pageMatrix
	for i, c := range r.Columns {
		m := pageMatrix{Title: c.heading(), Down: clean(t.Grid[0]), Across: clean(t.Grid[1]), Shade: "Stronger colour is better."}
		if c.Better == "" {
			m.Shade = "Stronger colour is higher."
		}
		for _, v := range across {
			m.Heads = append(m.Heads, display(v))
		}
		low, high := bounds(t.Rows, i)
		for _, d := range down {
			row := pageRow{Name: display(d)}
			for _, a := range across {
				e := pageEntry{None: true}
				if k := rowAt(t, d, a); k >= 0 && t.Rows[k].Entries[i].N > 0 {
					e = r.pageEntry(t, i, t.Rows[k].Entries[i])
					e.Heat = heat(t.Rows[k].Entries[i].Mean, low, high, c.Better == "lower")
				}
				row.Entries = append(row.Entries, e)
			}
			m.Rows = append(m.Rows, row)
		}
		all = append(all, m)
	}
	return all
}

func rowValues(rows []Row, axis string) []spec.Value {
	var values []spec.Value
	for _, row := range rows {
		if v, ok := value(row.Axes, axis); ok && !slices.ContainsFunc(values, v.Equal) {
			values = append(values, v)
		}
	}
	return values
}

func rowAt(t Table, down, across spec.Value) int {
	return slices.IndexFunc(t.Rows, func(row Row) bool {
		return agree(row.Axes, []Axis{{t.Grid[0], down}, {t.Grid[1], across}})
	})
}

func bounds(rows []Row, i int) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, row := range rows {
		if e := row.Entries[i]; e.N > 0 && !math.IsNaN(e.Mean) && !math.IsInf(e.Mean, 0) {
			low, high = min(low, e.Mean), max(high, e.Mean)
		}
	}
	return low, high
}

// heat is the class of a mean's shade; none where all are equal.
func heat(v, low, high float64, lowerIsBetter bool) string {
	x := (v - low) / (high - low)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return ""
	}
	if lowerIsBetter {
		x = 1 - x
	}
	return fmt.Sprintf("h%d", min(9, max(0, int(10*x))))
}
