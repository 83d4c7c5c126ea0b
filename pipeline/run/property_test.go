package run_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"foil/pipeline/pipelinetest"
)

// A randomStage is a stage of a random spec.
type randomStage struct {
	name   string
	uses   string
	needs  []int // indices of earlier stages
	gather []int
	n, mod int
	axis   string // own axis; empty: none
	size   int
}

// randomSpec makes stages that need and gather earlier ones.
func randomSpec(r *rand.Rand) []randomStage {
	stages := make([]randomStage, 2+r.IntN(8))
	for i := range stages {
		s := randomStage{
			name: fmt.Sprintf("s%d", i),
			uses: []string{"test/text", "test/draws", "test/numeric"}[r.IntN(3)],
			n:    r.IntN(1000),
			mod:  []int{0, 0, 1, 3}[r.IntN(4)],
		}
		for j := range i {
			switch p := r.IntN(4); {
			case p == 0 && len(s.needs) < 3:
				s.needs = append(s.needs, j)
			case p == 1:
				s.gather = append(s.gather, j)
			}
		}
		if i < 3 && r.IntN(2) == 0 {
			s.axis, s.size = []string{"x", "y", "z"}[i], 1+r.IntN(3)
		}
		stages[i] = s
	}
	return stages
}

// write gives the stages as YAML, in some order and under some names.
func writeSpec(stages []randomStage, order []int, prefix string) string {
	var b strings.Builder
	b.WriteString("name: random\nseed: 3\nstages:\n")
	for _, i := range order {
		s := stages[i]
		fmt.Fprintf(&b, "  %s%s:\n    uses: %s\n    with: {n: %d, mod: %d", prefix, s.name, s.uses, s.n, s.mod)
		if s.axis != "" {
			fmt.Fprintf(&b, ", value: \"${matrix.%s}\"}\n    matrix: {%s: [", s.axis, s.axis)
			for v := range s.size {
				fmt.Fprintf(&b, "%d,", v)
			}
			b.WriteString("]")
		}
		b.WriteString("}\n")
		for field, list := range map[string][]int{"needs": s.needs, "gather": s.gather} {
			if len(list) == 0 {
				continue
			}
			fmt.Fprintf(&b, "    %s:\n", field)
			for k, j := range list {
				fmt.Fprintf(&b, "      %s: %s%s\n", map[string]string{"needs": "abcdefghi"[k : k+1], "gather": fmt.Sprint("g", j)}[field], prefix, stages[j].name)
			}
		}
	}
	return b.String()
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

func TestRandomSpecs(t *testing.T) {
	for seed := range uint64(15) {
		r := rand.New(rand.NewPCG(seed, 0))
		b := pipelinetest.New(t)
		stages := randomSpec(r)
		src := writeSpec(stages, upTo(len(stages)), "")
		_, first := b.MustRun(src)

		// The same again, in another order, under other names: nothing runs.
		b.WantRan(src)
		b.WantRan(writeSpec(stages, r.Perm(len(stages)), "renamed_"))

		// After a change of one parameter, exactly the changed cells and the readers of changed
		// outputs run. A run in an empty cache gives the same result.
		changed := slices.Clone(stages)
		i := r.IntN(len(stages))
		changed[i].n += 1 + r.IntN(5)
		src2 := writeSpec(changed, upTo(len(stages)), "")
		g := b.Graph(src2)
		result, err := b.RunGraph(g)
		if err != nil {
			t.Fatal(err)
		}
		fresh := pipelinetest.New(t)
		_, alone := fresh.MustRun(src2)
		if !maps.Equal(pipelinetest.Digests(result), pipelinetest.Digests(alone)) {
			t.Fatalf("seed %d: another outcome than in an empty cache\n%s", seed, src2)
		}
		before, after := pipelinetest.Digests(first), pipelinetest.Digests(result)
		known := map[string]bool{} // keys that are in the cache
		for _, o := range first.Outcomes {
			known[o.Key.String()] = true
		}
		var want []string
		for _, n := range g.Nodes {
			dirty := n.Stage.Name == stages[i].name
			for _, in := range n.Inputs {
				for _, from := range in.From {
					dirty = dirty || before[from.ID] != after[from.ID]
				}
			}
			switch key := result.Of(n.ID).Key.String(); {
			case known[key]: // also equal work of this run, done once
			case !dirty:
				t.Errorf("seed %d: %s has another key, and nothing that it reads changed", seed, n.ID)
			default:
				want = append(want, n.ID)
				known[key] = true
			}
		}
		got := b.Took()
		if len(got) != len(want) {
			t.Fatalf("seed %d: ran %s, want %s\n%s", seed, got, want, src2)
		}
		if t.Failed() {
			t.Fatalf("seed %d\n%s", seed, src2)
		}
	}
}
