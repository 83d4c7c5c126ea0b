package evaluate

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"foil/internal/artifact"
	"foil/internal/scores"
)

// perUser are the metrics that are means over users.
var perUser = []struct {
	name  string
	score func(top, target []int32, k int) float64
}{
	{"ndcg", scores.NDCG},
	{"recall", scores.Recall},
	{"hits", func(top, target []int32, k int) float64 { return float64(scores.Hits(top, target, k)) }},
}

// scoreUser returns the scores of a user: for each cut-off, those of perUser.
func scoreUser(top, target []int32, cutoffs []int) []float64 {
	out := make([]float64, 0, len(cutoffs)*len(perUser))
	for _, k := range cutoffs {
		for _, m := range perUser {
			out = append(out, m.score(top, target, k))
		}
	}
	return out
}

// A tally sums the scores of a group of users.
type tally struct {
	group    string
	k        []int
	users    int
	sums     []float64          // as from scoreUser
	coverage []*scores.Coverage // by cut-off
}

func newTally(group string, k []int, items int) *tally {
	t := &tally{group: group, k: k, sums: make([]float64, len(k)*len(perUser))}
	for range k {
		t.coverage = append(t.coverage, scores.NewCoverage(items))
	}
	return t
}

// add adds a user, with the scores from scoreUser.
func (t *tally) add(user []float64, top []int32) {
	t.users++
	for i, v := range user {
		t.sums[i] += v
	}
	for i, k := range t.k {
		t.coverage[i].Add(top[:min(k, len(top))])
	}
}

// mean is the mean of score i of scoreUser.
func (t *tally) mean(i int) float64 { return t.sums[i] / float64(t.users) }

func (t *tally) metrics() []artifact.Metric {
	var out []artifact.Metric
	for i, k := range t.k {
		for j, m := range perUser {
			out = append(out, artifact.Metric{Name: m.name, Value: t.mean(i*len(perUser) + j), K: k, Group: t.group})
		}
		out = append(out, artifact.Metric{Name: "coverage", Value: t.coverage[i].Value(), K: k, Group: t.group})
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
		out = append(out, grouping{attribute: name, value: a.Texts(), tallies: map[string]*tally{}})
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
	for i, k := range k {
		for j, m := range perUser {
			out = append(out, artifact.Metric{Name: m.name + "_gap", Value: g.gap(i*len(perUser) + j), K: k, Group: g.attribute})
		}
	}
	return out
}

// gap is the difference between the highest and the lowest mean of score i.
func (g grouping) gap(i int) float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, t := range g.tallies {
		low, high = min(low, t.mean(i)), max(high, t.mean(i))
	}
	return high - low
}
