package evaluate

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"foil/internal/artifact"
	"foil/internal/scores"
)

// A tally sums the scores of a group of users.
type tally struct {
	group        string
	k            []int
	users        int
	ndcg, recall []float64 // sums, one for each k
	coverage     []*scores.Coverage
}

func newTally(group string, k []int, items int) *tally {
	t := &tally{group: group, k: k, ndcg: make([]float64, len(k)), recall: make([]float64, len(k))}
	for range k {
		t.coverage = append(t.coverage, scores.NewCoverage(items))
	}
	return t
}

func (t *tally) add(top, target []int32) {
	t.users++
	for i, k := range t.k {
		t.ndcg[i] += scores.NDCG(top, target, k)
		t.recall[i] += scores.Recall(top, target, k)
		t.coverage[i].Add(top[:min(k, len(top))])
	}
}

func (t *tally) metrics() []artifact.Metric {
	var out []artifact.Metric
	n := float64(t.users)
	for i, k := range t.k {
		for _, m := range []struct {
			name  string
			value float64
		}{{"ndcg", t.ndcg[i] / n}, {"recall", t.recall[i] / n}, {"coverage", t.coverage[i].Value()}} {
			out = append(out, artifact.Metric{Name: m.name, Value: m.value, K: k, Group: t.group, Split: artifact.Test})
		}
	}
	return out
}

// A grouping splits users by the value of an attribute.
type grouping struct {
	attribute string
	value     []string // of each user; "" where it is missing
	tallies   map[string]*tally
}

func groupsOf(split *artifact.Split, attributes []string) ([]grouping, error) {
	var out []grouping
	for _, name := range attributes {
		a, err := split.Users.Attribute(name)
		if err != nil {
			return nil, err
		}
		g := grouping{attribute: name, value: a.Category}
		if a.IsNumeric() {
			g.value = make([]string, len(a.Number))
			for i, v := range a.Number {
				if !math.IsNaN(float64(v)) {
					g.value[i] = strconv.FormatFloat(float64(v), 'g', -1, 32)
				}
			}
		}
		out = append(out, g)
	}
	for i := range out {
		out[i].tallies = map[string]*tally{}
	}
	return out, nil
}

// of returns the tally of the group that a user belongs to, or nil if the attribute is missing.
func (g grouping) of(user int32, k []int, items int) *tally {
	value := g.value[user]
	if value == "" {
		return nil
	}
	t, ok := g.tallies[value]
	if !ok {
		t = newTally(fmt.Sprintf("%s=%s", g.attribute, value), k, items)
		g.tallies[value] = t
	}
	return t
}

// metrics returns the scores of each group and, under the attribute's name, the gap between the
// best and the worst group. A single group has no gap.
func (g grouping) metrics(k []int) []artifact.Metric {
	var out []artifact.Metric
	for _, value := range slices.Sorted(maps.Keys(g.tallies)) {
		out = append(out, g.tallies[value].metrics()...)
	}
	if len(g.tallies) < 2 {
		return out
	}
	for i := range k {
		out = append(out,
			artifact.Metric{Name: "ndcg_gap", Value: g.gap(func(t *tally) float64 { return t.ndcg[i] / float64(t.users) }), K: k[i], Group: g.attribute, Split: artifact.Test},
			artifact.Metric{Name: "recall_gap", Value: g.gap(func(t *tally) float64 { return t.recall[i] / float64(t.users) }), K: k[i], Group: g.attribute, Split: artifact.Test})
	}
	return out
}

func (g grouping) gap(value func(*tally) float64) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, t := range g.tallies {
		v := value(t)
		low, high = min(low, v), max(high, v)
	}
	return high - low
}
