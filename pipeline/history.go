package pipeline

import (
	"cmp"
	"slices"

	"foil/internal/cache"
)

// A History is what a cache remembers: the records of all that was made in it.
type History struct {
	kinds map[string][]*past
	of    map[cache.Key]*cache.Record
}

// A past is work that was done.
type past struct {
	record   *cache.Record
	lines    []KeyLine // sorted
	settings []KeyLine // see Estimate
}

// ReadHistory reads all records of a cache. Those that cannot be read are no
// part of its history.
func ReadHistory(c *cache.Cache) (*History, error) {
	entries, err := c.Entries()
	if err != nil {
		return nil, err
	}
	h := &History{kinds: map[string][]*past{}, of: map[cache.Key]*cache.Record{}}
	for _, e := range entries {
		if r := e.Record; r != nil {
			lines := sortedLines(r.KeyText)
			h.kinds[r.Kind] = append(h.kinds[r.Kind], &past{r, lines, settings(lines)})
			h.of[r.Key] = r
		}
	}
	return h, nil
}

// nearest returns the record of a kind whose work differs in the fewest lines:
// of several, one of the same cell, and then the latest. Nil: the kind has none.
func (h *History) nearest(kind, cell string, lines []KeyLine) *cache.Record {
	var best *past
	var bestDistance int
	for _, p := range h.kinds[kind] {
		d := distance(p.lines, lines)
		if best == nil || cmp.Or(
			cmp.Compare(bestDistance, d),
			compareBool(p.record.Cell == cell, best.record.Cell == cell),
			p.record.Started.Compare(best.record.Started),
		) > 0 {
			best, bestDistance = p, d
		}
	}
	if best == nil {
		return nil
	}
	return best.record
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func sortedLines(text string) []KeyLine {
	lines := keyLines(text)
	slices.SortFunc(lines, KeyLine.is)
	return lines
}

// distance counts the lines in which two sorted texts differ.
func distance(a, b []KeyLine) (n int) {
	eachPair(a, b, func(old, new *KeyLine) {
		if old == nil || new == nil || old.Value != new.Value {
			n++
		}
	})
	return n
}

// eachPair walks two sorted texts and pairs the lines about the same thing.
func eachPair(a, b []KeyLine, f func(old, new *KeyLine)) {
	for len(a) > 0 || len(b) > 0 {
		order := 0
		switch {
		case len(b) == 0:
			order = -1
		case len(a) == 0:
			order = 1
		default:
			order = a[0].is(b[0])
		}
		switch {
		case order < 0:
			f(&a[0], nil)
			a = a[1:]
		case order > 0:
			f(nil, &b[0])
			b = b[1:]
		default:
			f(&a[0], &b[0])
			a, b = a[1:], b[1:]
		}
	}
}
