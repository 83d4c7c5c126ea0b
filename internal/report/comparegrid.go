package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"foil/internal/report/grid"
	"foil/internal/stats"
)

// comparisons describe what the marks mean, where there are none, and how rows were compared.
func (r *Tables) comparisons(t Table) []grid.Note {
	var notes []grid.Note
	add := func(mark grid.Mark, format string, args ...any) {
		notes = append(notes, grid.Note{Text: fmt.Sprintf(format, args...), Explains: mark})
	}
	tested, differs := false, make([]bool, len(r.Columns))
	untested := make([]bool, len(r.Columns)) // the mark of the best is not tested there
	for _, row := range t.Rows {
		for i, e := range row.Entries {
			alone := t.Leaders == nil || t.Leaders[i].Outcome == Untested
			tested, untested[i] = tested || e.Best && !alone, untested[i] || e.Best && alone
			differs[i] = differs[i] || e.Difference != nil && e.Difference.Differs
		}
	}
	best := "mean"
	if t.Leaders != nil {
		best = "value"
	}
	switch any := slices.Contains(untested, true); {
	case tested && any:
		var titles []string
		for i, c := range r.Columns {
			if untested[i] {
				titles = append(titles, c.Title)
			}
		}
		add(grid.Best, "no other row of the column is better by more than noise; in %s: best %s, not tested.", strings.Join(titles, ", "), best)
	case tested:
		add(grid.Best, "no other row of the column is better by more than noise.")
	case any:
		add(grid.Best, "best %s of its column, not tested.", best)
	}
	if slices.Contains(differs, true) {
		add(grid.Differs, "differs from %s by more than noise.", t.Reference)
	}
	all := make([]int, len(r.Columns))
	for i := range all {
		all[i] = i
	}
	for _, g := range r.grouped(all, func(i int) string { return t.unmarked(i, differs[i]) }) {
		switch {
		case g.text == "":
		case len(g.titles) == len(r.Columns):
			add(0, "%s.", capital(g.text))
		default:
			add(0, "%s: %s.", strings.Join(g.titles, ", "), g.text)
		}
	}
	if t.NoReference {
		add(0, "Not compared with %s, which is not part of this run.", t.Reference)
	}
	if t.Compared > 0 {
		add(0, "%s", r.tests(t))
	}
	if problems := r.problems(t); problems != "" {
		add(0, "%s", problems)
	}
	return notes
}

// unmarked says why a column has no marks. differs: some number has the mark of a difference.
func (t *Table) unmarked(i int, differs bool) string {
	var l Leader
	if t.Leaders != nil {
		l = t.Leaders[i]
	}
	why := ""
	if t.Why != nil {
		why = t.Why[i]
	}
	switch {
	case l.Outcome == Undecidable && (why != "" || t.Reference == "" || t.NoReference):
		return "nothing is marked, because " + l.Why
	case l.Outcome == Undecidable:
		return "nothing is marked as best, because " + l.Why
	case l.Outcome == AllAlike && differs:
		return "nothing is marked as best, because the best row beats no other by more than noise"
	case l.Outcome == AllAlike:
		return "no difference between rows is more than noise"
	case why != "":
		return "no difference from " + t.Reference + " is marked, because " + why
	}
	return ""
}

// tests describes how noise was told from differences.
func (r *Tables) tests(t Table) string {
	var columns []int
	for i := range r.Columns {
		if t.design(i) != nil {
			columns = append(columns, i)
		}
	}
	groups := r.grouped(columns, func(i int) string { return t.design(i).describe() })
	var by []string
	for _, g := range groups {
		text := g.text
		if len(groups) > 1 {
			text += " (" + strings.Join(g.titles, ", ") + ")"
		}
		by = append(by, text)
	}
	c := t.Compare
	test := map[string]string{randomisation: "randomisation test of signs", studentT: "t-test",
		correctedT: "t-test corrected after Nadeau and Bengio (2003) for a test share of " + r.share(t)}[c.Test]
	correction := map[string]string{"holm": "after Holm's correction for", "bh": "after Benjamini and Hochberg's correction for",
		"none": "not corrected for"}[c.Correct]
	text := fmt.Sprintf("A difference is noise if p > %s in a %s, paired by %s", brief(c.alpha()), test, strings.Join(by, " or "))
	if t.Compared > 1 {
		text += fmt.Sprintf(", %s %d comparisons", correction, t.Compared)
		if c.Correct != "none" && t.Reference != "" {
			text += ". Intervals are not corrected"
		}
	}
	return text + "."
}

// share is the test share of a corrected t-test.
func (r *Tables) share(t Table) string {
	pairs := 0
	t.eachTested(func(_ int, d *Comparison) { pairs = max(pairs, d.N) })
	return brief(t.Compare.share(pairs))
}

// eachTested calls a function with every comparison of the table that has a result.
func (t *Table) eachTested(do func(column int, r *Comparison)) {
	for _, row := range t.Rows {
		for i, e := range row.Entries {
			if e.Difference.tested() {
				do(i, e.Difference)
			}
		}
	}
	for i, l := range t.Leaders {
		for _, r := range l.Against {
			if r.tested() {
				do(i, r)
			}
		}
	}
}

// design is what the pairs of a column are; nil if nothing is tested there that could be more than
// noise.
func (t *Table) design(column int) *Design {
	var found *Design
	t.eachTested(func(i int, r *Comparison) {
		if i == column && found == nil && t.Compare.decidable(r) {
			found = &r.Design
		}
	})
	return found
}

func (d Design) describe() string {
	if d.Unit != "" {
		return clean(d.Unit)
	}
	return clean(strings.Join(d.Axes, ", "))
}

// problems lists rows that cannot be compared with the reference or with the best row, and why.
func (r *Tables) problems(t Table) string {
	var parts []string
	seen := map[*Comparison]bool{nil: true}
	add := func(row Row, i int, to string, c *Comparison) {
		if !seen[c] && c.Problem != "" && c.Problem != sameCells {
			parts = append(parts, fmt.Sprintf("%s and %s in %s (%s)", row.Name, to, r.Columns[i].Title, c.Problem))
		}
		seen[c] = true
	}
	for _, row := range t.Rows {
		for i, e := range row.Entries {
			add(row, i, t.Reference, e.Difference)
		}
	}
	for i, l := range t.Leaders {
		for k, against := range l.Against {
			add(t.Rows[k], i, t.Rows[max(l.Row, 0)].Name, against)
		}
	}
	const most = 4
	switch {
	case len(parts) == 0:
		return ""
	case len(parts) > most:
		parts = append(parts[:most], fmt.Sprintf("and %d more", len(parts)-most))
	}
	return "Not compared: " + strings.Join(parts, "; ") + "."
}

// manyDifferences is from how many on the forms for reading leave the differences out.
const manyDifferences = 40

// differences are those of all rows from the reference.
func (r *Tables) differences(t Table, formats []format) *grid.Differences {
	if t.Reference == "" || t.NoReference {
		return nil
	}
	c := t.Compare
	d := &grid.Differences{
		Title:  "Differences from " + t.Reference,
		Labels: t.labelHeads(),
		Heads:  []string{"difference", levelText(c.Level) + " interval", "p", correctedHead[c.Correct], "effect", "pairs"},
		Short:  []bool{true, true, c.Correct == "none", c.Correct != "none", true, true},
	}
	n := 0
	pairs := map[int]bool{}
	for i, column := range r.Columns {
		g := grid.DifferenceGroup{Title: column.Title}
		if arrow := arrows[column.Better]; arrow != "" {
			g.Title += " " + arrow
		}
		for _, row := range t.Rows {
			e := row.Entries[i]
			if !e.Difference.tested() {
				continue
			}
			g.Lines = append(g.Lines, e.Difference.line(t.labels(row), formats[i], e.Mean))
			pairs[e.Difference.N] = true
		}
		if n += len(g.Lines); len(g.Lines) > 0 {
			d.Groups = append(d.Groups, g)
		}
	}
	if n == 0 {
		return nil
	}
	if len(pairs) == 1 { // the title tells it in less room than a column
		for each := range pairs {
			d.Title += fmt.Sprintf(" (pairs: %d)", each)
		}
		d.Short[len(d.Short)-1] = false
	}
	if n > manyDifferences {
		d.Many = fmt.Sprintf("The %d differences from %s are on the HTML page and in the CSV file.", n, t.Reference)
	}
	return d
}

var correctedHead = map[string]string{"holm": "p (Holm)", "bh": "p (BH)", "none": "p, not corrected"}

// line writes a difference with one digit more than the numbers of its column: it is smaller.
func (c *Comparison) line(labels []string, f format, mean float64) grid.Difference {
	f.digits++
	interval := "–"
	if c.Difference.Reason == "" {
		interval = signed(c.Difference.Low, f) + " to " + signed(c.Difference.High, f)
	}
	l := grid.Difference{Labels: labels, Cells: []string{signed(c.Difference.Value, f), interval,
		pText(c.P), pText(c.Corrected), fixedOr(c.Effect, 2), strconv.Itoa(c.N)}}
	if c.Differs {
		l.Mark = grid.Differs
	}
	return l
}

// detail is the difference in words.
func (c *Comparison) detail(reference string, compare *Compare) string {
	text := fmt.Sprintf("difference from %s %s, %s, p %s", reference, brief(c.Difference.Value), intervalText(c.Difference, compare.Level), pText(c.P))
	if compare.Correct != "none" {
		text += ", corrected " + pText(c.Corrected)
	}
	return text + fmt.Sprintf(", effect %s, %d pairs", fixedOr(c.Effect, 2), c.N)
}

// spread is half of the interval; nothing if there is none.
func (p *Pooled) spread(f format) string {
	if p.Reason != "" {
		return ""
	}
	return f.deviation((p.High-p.Low)/2, p.Value)
}

// detail describes the mean over units and that over cells.
func (p *Pooled) detail(cells Stat) string {
	text := fmt.Sprintf("mean of %d %s %s, %s", p.Units, plural(p.Unit), brief(p.Value), intervalText(p.Estimate, p.Level))
	if cells.N > 1 {
		text += fmt.Sprintf("; mean of %d cells %s, standard deviation %s", cells.N, brief(p.Cells), brief(cells.SD))
	}
	return text
}

// statisticsHead are the columns of the CSV form that statistics fills.
var statisticsHead = []string{"units", "low", "high", "difference", "difference_low", "difference_high", "p", "p_corrected", "effect", "pairs", "marks"}

// statistics are the units and the interval of a number, its difference and its marks, with all
// digits.
func (e Entry) statistics() []string {
	all := make([]string, len(statisticsHead))
	if p := e.Pooled; p != nil {
		all[0], all[1], all[2] = strconv.Itoa(p.Units), exactOr(p.Low), exactOr(p.High)
	}
	if d := e.Difference; d.tested() {
		copy(all[3:], []string{exactOr(d.Difference.Value), exactOr(d.Difference.Low), exactOr(d.Difference.High),
			exactOr(d.P), exactOr(d.Corrected), exactOr(d.Effect), strconv.Itoa(d.N)})
	}
	var marks []string
	if e.Best {
		marks = append(marks, "best")
	}
	if e.Difference != nil && e.Difference.Differs {
		marks = append(marks, "differs")
	}
	all[10] = strings.Join(marks, " ")
	return all
}

// exactOr writes v with all digits; nothing if it is not known.
func exactOr(v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return shortest(v)
}

func fixedOr(v float64, digits int) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fixed(v, digits)
}

// signed writes a difference in the form of its column. A small one is zero beside the others.
func signed(v float64, f format) string {
	text := fixed(v, f.digits)
	if f.scientific || math.Abs(v) >= huge {
		text = f.significant(v)
	}
	if v > 0 && strings.Trim(text, "0.") != "" {
		text = "+" + text
	}
	return text
}

// pText writes a p with at most two digits that count.
func pText(p float64) string {
	switch {
	case math.IsNaN(p):
		return "–"
	case p < 0.0001:
		return "<0.0001"
	case p < 0.001:
		return fixed(p, 4)
	}
	return fixed(p, 3)
}

func intervalText(e stats.Estimate, level float64) string {
	if e.Reason != "" {
		return "no interval (" + e.Reason + ")"
	}
	return fmt.Sprintf("%s interval %s to %s", levelText(level), brief(e.Low), brief(e.High))
}

// levelText writes a confidence level: 0.95 is "95 %".
func levelText(level float64) string { return brief(100*level) + " %" }
