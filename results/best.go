package results

import "math"

// markBest marks the best mean of each column. What reads the same after
// rounding is equally good; a single row is not best of anything.
func markBest(rows []Row, columns []Column) {
	for i, c := range columns {
		if c.Better == "" {
			continue
		}
		best, seen := "", 0
		bestMean := math.NaN()
		for _, row := range rows {
			e := row.Entries[i]
			if e.N == 0 || math.IsNaN(e.Mean) {
				continue
			}
			seen++
			if seen == 1 || (c.Better == "higher") == (e.Mean > bestMean) && e.Mean != bestMean {
				bestMean, best = e.Mean, fixed(e.Mean, c.Digits)
			}
		}
		for r := range rows {
			e := &rows[r].Entries[i]
			e.Best = seen > 1 && e.N > 0 && fixed(e.Mean, c.Digits) == best
		}
	}
}
