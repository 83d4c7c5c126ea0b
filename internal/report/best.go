package report

import "math"

// markBest marks the best mean of each column. What reads the same after
// rounding is equally good; a single row is not best of anything. A mean that is
// beyond every baseline of its column is not marked: where less is read than can
// be guessed, the attacker has failed, and its failure is no merit of the model.
func markBest(rows, baselines []Row, columns []Column) (anyBeyond bool) {
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
			if beyond(e.Mean, c, i, baselines) {
				anyBeyond = true
				continue
			}
			if best == "" || (c.Better == "higher") == (e.Mean > bestMean) && e.Mean != bestMean {
				bestMean, best = e.Mean, fixed(e.Mean, c.Digits)
			}
		}
		for r := range rows {
			e := &rows[r].Entries[i]
			e.Best = seen > 1 && e.N > 0 && fixed(e.Mean, c.Digits) == best && !beyond(e.Mean, c, i, baselines)
		}
	}
	return anyBeyond
}

// beyond says whether a mean, as it reads, is better than all baselines of its column.
func beyond(mean float64, c Column, i int, baselines []Row) bool {
	found := false
	for _, b := range baselines {
		e := b.Entries[i]
		if e.N == 0 || math.IsNaN(e.Mean) {
			continue
		}
		found = true
		if better := (mean > e.Mean) == (c.Better == "higher"); !better || fixed(mean, c.Digits) == fixed(e.Mean, c.Digits) {
			return false
		}
	}
	return found
}
