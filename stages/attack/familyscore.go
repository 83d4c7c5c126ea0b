package attack

import (
	"math"
	"slices"

	"foil/internal/artifact"
	"foil/internal/learners"
	"foil/internal/scores"
)

// score returns the metrics of all members, of the strongest one and of the baselines on the users
// of a part, and the numbers of each user.
func (s *subject) score(results []result, part string) ([]artifact.Metric, []artifact.OutcomeSeries) {
	from, to := s.parts[part][0], s.parts[part][1]
	p := &paper{subject: s, from: from, to: to}
	p.add(s.Name, "label", func(i int) float64 {
		if s.Classes != nil {
			return float64(s.truth.Class[i])
		}
		return float64(s.truth.Value[i])
	}, "")
	chosen := results[slices.IndexFunc(results, func(r result) bool { return r.chosen })]
	p.attacker(s.Name, chosen)
	p.baselines()
	for _, r := range results {
		group := memberGroup(s.Name, r.member)
		p.attacker(group, r)
		value := 0.0
		if r.chosen {
			value = 1
		}
		p.metrics = append(p.metrics, artifact.Metric{Name: "chosen", Group: group, Value: value})
	}
	return p.metrics, p.series
}

// A paper collects the scores on some of the held users.
type paper struct {
	*subject
	from, to int // rows of the held users
	metrics  []artifact.Metric
	series   []artifact.OutcomeSeries
}

// add adds a number for each user that has the attribute.
func (p *paper) add(group, name string, of func(row int) float64, balance string) {
	s := artifact.OutcomeSeries{Name: name, Group: group, Balance: balance}
	for i := p.from; i < p.to; i++ {
		v := math.NaN()
		if isKnown(p.truth, i) {
			v = of(i)
		}
		s.Values = append(s.Values, v)
	}
	p.series = append(p.series, s)
}

// right adds a balanced accuracy.
func (p *paper) right(group, name string, predicted func(row int) int32) {
	label := artifact.OutcomeSeries{Name: "label", Group: p.Name}
	p.add(group, name, func(i int) float64 {
		if predicted(i) == p.truth.Class[i] {
			return 1
		}
		return 0
	}, label.Column())
	all := make([]int32, p.to-p.from)
	for i := range all {
		all[i] = predicted(p.from + i)
	}
	p.metrics = append(p.metrics, artifact.Metric{Name: name, Group: group, Value: scores.BalancedAccuracy(all, p.truth.Class[p.from:p.to])})
}

// distance adds a mean absolute error, times a scale.
func (p *paper) distance(group, name string, predicted func(row int) float64, scale float64) {
	p.add(group, name, func(i int) float64 { return math.Abs(predicted(i)-float64(p.truth.Value[i])) * scale }, "")
	sum, n := 0.0, 0
	for _, v := range p.series[len(p.series)-1].Values {
		if !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	p.metrics = append(p.metrics, artifact.Metric{Name: name, Group: group, Value: sum / float64(n)})
}

// attacker adds the scores of an attacker.
func (p *paper) attacker(group string, r result) {
	if p.Classes == nil {
		said := func(i int) float64 { return r.answer.X[i] }
		p.add(group, "score", said, "")
		p.add(group, "error", func(i int) float64 { return said(i) - float64(p.truth.Value[i]) }, "")
		p.distance(group, "mae", said, 1)
		p.distance(group, "mae_original", said, p.Scale)
		p.distance(group, "shuffled_mae", func(i int) float64 { return r.shuffled.X[i] }, 1)
		return
	}
	predicted, shuffled := mostProbable(r.answer), mostProbable(r.shuffled)
	p.add(group, "score", func(i int) float64 {
		if len(p.Classes) == 2 {
			return r.answer.Row(i)[1]
		}
		return r.answer.Row(i)[p.truth.Class[i]]
	}, "")
	p.add(group, "predicted", func(i int) float64 { return float64(predicted[i]) }, "")
	p.right(group, "bacc", func(i int) int32 { return predicted[i] })
	p.right(group, "shuffled_bacc", func(i int) int32 { return shuffled[i] })

	var rows []int
	var class []int32
	for i := p.from; i < p.to; i++ {
		if isKnown(p.truth, i) {
			rows, class = append(rows, i), append(class, p.truth.Class[i])
		}
	}
	p.metrics = append(p.metrics, artifact.Metric{Name: "auc", Group: group, Value: learners.ClassAUC(r.answer.Take(rows), class)})
}

// baselines adds the scores of those who see no vector.
func (p *paper) baselines() {
	if p.Classes != nil {
		majority := scores.Majority(p.class)
		p.right(p.Name, "bacc_majority", func(int) int32 { return majority })
		return
	}
	value := float32s(p.value)
	mean, median := scores.Mean(value), scores.Median(value)
	p.distance(p.Name, "mae_mean", func(int) float64 { return mean }, 1)
	p.distance(p.Name, "mae_median", func(int) float64 { return median }, 1)
}

func float32s(values []float64) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		out[i] = float32(v)
	}
	return out
}
