package disk

import (
	"cmp"
	"foil/internal/digest"
	"slices"
)

// byLastUse sorts records, those first that were used least recently. A record
// was used when one was that was made from it: without it, that one cannot be
// found. Of those that were used at the same time, the last one made is first.
func byLastUse(entries []Entry) []Entry {
	g := &useGraph{entries: slices.Clone(entries), of: make(map[digest.Key]int, len(entries))}
	g.users, g.depth = make([][]int, len(entries)), make([]int, len(entries))
	for i, e := range entries {
		g.of[e.Key] = i
	}
	for i, e := range entries {
		if e.Record == nil {
			continue
		}
		for _, in := range e.Record.Inputs {
			if j, ok := g.of[in.Key]; ok {
				g.users[j] = append(g.users[j], i)
			}
		}
	}
	order := make([]int, len(entries))
	for i := range entries {
		order[i] = i
		g.visit(i)
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(g.entries[a].Used.Compare(g.entries[b].Used), cmp.Compare(g.depth[a], g.depth[b]))
	})
	sorted := make([]Entry, len(order))
	for i, j := range order {
		sorted[i] = g.entries[j]
	}
	return sorted
}

// A useGraph points from records to those that were made from them.
type useGraph struct {
	entries []Entry
	of      map[digest.Key]int
	users   [][]int
	depth   []int // 1: nothing was made from it; 0: not visited yet
}

// visit gives a record the time of its last use. A circle, which only a record
// that is a lie can be part of, ends where it closes.
func (g *useGraph) visit(i int) {
	if g.depth[i] > 0 {
		return
	}
	g.depth[i] = 1
	for _, u := range g.users[i] {
		g.visit(u)
		g.depth[i] = max(g.depth[i], g.depth[u]+1)
		if g.entries[u].Used.After(g.entries[i].Used) {
			g.entries[i].Used = g.entries[u].Used
		}
	}
}
