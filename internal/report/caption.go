package report

import (
	"fmt"
	"strings"
)

// caption says how the numbers of a table came about. best says how the best
// is marked.
func (r *Report) caption(t Table, best string) []string {
	var lines []string
	if len(t.Rows) > 0 {
		lines = append(lines, r.spread(t))
	}
	marked, incomplete := false, false
	for _, row := range t.Rows {
		for i, e := range row.Entries {
			marked = marked || e.Best
			incomplete = incomplete || e.N > 0 && e.N < t.N[i]
		}
	}
	if marked {
		lines = append(lines, best)
	}
	if t.Beyond {
		lines = append(lines, "Numbers better than every baseline of their column are never marked as best: there, less was read than can be guessed.")
	}
	if incomplete {
		lines = append(lines, "Fewer values went into a number that gives its own n.")
	}
	if len(t.Missing) > 0 {
		lines = append(lines, "Not in this run: "+strings.Join(t.Missing, ", ")+".")
	}
	return lines
}

func (r *Report) spread(t Table) string {
	var counts []int
	titles := map[int][]string{}
	for i, n := range t.N {
		if n == 0 {
			continue
		}
		if titles[n] == nil {
			counts = append(counts, n)
		}
		titles[n] = append(titles[n], r.Columns[i].Title)
	}
	over := ""
	if len(r.Over) > 0 {
		over = " over " + clean(strings.Join(r.Over, ", "))
	}
	if len(counts) == 0 {
		return "No values."
	}
	if len(counts) == 1 && counts[0] == 1 {
		return "Single values (n = 1), so no standard deviation" + over + "."
	}
	if len(counts) == 1 {
		return fmt.Sprintf("Mean ± standard deviation%s, n = %d.", over, counts[0])
	}
	var parts []string
	for _, n := range counts {
		parts = append(parts, fmt.Sprintf("n = %d for %s", n, strings.Join(titles[n], ", ")))
	}
	return "Mean ± standard deviation" + over + "; " + strings.Join(parts, "; ") + "."
}
