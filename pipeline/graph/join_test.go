package graph_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"foil/pipeline"
	"foil/pipeline/pipelinetest"
)

// The laws of the natural join, on random tables: it does not depend on which
// need is which, a need joined with itself is itself, and a cell is there
// exactly if every need has a cell that agrees with it.
func TestJoinLaws(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		axes := func() string {
			var list []string
			for _, name := range []string{"u", "v", "w"} {
				if r.IntN(2) == 0 {
					values := r.Perm(4)[:1+r.IntN(3)]
					slices.Sort(values)
					list = append(list, strings.ReplaceAll(fmt.Sprintf("%s: %v", name, values), " ", ", "))
				}
			}
			return strings.ReplaceAll(strings.Join(list, ", "), ":,", ":")
		}
		p, q := axes(), axes()
		src := func(needs string) string {
			return "name: x\nstages:\n  p: {uses: test/text, matrix: {" + p + "}}\n  q: {uses: test/text, matrix: {" + q + "}}\n  s: {uses: test/text, needs: {" + needs + "}}\n"
		}
		b := pipelinetest.New(t)
		cells := func(needs string) []string {
			g, err := b.Build(src(needs))
			if err != nil {
				return nil // nothing in common
			}
			var list []string
			for _, n := range g.Nodes {
				if n.Stage.Name == "s" {
					list = append(list, pipeline.AxesText(n.Axes))
				}
			}
			slices.Sort(list)
			return list
		}
		pq, qp, pp := cells("a: p, b: q"), cells("a: q, b: p"), cells("a: p, b: p")
		onlyP, onlyQ := cells("a: p"), cells("a: q")
		if !slices.Equal(pq, qp) || !slices.Equal(pp, onlyP) {
			t.Fatalf("seed %d: %s and %s; %s and %s", seed, pq, qp, pp, onlyP)
		}
		var want []string
		for _, x := range onlyP {
			for _, y := range onlyQ {
				if joined, ok := joinText(x, y); ok {
					want = append(want, joined)
				}
			}
		}
		slices.Sort(want)
		if !slices.Equal(pq, want) {
			t.Fatalf("seed %d: %s joined with %s: got %s, want %s", seed, p, q, pq, want)
		}
	}
}

// joinText joins two points as the definition says.
func joinText(x, y string) (string, bool) {
	all := map[string]string{}
	for _, text := range []string{x, y} {
		for _, part := range strings.Split(strings.Trim(text, "[]"), ",") {
			axis, value, _ := strings.Cut(part, "=")
			if v, ok := all[axis]; ok && v != value {
				return "", false
			}
			if axis != "" {
				all[axis] = value
			}
		}
	}
	if len(all) == 0 {
		return "", true
	}
	var parts []string
	for _, axis := range slices.Sorted(maps.Keys(all)) {
		parts = append(parts, axis+"="+all[axis])
	}
	return "[" + strings.Join(parts, ",") + "]", true
}
