package report

import (
	"math"
	"slices"
	"strconv"

	"foil/spec"
)

// numbers are a figure as a table, so that it reads like any other.
type numbers struct {
	report *Report // of this table alone
	table  Table
}

// byK has a row for each k and a column for each line.
func (f Figure) byK(over []string) numbers {
	n := numbers{&Report{Over: over}, Table{Title: f.Title, Grid: []string{f.X}}}
	for _, l := range f.Lines {
		n.report.Columns = append(n.report.Columns, Column{Title: l.Name, Digits: f.digits()})
	}
	for _, k := range f.ks() {
		row := Row{Axes: []Axis{{f.X, spec.Value{Type: spec.Int, Int: int64(k)}}}}
		for _, l := range f.Lines {
			row.Entries = append(row.Entries, l.at(k))
		}
		n.table.Rows = append(n.table.Rows, row)
	}
	n.table.count(len(f.Lines))
	return n
}

// byLine has a row for each line, and columns for some of the k: the first, the last
// and what lies evenly between.
func (f Figure) byLine(over []string) numbers {
	const most = 5
	n := numbers{&Report{Over: over}, Table{Title: f.Title}}
	ks := evenly(f.ks(), most)
	for _, k := range ks {
		n.report.Columns = append(n.report.Columns, Column{Title: f.X + " " + strconv.Itoa(k), Digits: f.digits()})
	}
	for _, l := range f.Lines {
		row := Row{Name: l.Name}
		for _, k := range ks {
			row.Entries = append(row.Entries, l.at(k))
		}
		n.table.Rows = append(n.table.Rows, row)
	}
	n.table.N = make([]int, len(ks)) // of all lines: one of fewer cells says so
	for i := range ks {
		for _, l := range f.Lines {
			for _, p := range l.Points {
				n.table.N[i] = max(n.table.N[i], p.N)
			}
		}
	}
	return n
}

// at is the entry at k; without values where the line has none there.
func (l Line) at(k int) Entry {
	if i := slices.IndexFunc(l.Points, func(p Point) bool { return p.K == k }); i >= 0 {
		return l.Points[i].Entry
	}
	return Entry{}
}

// ks are all that any line has.
func (f Figure) ks() []int {
	var all []int
	for _, l := range f.Lines {
		for _, p := range l.Points {
			all = append(all, p.K)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// evenly picks at most so many, the first and the last among them.
func evenly(all []int, most int) []int {
	if len(all) <= most {
		return all
	}
	some := make([]int, most)
	for i := range some {
		some[i] = all[(i*(len(all)-1)+(most-1)/2)/(most-1)]
	}
	return some
}

// digits are those behind the point that make three of the range of the means, and
// two at least where that is no burden: another line may be much flatter.
func (f Figure) digits() int {
	low, high := math.Inf(1), math.Inf(-1)
	for _, l := range f.Lines {
		for _, p := range l.Points {
			if finite(p.Mean) {
				low, high = min(low, p.Mean), max(high, p.Mean)
			}
		}
	}
	span, size := high-low, max(math.Abs(low), math.Abs(high))
	if span == 0 {
		span = size
	}
	if !(span > 0) || math.IsInf(span, 0) {
		return 2
	}
	least := 0
	if size < 1000 {
		least = 2
	}
	return max(least, min(2-int(math.Floor(math.Log10(span))), 15))
}
