package report

import (
	"math"
	"slices"
	"strconv"
)

// A Leader is the row with the best mean of a column, and how it compares with the others.
type Leader struct {
	Row     int           // -1: there are no two rows to compare
	Against []*Comparison // by row; nil: there is none
	Outcome LeaderOutcome
	Why     string // nothing can be decided
}

// A LeaderOutcome says what is known about the best row of a column.
type LeaderOutcome uint8

const (
	NotCompared LeaderOutcome = iota // there are no two rows to compare
	Undecidable                      // a test could not tell the rows apart, whatever their numbers are
	AllAlike                         // no row differs from the leader by more than noise
	SomeBeaten                       // the leader beats some rows; the others are marked, like itself
	Untested                         // every row has a single value and no units: the best value is marked
)

// leaders finds the row with the best mean of each column, and asks for its comparisons with the
// others.
func (t *Table) leaders(c *comparer) error {
	t.Leaders = make([]Leader, len(c.columns))
	for i, column := range c.columns {
		l := &t.Leaders[i]
		l.Row = -1
		if column.Better == "" {
			continue
		}
		if t.N[i] == 1 && c.designs[i].Unit == "" {
			l.Outcome = Untested
			continue
		}
		candidates, _ := t.candidates(i, column)
		if len(candidates) < 2 {
			continue
		}
		l.Row = t.best(i, column, candidates)
		l.Against = make([]*Comparison, len(t.Rows))
		for _, r := range candidates {
			if r == l.Row {
				continue
			}
			var err error
			if l.Against[r], err = c.between(&t.Rows[r], &t.Rows[l.Row], i); err != nil {
				return err
			}
		}
	}
	return nil
}

// family is all comparisons of a table: with the reference and with the best rows.
func (t *Table) family(c *comparer) family {
	var all []*Comparison
	seen := map[*Comparison]bool{nil: true}
	add := func(r *Comparison) {
		if !seen[r] {
			all = append(all, r)
		}
		seen[r] = true
	}
	for _, row := range t.Rows {
		for _, e := range row.Entries {
			add(e.Difference)
		}
	}
	others := 0
	for i, l := range t.Leaders {
		for _, r := range l.Against {
			add(r)
		}
		others += t.otherPairs(i, c)
	}
	return c.family(all, others)
}

// otherPairs is the number of pairs of rows in column i that would be compared if another row had the
// best mean, and are not.
func (t *Table) otherPairs(i int, c *comparer) int {
	l := t.Leaders[i]
	rows, made := 0, 0 // beside the leader
	reference := slices.IndexFunc(t.Rows, func(r Row) bool { return r.Name == t.Reference })
	for r, against := range l.Against {
		if !against.tested() {
			continue
		}
		rows++
		if d := t.Rows[r].Entries[i].Difference; d.tested() && d != against && reference >= 0 && l.Against[reference].tested() {
			made++
		}
	}
	if !slices.ContainsFunc(l.Against, c.decidable) {
		return 0
	}
	return rows*(rows-1)/2 - made
}

// markDifferences notes what differs from the reference by more than noise, and in which columns that
// cannot be decided.
func (t *Table) markDifferences(f family) {
	if t.Reference == "" || t.NoReference {
		return
	}
	t.Why = make([]string, len(t.N))
	for i := range t.Why {
		var tested []*Comparison
		for _, row := range t.Rows {
			if d := row.Entries[i].Difference; d.tested() {
				d.Corrected, d.Differs = f.p(d), f.differs(d)
				tested = append(tested, d)
			}
		}
		if len(tested) > 0 && !allEqual(tested) && !(f.least(tested) <= f.alpha()) {
			t.Why[i] = f.why(tested)
		}
	}
}

// markTested marks the best rows of each column: those that the row with the best mean does not beat
// by more than noise. If it beats none, nothing is marked. All comparisons are corrected together,
// so the truly best row of every column is among the marked ones at the level, whether or not it has
// the best mean (Hsu 1981).
//
// Where every row has a single value, no test is possible, whatever somebody does with these cells.
// There the best value is marked, and the caption tells that it is not tested.
func (t *Table) markTested(f family, columns []Column) {
	for i := range t.Leaders {
		l := &t.Leaders[i]
		if l.Outcome == Untested {
			t.markBest(i, columns[i])
		}
		if l.Row < 0 {
			continue
		}
		leader := &t.Rows[l.Row].Entries[i]
		beaten := func(r *Comparison) bool { return f.differs(r) && columns[i].isBetter(r.lead(leader), 0) }
		same := func(r *Comparison) bool { return r != nil && r.Problem == sameCells }
		tested := filter(l.Against, (*Comparison).tested)
		switch {
		case allEqual(tested) && (len(tested) > 0 || slices.ContainsFunc(l.Against, same)):
			l.Outcome = AllAlike
		case !(f.least(tested) <= f.alpha()):
			l.Outcome, l.Why = Undecidable, f.why(tested)
		case !slices.ContainsFunc(tested, beaten):
			l.Outcome = AllAlike
		default:
			l.Outcome = SomeBeaten
			for r := range t.Rows {
				against := l.Against[r]
				t.Rows[r].Entries[i].Best = r == l.Row || same(against) || against.tested() && !beaten(against)
			}
		}
	}
}

// lead is by how much an entry of the comparison is above the other one.
func (c *Comparison) lead(of *Entry) float64 {
	if c.from == of {
		return c.Difference.Value
	}
	return -c.Difference.Value
}

// allEqual reports whether no unit or cell differs in any of the comparisons.
func allEqual(tested []*Comparison) bool {
	return !slices.ContainsFunc(tested, func(r *Comparison) bool { return r.Equal == 0 || r.Equal < r.Difference.Units })
}

// why tells why comparisons cannot decide.
func (f family) why(tested []*Comparison) string {
	var most *Comparison // of those with the smallest p, the one with most pairs
	for _, r := range tested {
		if most == nil || math.IsNaN(most.Least) || r.Least < most.Least || r.Least == most.Least && r.N > most.N {
			most = r
		}
	}
	switch {
	case most == nil:
		return "the rows have no pairs"
	case !slices.ContainsFunc(tested, func(r *Comparison) bool { return r.N > 1 }):
		return "single values cannot be tested"
	case math.IsNaN(most.Least):
		return "a test is not possible: " + tested[0].Reason
	}
	pairs := "cells"
	if most.Design.Unit != "" {
		pairs = plural(most.Design.Unit)
	} else if len(most.Design.Axes) == 1 {
		pairs = plural(clean(most.Design.Axes[0]))
	}
	n := most.N
	if most.Difference.Units < n && most.Design.Unit != "" {
		n = most.Difference.Units // with several values
	}
	of := strconv.Itoa(n) + " " + pairs
	alone := of + " alone"
	if most.Equal > 0 {
		of = "the " + strconv.Itoa(n-most.Equal) + " of " + of + " that differ"
		alone = of
	}
	if most.Least > f.alpha() {
		return alone + " give no p below " + brief(most.Least)
	}
	return of + " give no corrected p below " + brief(f.least(tested))
}
