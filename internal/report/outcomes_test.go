package report

import (
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"foil/internal/artifact"
	"foil/internal/stats"
)

// withUsers gives the cells of a sample outcomes of users, whose means become the metrics. Each fold
// has users of its own, who are the same for all models: most of what makes a user easy or hard is
// so for every model. Baselines have no outcomes.
func withUsers(gathered map[string][]Cell, users int) map[string][]Cell {
	for _, cells := range gathered {
		for i := range cells {
			addUsers(&cells[i], users)
		}
	}
	return gathered
}

func addUsers(c *Cell, users int) {
	fold, _ := value(c.Axes, "fold")
	easy := make([]float64, users)
	random := rand.New(rand.NewPCG(uint64(fold.Int), 7))
	for u := range easy {
		easy[u] = random.Float64()
	}
	o := &artifact.Outcomes{Unit: artifact.UnitUser}
	label := artifact.OutcomeSeries{Name: "label", Group: "gender"}
	for _, checkpoint := range []string{"best", "last"} {
		o.Parts = append(o.Parts, artifact.OutcomePart{Split: "test", Checkpoint: checkpoint, Rows: users})
		for u := range users {
			o.Units = append(o.Units, int32(int(fold.Int)*users+u))
			label.Values = append(label.Values, float64(u%3/2))
		}
	}
	for part, checkpoint := range []string{"best", "last"} {
		for i := range c.Metrics {
			m := &c.Metrics[i]
			if m.Checkpoint != checkpoint {
				continue
			}
			s := seriesIn(o, m)
			values := s.Values[part*users : (part+1)*users]
			h := fnv.New64a()
			h.Write([]byte(c.Digest.String() + m.Name))
			own := rand.New(rand.NewPCG(h.Sum64(), uint64(m.K)))
			for u := range values {
				values[u] = outcome(m, easy[u], own)
			}
			sample := stats.Sample{Values: values}
			if s.Balance != "" {
				for _, class := range label.Values[:users] {
					sample.Class = append(sample.Class, int32(class))
				}
			}
			m.Value = sample.Mean()
		}
	}
	o.Series = append(o.Series, label)
	c.Outcomes = func() (*artifact.Outcomes, error) { return o, nil }
}

// seriesIn is the column of a metric.
func seriesIn(o *artifact.Outcomes, m *artifact.Metric) *artifact.OutcomeSeries {
	want := artifact.OutcomeSeries{Name: m.Name, K: m.K, Group: m.Group}
	if i := slices.IndexFunc(o.Series, func(s artifact.OutcomeSeries) bool { return s.Column() == want.Column() }); i >= 0 {
		return &o.Series[i]
	}
	for range o.Units {
		want.Values = append(want.Values, math.NaN())
	}
	if m.Name == "bacc" {
		want.Balance = m.Group + ":label"
	}
	o.Series = append(o.Series, want)
	return &o.Series[len(o.Series)-1]
}

// outcome is the value of one user, whose expectation is the metric.
func outcome(m *artifact.Metric, easy float64, own *rand.Rand) float64 {
	if m.Name == "bacc" {
		if own.Float64() < 0.1 { // another answer than most models give
			easy = own.Float64()
		}
		if easy < m.Value {
			return 1
		}
		return 0
	}
	return m.Value * (0.5 + easy + 0.1*own.NormFloat64())
}
