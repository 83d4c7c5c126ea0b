package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"foil/internal/report/grid"
)

// gapColumns are the columns of a table that show gaps.
func (r *Tables) gapColumns(t Table) []int {
	var all []int
	for i := range r.Columns {
		if t.eachGap(i, func(Row, *Gap) {}) > 0 {
			all = append(all, i)
		}
	}
	return all
}

// eachGap calls a function with every gap in a column, and counts them.
func (t *Table) eachGap(column int, do func(Row, *Gap)) (n int) {
	for _, row := range t.Rows {
		if g := row.Entries[column].Gap; g != nil {
			do(row, g)
			n++
		}
	}
	return n
}

// gapNotes describe the gaps of a table, and those of chance. Columns of which the same is true share a
// sentence.
func (r *Tables) gapNotes(t Table) []grid.Note {
	columns := r.gapColumns(t)
	if len(columns) == 0 {
		return nil
	}
	var notes []grid.Note
	add := func(groups []group) {
		for _, g := range groups {
			if g.text != "" {
				text := strings.Join(g.titles, ", ") + ": " + g.text
				if len(g.titles) == len(r.Columns) {
					text = capital(g.text)
				}
				notes = append(notes, grid.Note{Text: text + "."})
			}
		}
	}
	for _, describe := range []func(Table, int) string{r.gapSpread, r.gapChance, r.gapSwaps, r.gapProblems} {
		add(r.grouped(columns, func(i int) string { return describe(t, i) }))
	}
	if t.besideReference(columns) {
		notes = append(notes, grid.Note{Text: fmt.Sprintf("Above: for how many values of %s the gap is larger than that of %s.",
			clean(strings.Join(r.Over, ", ")), t.Reference)})
	}
	return notes
}

// besideReference reports whether the gaps of several cells are compared with those of the reference.
func (t *Table) besideReference(columns []int) (beside bool) {
	for _, i := range columns {
		t.eachGap(i, func(_ Row, g *Gap) { beside = beside || g.Beside > 1 })
	}
	return beside
}

// gapSpread says what the gaps of a column are.
func (r *Tables) gapSpread(t Table, column int) string {
	var asked gap
	var names []string
	unit, least, most, noGroup := "", 0, 0, 0
	t.eachGap(column, func(_ Row, g *Gap) {
		asked, unit, noGroup = g.Asked, g.Unit, max(noGroup, g.NoGroup)
		for _, name := range g.Groups {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if most == 0 || g.Units < least {
			least = g.Units
		}
		most = max(most, g.Units)
	})
	slices.Sort(names)
	attribute := clean(asked.Attribute)
	text := fmt.Sprintf("largest minus smallest mean of the groups of %s (%s)", attribute, listGroups(cleanAll(names)))
	if asked.signed() {
		text = fmt.Sprintf("mean of %s=%s minus mean of %s=%s", attribute, clean(asked.Of), attribute, clean(asked.Minus))
	}
	over := strconv.Itoa(most)
	if least < most {
		over = fmt.Sprintf("%d to %d", least, most)
	}
	switch {
	case r.Interval == intervalUnits && len(names) > 2:
		text += fmt.Sprintf(", ± %s confidence interval for these two groups, wide enough for all pairs of groups", levelText(t.Compare.Level))
	case r.Interval == intervalUnits:
		text += fmt.Sprintf(", ± %s confidence interval", levelText(t.Compare.Level))
	case r.Interval == intervalNone:
		text += ", mean over cells"
	default:
		text += ", mean ± standard deviation over cells"
	}
	text += fmt.Sprintf(", over %s %s", over, plural(unit))
	if noGroup > 0 {
		text += fmt.Sprintf("; without those that have no value of %s, up to %d in a cell", attribute, noGroup)
	}
	return text
}

// gapChance says which gaps chance makes, and which gaps of a column are not larger.
func (r *Tables) gapChance(t Table, column int) string {
	alpha := t.Compare.alpha()
	var within []string
	var attribute, unit, reason string
	exact, tested, all := true, 0, 0
	t.eachGap(column, func(row Row, g *Gap) {
		attribute, unit, all = clean(g.Asked.Attribute), g.Unit, all+1
		if g.Reason != "" {
			reason = g.Reason
			return
		}
		tested++
		exact = exact && g.Exact
		if !(g.P <= alpha) {
			within = append(within, row.Name)
		}
	})
	if tested == 0 {
		return "chance could not be computed: " + reason
	}
	times := "all"
	if !exact {
		times = strconv.Itoa(t.Compare.resampling().Times)
	}
	text := fmt.Sprintf("chance is the mean gap of %s permutations of %s among the %s of the same cells, and p the share of them with a gap as large, not corrected. ",
		times, attribute, plural(unit))
	const most = 4
	switch n := len(within); {
	case n == 0 && tested == 1:
		text += "The gap is larger than by chance"
	case n == 0:
		text += "All gaps are larger than by chance"
	case n == tested && n > 1:
		text += "No gap is larger than by chance"
	case n > most:
		text += fmt.Sprintf("%d of %d gaps are not larger than by chance", n, tested)
	default:
		text += "Not larger than by chance: " + strings.Join(within, ", ")
	}
	text += fmt.Sprintf(" (p %s %s)", map[bool]string{true: "≤", false: ">"}[len(within) == 0], brief(alpha))
	if tested < all {
		text += fmt.Sprintf(". %d could not be tested: %s", all-tested, reason)
	}
	return text
}

// gapSwaps says how the gaps of two rows are compared.
func (r *Tables) gapSwaps(t Table, column int) string {
	swapped, exact := false, true
	unit := ""
	t.eachTested(func(i int, c *Comparison) {
		if i == column && c.Design.Unit != "" {
			swapped, exact, unit = true, exact && c.Exact, c.Design.Unit
		}
	})
	switch {
	case !swapped:
		return ""
	case t.Compare.Test == studentT:
		return "the difference of two gaps has a variance for each group"
	}
	times := "all"
	if !exact {
		times = strconv.Itoa(t.Compare.resampling().Times) + " random"
	}
	return fmt.Sprintf("the difference of two gaps is compared with those of %s swaps of the values of %s between both rows, which are first set to the same mean",
		times, plural(unit))
}

// gapProblems says which gaps have no interval, and why.
func (r *Tables) gapProblems(t Table, column int) string {
	reasons := map[string]int{}
	t.eachGap(column, func(_ Row, g *Gap) {
		if g.Reason == "" && g.Estimate.Reason != "" {
			reasons[g.Estimate.Reason]++
		}
	})
	if len(reasons) == 0 || r.Interval != intervalUnits {
		return ""
	}
	return "no interval where " + strings.Join(sortedNames(reasons), ", or ")
}

// gaps list the gaps of all rows beside those of chance.
func (r *Tables) gaps(t Table, formats []format) *grid.Differences {
	columns := r.gapColumns(t)
	if len(columns) == 0 {
		return nil
	}
	d := &grid.Differences{
		Title:  "Gaps between groups",
		Labels: t.labelHeads(),
		Heads:  []string{"gap", levelText(t.Compare.Level) + " interval", "mean", "minus mean", "chance", "p"},
		Short:  []bool{true, false, true, true, true, true},
	}
	beside := t.besideReference(columns)
	if beside {
		d.Heads, d.Short = append(d.Heads, "above"), append(d.Short, true)
	}
	n := 0
	for _, i := range columns {
		g := grid.DifferenceGroup{Title: r.Columns[i].Title}
		t.eachGap(i, func(row Row, of *Gap) {
			cells := of.cells(formats[i], r.Interval == intervalUnits)
			if beside {
				cells = append(cells, of.above())
			}
			g.Lines = append(g.Lines, grid.Difference{Labels: t.labels(row), Cells: cells})
		})
		n += len(g.Lines)
		d.Groups = append(d.Groups, g)
	}
	if n > manyDifferences {
		d.Many = fmt.Sprintf("The %d gaps are on the HTML page and in the CSV file, beside those by chance.", n)
	}
	return d
}

// cells are the gap, its interval, the means it is the difference of, and the gap by chance. Gaps have
// one digit more than the numbers of the column: those by chance are smaller.
func (g *Gap) cells(f format, interval bool) []string {
	mean := func(name string, v float64) string { return clean(name) + " " + fixed(v, f.digits) }
	cells := []string{"–", "–", "–", "–", "–", pText(g.P)}
	if finite(g.Estimate.Value) {
		cells[2], cells[3] = mean(g.Of, g.Means[0]), mean(g.Minus, g.Means[1])
	}
	f.digits++
	if finite(g.Estimate.Value) {
		cells[0] = fixed(g.Estimate.Value, f.digits)
	}
	if interval && g.Estimate.Reason == "" {
		cells[1] = fixed(g.Estimate.Low, f.digits) + " to " + fixed(g.Estimate.High, f.digits)
	}
	if finite(g.Chance) {
		cells[4] = fixed(g.Chance, f.digits)
	}
	return cells
}

// above is in how many cells the gap is above that of the reference.
func (g *Gap) above() string {
	if g.Beside == 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d", g.Above, g.Beside)
}

// detail is the gap in words.
func (g *Gap) detail(p *Pooled, cells Stat) string {
	attribute := clean(g.Asked.Attribute)
	text := fmt.Sprintf("gap %s over %d %s", brief(g.Estimate.Value), g.Units, plural(g.Unit))
	if g.Of != "" {
		text += fmt.Sprintf(": %s=%s %s, %s=%s %s", attribute, clean(g.Of), brief(g.Means[0]), attribute, clean(g.Minus), brief(g.Means[1]))
	}
	if p != nil {
		text += ", " + intervalText(p.Estimate, p.Level)
	}
	if g.Reason == "" {
		text += fmt.Sprintf("; by chance %s, p %s", brief(g.Chance), pText(g.P))
	} else {
		text += "; by chance not known (" + g.Reason + ")"
	}
	if cells.N > 1 {
		mean := cells.Mean
		if p != nil {
			mean = p.Cells
		}
		text += fmt.Sprintf("; mean of %d cells %s, standard deviation %s", cells.N, brief(mean), brief(cells.SD))
	}
	if g.Beside > 1 {
		text += fmt.Sprintf("; above that of the reference in %s cells", g.above())
	}
	return text
}

// gapHead are the columns of the CSV form that a report with gaps has beside the others.
var gapHead = []string{"gap_of", "gap_minus", "gap_of_mean", "gap_minus_mean", "chance", "chance_bound", "chance_p", "above", "beside"}

// exact are the groups of a gap and the gaps by chance, with all digits.
func (g *Gap) exact() []string {
	if g == nil {
		return make([]string, len(gapHead))
	}
	cells := []string{clean(g.Of), clean(g.Minus), exactOr(g.Means[0]), exactOr(g.Means[1]), exactOr(g.Chance), exactOr(g.Bound), exactOr(g.P), "", ""}
	if g.Of == "" {
		cells[2], cells[3] = "", ""
	}
	if g.Beside > 0 {
		cells[7], cells[8] = strconv.Itoa(g.Above), strconv.Itoa(g.Beside)
	}
	return cells
}

// hasGaps reports whether some column shows gaps.
func (r *Tables) hasGaps() bool {
	return slices.ContainsFunc(r.Tables, func(t Table) bool { return len(r.gapColumns(t)) > 0 })
}
