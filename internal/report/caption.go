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
	return notes
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
	for i := range r.Columns {
		switch {
		case t.N[i] == 0:
		case t.pooled(i) != nil:
			pooled = append(pooled, i)
		default:
			cells = append(cells, i)
		}
	}
	var sentences []string
	if len(pooled) > 0 {
		sentences = append(sentences, r.pooledSpread(t, pooled, len(cells) > 0))
	}
	if len(cells) > 0 || len(pooled) == 0 {
		sentences = append(sentences, r.cellSpread(t, cells, len(pooled) > 0))
	}
	return sentences
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
		p := t.pooled(i)
		return fmt.Sprintf("%d %s", p.Units, plural(p.Unit))
	})
	text := "mean ± " + levelText(t.Compare.Level) + " confidence interval, over "
	return sentence(groups, text, named)
}

func (r *Tables) cellSpread(t Table, columns []int, named bool) string {
	over := ""
	if len(r.Over) > 0 {
		over = " over " + clean(strings.Join(r.Over, ", "))
	}
	groups := r.grouped(columns, func(i int) string { return fmt.Sprintf("n = %d", t.N[i]) })
	single := !slices.ContainsFunc(columns, func(i int) bool { return t.N[i] > 1 })
	switch {
	case len(groups) == 0:
		return "No values."
	case single:
		return sentence([]group{{titles: r.titles(columns)}}, "single values (n = 1), so no standard deviation"+over, named)
	case r.Interval == intervalNone:
		return sentence(groups, "mean"+over+", ", named)
	}
	return sentence(groups, "mean ± standard deviation"+over+", ", named)
}

// A group is columns of which the same is true.
type group struct {
	titles []string
	text   string
}

func (r *Tables) titles(columns []int) []string {
	var all []string
	for _, i := range columns {
		all = append(all, r.Columns[i].Title)
	}
	return all
}

// grouped puts columns with equal texts together.
func (r *Tables) grouped(columns []int, text func(i int) string) []group {
	var all []group
	for _, i := range columns {
		own := text(i)
		at := slices.IndexFunc(all, func(g group) bool { return g.text == own })
		if at < 0 {
			at = len(all)
			all = append(all, group{text: own})
		}
		all[at].titles = append(all[at].titles, r.Columns[i].Title)
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
		return strings.ToUpper(text[:1]) + text[1:]
	}
	var parts []string
	for _, g := range groups {
		parts = append(parts, g.text+" for "+strings.Join(g.titles, ", "))
	}
	return strings.ToUpper(text[:1]) + text[1:] + strings.Join(parts, "; ") + "."
}
