package report

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"foil/internal/stats"
)

// A Comparison is the difference between two rows in a column, and whether it is more than noise.
type Comparison struct {
	stats.Result
	Design    Design
	Problem   string  // why there is no result; the rest is zero then
	Corrected float64 // the p after the correction for all comparisons of the table; NaN: it cannot be low enough
	Differs   bool    // more than noise

	from   *Entry         // the difference is that of this entry from another one
	blocks [2][]block     // of both rows, until they are tested
	gap    gap            // of the column, if it is one
	groups *groups        // of the units
	sample stats.Sample   // the differences, until they are tested
	pairs  *stats.GapPair // the values of both rows, until they are tested, if the column is a gap
}

// tested reports whether there is a result.
func (c *Comparison) tested() bool { return c != nil && c.Problem == "" }

// sameCells is the problem of two rows that are from the same cells.
const sameCells = "the same cells"

// A Design says what the pairs of a comparison are.
type Design struct {
	Unit string   // user, image or unit; "": pairs are cells
	Axes []string // by whose values cells are paired
}

// A comparer compares the rows of one table. It collects all comparisons before it tests them,
// because many tests over the same units share most of their work.
type comparer struct {
	*Compare
	columns []Column
	designs []Design // by column
	made    map[pair]*Comparison
	pending []*Comparison
	blocks  map[blocksKey][]block
}

// A pair is two entries of a column.
type pair struct{ a, b *Entry }

type blocksKey struct {
	of   *Entry
	axes string
}

// between is the comparison of two rows in column i, in one direction or the other: it returns nil
// where one of them has no finite number. The result is there after test.
func (c *comparer) between(a, b *Row, i int) (*Comparison, error) {
	x, y := &a.Entries[i], &b.Entries[i]
	if x.N == 0 || y.N == 0 {
		return nil, nil
	}
	for _, p := range []pair{{x, y}, {y, x}} {
		if known, ok := c.made[p]; ok {
			return known, nil
		}
	}
	made, err := c.prepare(a, b, i)
	if err != nil {
		return nil, fmt.Errorf("%s and %s, %s: %w", a.Name, b.Name, c.columns[i].Title, err)
	}
	if c.made == nil {
		c.made = map[pair]*Comparison{}
	}
	c.made[pair{x, y}] = made
	if made.Problem == "" {
		c.pending = append(c.pending, made)
	}
	return made, nil
}

func (c *comparer) prepare(a, b *Row, i int) (*Comparison, error) {
	x, y := &a.Entries[i], &b.Entries[i]
	// A row without an axis, such as a recommender without seeds, is paired with the mean over it.
	design := c.designs[i]
	design.Axes = filter(design.Axes, func(name string) bool { return x.hasAxis(name) && y.hasAxis(name) })
	made := &Comparison{Design: design, Corrected: math.NaN(), from: x}
	if len(x.NotFinite)+len(y.NotFinite) > 0 {
		made.Problem = "values that are not finite"
		return made, nil
	}
	all, err := c.blocksOf(a, i, design)
	if err != nil {
		return nil, err
	}
	others, err := c.blocksOf(b, i, design)
	if err != nil {
		return nil, err
	}
	xs, ys, same := paired(all, others)
	switch {
	case len(xs) == 0:
		made.Problem = "no cells with equal values of " + strings.Join(design.Axes, ", ")
	case same:
		made.Problem = sameCells
	default:
		made.blocks, made.gap, made.groups = [2][]block{xs, ys}, a.from[i].series.Gap, a.from[i].stage.groups
	}
	return made, nil
}

// pair fills in the differences.
func (c *Comparison) pair() {
	xs, ys := c.blocks[0], c.blocks[1]
	c.blocks = [2][]block{}
	if c.Design.Unit == "" {
		c.sample = differences(xs, ys)
		return
	}
	if err := shareUnits(xs, ys); err != nil {
		c.Problem = err.Error()
		return
	}
	if c.gap != (gap{}) {
		c.pairs, c.Problem = c.groups.pair(xs, ys, c.gap)
		return
	}
	var err error
	c.sample, err = stats.Paired(sampleOf(xs), sampleOf(ys))
	switch {
	case err != nil:
		c.Problem = err.Error()
	case len(c.sample.Values) == 0:
		c.Problem = "no common " + plural(c.Design.Unit)
	}
}

// differences are those of the means of cells.
func differences(xs, ys []block) stats.Sample {
	var s stats.Sample
	for i := range xs {
		s.Values = append(s.Values, xs[i].mean-ys[i].mean)
	}
	return s
}

// blocksOf are the blocks of a row in column i.
func (c *comparer) blocksOf(row *Row, i int, design Design) ([]block, error) {
	e := &row.Entries[i]
	key := blocksKey{e, strings.Join(design.Axes, "\n")}
	if known, ok := c.blocks[key]; ok {
		return known, nil
	}
	made, err := row.from[i].stage.blocks(*e, row.from[i].series, design.Axes, design.Unit != "")
	if err != nil {
		return nil, err
	}
	if c.blocks == nil {
		c.blocks = map[blocksKey][]block{}
	}
	c.blocks[key] = made
	return made, nil
}

func (e *Entry) hasAxis(name string) bool {
	return !slices.ContainsFunc(e.Origins, func(o Origin) bool { _, ok := value(o.Cell.Axes, name); return !ok })
}

// paired keeps the blocks that both rows have, in one order. Pairs whose cells have the same outputs
// as those of an earlier pair are left out: they are not independent of it. same: the rows are from
// the same cells everywhere.
func paired(xs, ys []block) (px, py []block, same bool) {
	at := map[string]int{}
	for j, y := range ys {
		at[y.key] = j
	}
	seen := map[string]bool{}
	same = true
	for _, x := range xs {
		j, ok := at[x.key]
		if !ok {
			continue
		}
		dx, dy := digestsOf(x.cells), digestsOf(ys[j].cells)
		if seen[dx+dy] {
			continue
		}
		seen[dx+dy] = true
		same = same && dx == dy
		px, py = append(px, x), append(py, ys[j])
	}
	return px, py, same
}

// shareUnits leaves the units that both rows have in each pair of blocks. It returns an error if
// units with the same numbers are not the same: they are of another data set.
func shareUnits(xs, ys []block) error {
	for i := range xs {
		x, y := &xs[i].units, &ys[i].units
		if x.kind != y.kind {
			return errors.New(plural(x.kind) + " and " + plural(y.kind))
		}
		switch {
		case x.rows != nil && y.rows == nil:
			*x = x.byRow()
		case x.rows == nil && y.rows != nil:
			*y = y.byRow()
		}
		if !slices.Equal(x.Unit, y.Unit) {
			of := x.Unit
			*x, *y = x.among(y.Unit), y.among(of)
		}
		if x.attributes == y.attributes && !slices.Equal(x.who, y.who) {
			return fmt.Errorf("%s with other values of %s", plural(x.kind), x.attributes)
		}
	}
	return nil
}

// among are the units that are also among some others. Both are in rising order.
func (u units) among(some []int32) units {
	kept := units{kind: u.kind, attributes: u.attributes}
	for i, unit := range u.Unit {
		if _, ok := slices.BinarySearch(some, unit); !ok {
			continue
		}
		kept.Unit, kept.Value = append(kept.Unit, unit), append(kept.Value, u.Value[i])
		if u.Class != nil {
			kept.Class = append(kept.Class, u.Class[i])
		}
		kept.who = append(kept.who, u.who[i])
		if u.rows != nil {
			kept.rows = append(kept.rows, u.rows[i])
		}
	}
	return kept
}

func plural(unit string) string { return unit + "s" }

// test fills in the results of all comparisons that were asked for: so many at once that they share
// the draws, and so few that these need little memory.
func (c *comparer) test() {
	const draws = 640_000
	for some := range slices.Chunk(c.pending, max(1, draws/c.resampling().Times)) {
		inParallel(len(some), func(i int) error {
			some[i].pair()
			return nil
		})
		some = c.testGaps(filter(some, (*Comparison).tested))
		samples := make([]stats.Sample, len(some))
		for i, p := range some {
			samples[i], p.sample = p.sample, stats.Sample{}
		}
		for i, r := range c.results(samples) {
			some[i].Result = r
		}
	}
	c.pending = nil
}

// results are those of the test for some samples of differences.
func (c *comparer) results(samples []stats.Sample) []stats.Result {
	if c.Test == randomisation {
		return stats.RandomisationAll(samples, c.Level, c.resampling())
	}
	results := make([]stats.Result, len(samples))
	inParallel(len(samples), func(i int) error {
		switch c.Test {
		case studentT:
			results[i] = stats.PairedT(samples[i], c.Level)
		case correctedT:
			results[i] = stats.CorrectedT(samples[i].Values, c.share(len(samples[i].Values)), c.Level)
		}
		return nil
	})
	return results
}

// resampling is the same for every report, so that no report changes by itself. Levels near one need
// more draws for the ends of intervals.
func (c *Compare) resampling() stats.Resampling {
	const usual, most = 9_999, 99_999
	return stats.Resampling{Times: min(most, max(usual, int(10/c.alpha()))), Seed: 1}
}

// share is the size of the test data divided by that of the training data. Without test_share, the
// pairs are the folds of one axis, which checkCompares makes sure of.
func (c *Compare) share(pairs int) float64 {
	if c.TestShare > 0 || pairs < 2 {
		return c.TestShare
	}
	return 1 / float64(pairs-1)
}

// alpha is the p up to which a difference is more than noise.
func (c *Compare) alpha() float64 {
	const digits = 1e12 // 1 - 0.9 is below 0.1
	return math.Round((1-c.Level)*digits) / digits
}

// decidable reports whether the test can give a p that is low enough.
func (c *Compare) decidable(r *Comparison) bool { return r.tested() && r.Least <= c.alpha() }

// A family is comparisons that are corrected together.
//
// Comparisons that cannot be more than noise, whatever the data are, do not belong to it (Tarone
// 1990): they would only make it harder to see the others.
//
// The best row of a column is known only from its numbers: any other row could have been compared in
// its place. So the pairs that were not compared belong to the family, too, as if their p were one.
// Without them, of ten rows that are equally good, one would be beaten in 14 of 100 tables.
type family struct {
	*Compare
	members   []*Comparison
	others    int // pairs of rows that were not compared
	corrected map[*Comparison]float64
}

func (c *Compare) family(all []*Comparison, others int) family {
	f := family{Compare: c, members: filter(all, c.decidable), others: others}
	f.corrected = f.correct(func(m *Comparison) float64 { return m.P })
	return f
}

// correct corrects a p of each member.
func (f family) correct(of func(*Comparison) float64) map[*Comparison]float64 {
	p := make([]float64, len(f.members), f.size())
	for i, m := range f.members {
		p[i] = of(m)
	}
	for range f.others {
		p = append(p, 1)
	}
	switch f.Correct {
	case "holm":
		p = stats.Holm(p)
	case "bh":
		p = stats.BenjaminiHochberg(p)
	}
	corrected := make(map[*Comparison]float64, len(f.members))
	for i, m := range f.members {
		corrected[m] = p[i]
	}
	return corrected
}

// size is the number of comparisons that are corrected together.
func (f family) size() int { return len(f.members) + f.others }

// p is the corrected p of a comparison; NaN if it is not in the family.
func (f family) p(r *Comparison) float64 {
	if p, ok := f.corrected[r]; ok {
		return p
	}
	return math.NaN()
}

// differs reports whether a difference is more than noise.
func (f family) differs(r *Comparison) bool { return f.p(r) <= f.alpha() }

// least is the smallest corrected p that some members of the family can have beside the others; NaN
// without such members.
func (f family) least(some []*Comparison) float64 {
	among := make(map[*Comparison]bool, len(some))
	for _, r := range some {
		among[r] = true
	}
	corrected := f.correct(func(m *Comparison) float64 {
		if among[m] {
			return m.Least
		}
		return m.P
	})
	lowest := math.NaN()
	for _, r := range some {
		if p, ok := corrected[r]; ok && !(p >= lowest) {
			lowest = p
		}
	}
	return lowest
}
