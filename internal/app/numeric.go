package app

import (
	"fmt"
	"slices"

	"foil/internal/numeric"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/run"
	"foil/stages"
)

// computedWith counts the cells that a report was made from by what computed them. Kinds with the
// same output everywhere do not count, and neither do reports, which only sum up.
func computedWith(report *graph.Node, result *run.Result) []numeric.Group {
	var list []*numeric.Signature
	seen := map[*graph.Node]bool{}
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if o := result.Of(n.ID); o != nil && o.Record != nil && n.Kind.Rounded() && !isReport(n) {
			list = append(list, o.Record.Numeric)
		}
		for _, from := range n.Needs() {
			visit(from)
		}
	}
	visit(report)
	return numeric.Groups(list)
}

// A Reason says whether two results of one key may differ.
type Reason struct {
	Allowed bool   // they were computed in different ways
	Text    string // for people
}

// WhyDifferent explains different outputs of one key by what computed them. names are for the text:
// "the cache", "this machine".
func WhyDifferent(a, b *store.Record, nameA, nameB string) Reason {
	kinds := stages.All()
	i := slices.IndexFunc(kinds, func(k pipeline.Kind) bool { return k.Name == a.Kind })
	if i >= 0 && !kinds[i].Rounded() {
		return Reason{false, a.Kind + " gives the same output on every machine"}
	}
	switch {
	case numeric.Equal(a.Numeric, b.Numeric):
		return Reason{false, fmt.Sprintf("both were made with %s, which gives the same output again", a.Numeric)}
	case a.Numeric == nil || b.Numeric == nil:
		return Reason{false, fmt.Sprintf("%s was made on %s, %s on %s", nameA, a.Numeric, nameB, b.Numeric)}
	}
	ofA, ofB := numeric.Differences(a.Numeric, b.Numeric)
	return Reason{true, fmt.Sprintf("%s was made with %s, %s with %s: the last bits may differ", nameA, ofA, nameB, ofB)}
}
