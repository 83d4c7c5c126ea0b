package report

import (
	"fmt"
	"slices"

	"foil/internal/stats"
)

// A Gap is what is known about the gap of an entry beside its value.
type Gap struct {
	stats.Gap                // over all units, without a sign, beside the gaps of permuted groups
	Estimate  stats.Estimate // of the gap with its sign
	Asked     gap
	Unit      string
	Groups    []string // sorted
	Of, Minus string   // the groups whose means the gap is the difference of
	Means     [2]float64
	NoGroup   int // units of a cell without a group, at most

	// Above is in how many cells the gap is larger than in the same cells of the reference row, and
	// Beside how many of these there are.
	Above, Beside int
}

// checkGaps reports gaps that no cell can have.
func (b *builder) checkGaps() error {
	check := func(from columnSource, i int, rows string) error {
		if err := from.stage.checkGap(from.series); err != nil {
			return fmt.Errorf("columns[%d] (%s%s): %w", i, clean(b.layout.Columns[i].Title), rows, err)
		}
		return nil
	}
	for i, from := range b.columns {
		if err := check(from, i, ""); err != nil {
			return err
		}
	}
	for _, name := range sortedNames(b.rows) {
		for i, from := range b.rows[name] {
			if err := check(from, i, ", rows from "+clean(name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// testGaps finds out which gaps chance makes: those of permuted groups.
func (b *builder) testGaps(tables []Table) error {
	for i := range tables {
		t := &tables[i]
		var entries []*Entry
		var samples []stats.Sample
		var labels [][]int32
		for r := range t.Rows {
			for c := range b.columns {
				e, from := &t.Rows[r].Entries[c], t.Rows[r].from[c]
				if from.series.Gap == (gap{}) || len(e.Origins) == 0 {
					continue
				}
				blocks, err := from.stage.blocks(*e, from.series, from.stage.axes, true)
				if err != nil {
					return err
				}
				e.Gap = &Gap{Asked: from.series.Gap, Unit: blocks[0].units.kind, NoGroup: from.stage.gapFound(from.series).noGroup}
				sample, group, names := from.stage.groups.pooled(once(blocks))
				e.Gap.Groups = names
				entries, samples, labels = append(entries, e), append(samples, sample), append(labels, group)
			}
		}
		if len(entries) == 0 {
			continue
		}
		for k, found := range stats.GroupGapAll(samples, labels, t.Compare.Level, t.Compare.resampling()) {
			entries[k].Gap.fill(found)
		}
		if reference := t.findReference(tables); reference != nil {
			b.countAbove(t, reference)
		}
	}
	return nil
}

// fill notes a gap and the names of its groups.
func (g *Gap) fill(found stats.Gap) {
	g.Gap, g.Estimate = found, withSign(found, g.Groups, g.Asked)
	if found.Largest < 0 {
		return
	}
	of, minus := found.Largest, found.Smallest
	if g.Asked.signed() && g.Groups[of] != g.Asked.Of {
		of, minus = minus, of
	}
	mean := func(group int32) float64 { return found.Means[slices.Index(found.Groups, group)].Value }
	g.Of, g.Minus = g.Groups[of], g.Groups[minus]
	g.Means = [2]float64{mean(of), mean(minus)}
}

// countAbove compares the gaps of cells with those of the same cells of the reference row.
func (b *builder) countAbove(t *Table, reference *Row) {
	for r := range t.Rows {
		row := &t.Rows[r]
		for c := range row.Entries {
			g := row.Entries[c].Gap
			if g == nil || row == reference {
				continue
			}
			of := map[string]Origin{}
			for _, o := range reference.Entries[c].Origins {
				of[b.overKey(o.Cell)] = o
			}
			for _, o := range row.Entries[c].Origins {
				other, ok := of[b.overKey(o.Cell)]
				if !ok || other.Cell.Digest == o.Cell.Digest {
					continue
				}
				g.Beside++
				if o.Value > other.Value {
					g.Above++
				}
			}
		}
	}
}

// pair are the values of two rows with the groups of their units. The units are the same in both.
func (g *groups) pair(xs, ys []block, asked gap) (pair *stats.GapPair, problem string) {
	a, group, names := g.pooled(xs)
	b, others, _ := g.pooled(ys)
	switch {
	case len(a.Values) == 0:
		return nil, "no common " + plural(xs[0].units.kind)
	case !slices.Equal(group, others):
		return nil, plural(xs[0].units.kind) + " with other values of " + clean(asked.Attribute)
	}
	pair = &stats.GapPair{A: a, B: b, Group: group, Signed: asked.signed()}
	if asked.signed() {
		pair.First = int32(slices.Index(names, asked.Of))
	}
	return pair, ""
}

// testGaps fills in the results of the comparisons of gaps, and returns the others.
func (c *comparer) testGaps(all []*Comparison) (others []*Comparison) {
	var some []*Comparison
	var pairs []stats.GapPair
	for _, p := range all {
		if p.pairs == nil {
			others = append(others, p)
			continue
		}
		some, pairs = append(some, p), append(pairs, *p.pairs)
		p.pairs = nil
	}
	if c.Test == studentT {
		inParallel(len(some), func(i int) error {
			some[i].Result = stats.GapDifferenceT(pairs[i], c.Level)
			return nil
		})
		return others
	}
	for i, r := range stats.GapDifferences(pairs, c.Level, c.resampling()) {
		some[i].Result = r
	}
	return others
}
