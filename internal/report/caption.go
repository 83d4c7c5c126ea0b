package report

import (
	"fmt"
	"slices"
	"strings"

	"foil/internal/report/grid"
)

// caption describes how the numbers of a table were computed, and what is marked or missing.
func (r *Tables) caption(t Table) []grid.Note {
	var notes []grid.Note
	add := func(texts ...string) {
		for _, text := range texts {
			notes = append(notes, grid.Note{Text: text})
		}
	}
	if len(t.Rows) > 0 {
		add(r.spreads(t)...)
	}
	notes = append(notes, r.gapNotes(t)...)
	notes = append(notes, r.cellNotes(t)...)
	incomplete, odd, repeated := false, false, false
	for _, row := range t.Rows {
		for i, e := range row.Entries {
			incomplete = incomplete || e.count() > 0 && e.count() < t.N[i]
			odd = odd || len(e.NotFinite) > 0
			repeated = repeated || e.repeats()
		}
	}
	notes = append(notes, r.comparisons(t)...)
	if t.Beyond {
		add(beyondNote)
	}
	if incomplete {
		add(incompleteNote)
	}
	if odd {
		add(notFiniteNote)
	}
	if repeated {
		add(repeatedNote)
	}
	if len(t.Missing) > 0 {
		add("Not in this run: " + strings.Join(t.Missing, ", ") + ".")
	}
	return append(notes, t.selectionNotes()...)
}

const (
	beyondNote     = "Numbers better than every baseline of their column are never marked as best: there, less was read than can be guessed."
	notFiniteNote  = "Infinite (Inf) and undefined (NaN) values enter no mean; numbers with such values are never marked as best."
	repeatedNote   = "Some numbers have several values from cells with the same output. They count as if they were independent in standard deviations, and once in intervals and tests."
	incompleteNote = "Fewer values went into a number that gives its own n."
)

// spreads describe what the means are over and what stands after ±. Columns of which the same is true
// share a sentence.
func (r *Tables) spreads(t Table) []string {
	var cells, pooled []int // columns
	gaps := r.gapColumns(t)
	for i := range r.Columns {
		switch {
		case t.N[i] == 0 || slices.Contains(gaps, i):
		case t.pooled(i) != nil:
			pooled = append(pooled, i)
		default:
			cells = append(cells, i)
		}
	}
	var sentences []string
	if len(pooled) > 0 {
		sentences = append(sentences, r.pooledSpread(t, pooled, len(cells)+len(gaps) > 0))
	}
	if len(cells) > 0 || len(pooled)+len(gaps) == 0 {
		sentences = append(sentences, r.cellSpread(t, cells, len(pooled)+len(gaps) > 0))
	}
	if t.baselinesVary(pooled) {
		sentences = append(sentences, "Baselines: mean ± standard deviation"+overText(r.Over)+".")
	}
	return sentences
}

// baselinesVary reports whether a baseline has a deviation over cells in one of the columns.
func (t *Table) baselinesVary(columns []int) bool {
	for _, row := range t.Baselines {
		for _, i := range columns {
			if e := row.Entries[i]; e.N > 1 && e.Pooled == nil {
				return true
			}
		}
	}
	return false
}

// pooled is a mean over units of column i; nil if it has none.
func (t *Table) pooled(i int) *Pooled {
	var found *Pooled
	for _, row := range t.Rows {
		if p := row.Entries[i].Pooled; p != nil && (found == nil || p.Units > found.Units) {
			found = p
		}
	}
	return found
}

func (r *Tables) pooledSpread(t Table, columns []int, named bool) string {
	groups := r.grouped(columns, func(i int) string {
		most := t.pooled(i)
		least := most.Units
		for _, row := range t.Rows {
			if p := row.Entries[i].Pooled; p != nil {
				least = min(least, p.Units)
			}
		}
		if least < most.Units {
			return fmt.Sprintf("%d to %d %s", least, most.Units, plural(most.Unit))
		}
		return fmt.Sprintf("%d %s", most.Units, plural(most.Unit))
	})
	return sentence(groups, "mean ± "+levelText(t.Compare.Level)+" confidence interval, over ", named)
}

func (r *Tables) cellSpread(t Table, columns []int, named bool) string {
	groups := r.grouped(columns, func(i int) string { return fmt.Sprintf("n = %d", t.N[i]) })
	if r.Interval == intervalNone {
		return sentence(groups, "mean"+overText(r.Over)+", ", named)
	}
	return deviations(groups, r.Over, named)
}

// spread describes the axes and the number of values over which the means of columns or lines are
// computed.
func spread(titles []string, n []int, over []string) string {
	var groups []group
	for i, title := range titles {
		if n[i] > 0 {
			groups = grouping(groups, fmt.Sprintf("n = %d", n[i]), title)
		}
	}
	return deviations(groups, over, false)
}

func deviations(groups []group, over []string, named bool) string {
	switch {
	case len(groups) == 0:
		return "No values."
	case len(groups) == 1 && groups[0].text == "n = 1":
		groups[0].text = ""
		return sentence(groups, "single values (n = 1), so no standard deviation"+overText(over), named)
	}
	return sentence(groups, "mean ± standard deviation"+overText(over)+", ", named)
}

func overText(axes []string) string {
	if len(axes) == 0 {
		return ""
	}
	return " over " + clean(strings.Join(axes, ", "))
}

// A group is columns of which the same is true.
type group struct {
	titles []string
	text   string
}

// grouping adds a column to the group with the text.
func grouping(groups []group, text, title string) []group {
	i := slices.IndexFunc(groups, func(g group) bool { return g.text == text })
	if i < 0 {
		i = len(groups)
		groups = append(groups, group{text: text})
	}
	groups[i].titles = append(groups[i].titles, title)
	return groups
}

// grouped puts columns with equal texts together.
func (r *Tables) grouped(columns []int, text func(i int) string) []group {
	var all []group
	for _, i := range columns {
		all = grouping(all, text(i), r.Columns[i].Title)
	}
	return all
}

// sentence says something of groups of columns. It names the columns where that is not all of them.
func sentence(groups []group, text string, named bool) string {
	if len(groups) == 1 {
		text += groups[0].text + "."
		if named {
			return strings.Join(groups[0].titles, ", ") + ": " + text
		}
		return capital(text)
	}
	var parts []string
	for _, g := range groups {
		parts = append(parts, g.text+" for "+strings.Join(g.titles, ", "))
	}
	return capital(text) + strings.Join(parts, "; ") + "."
}

// capital begins a sentence. The texts begin with ASCII letters or digits.
func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
