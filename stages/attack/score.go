package attack

import (
	"math"
	"slices"

	"foil/internal/artifact"
	"foil/internal/scores"
	"foil/models/adversary"
)

// score compares an attacker's outputs [users, outputs] with the true values, and adds the
// baselines. It returns the metrics, and the numbers of each user.
func (v victim) score(outputs []float32, truth adversary.Targets, p *LatentProbeParams) ([]artifact.Metric, []artifact.OutcomeSeries) {
	if v.Classes == nil {
		return v.scoreNumber(outputs, truth.Value)
	}
	accuracy := scores.BalancedAccuracy
	if p.Average == overBatches {
		accuracy = func(predicted, truth []int32) float64 { return batchedAccuracy(predicted, truth, p.Batch) }
	}
	predicted := argmax(outputs, v.config.Outputs())
	majority := make([]int32, len(predicted))
	for i := range majority {
		majority[i] = scores.Majority(v.train.Class)
	}
	metrics := []artifact.Metric{
		{Name: "bacc", Value: accuracy(predicted, truth.Class)},
		{Name: "bacc_majority", Value: accuracy(majority, truth.Class)},
	}
	label := v.column("label", len(predicted), func(u int) float64 { return known(truth.Class[u], float64(truth.Class[u])) })
	right := v.column("bacc", len(predicted), func(u int) float64 {
		if predicted[u] == truth.Class[u] {
			return 1
		}
		return known(truth.Class[u], 0)
	})
	if p.Average == overBatches {
		for u, weight := range batchWeights(truth.Class, p.Batch) {
			right.Values[u] *= weight
		}
	} else {
		right.Balance = label.Column()
	}
	return metrics, []artifact.OutcomeSeries{
		label,
		v.column("score", len(predicted), func(u int) float64 { return v.probability(outputs, u, truth.Class[u]) }),
		v.column("predicted", len(predicted), func(u int) float64 { return float64(predicted[u]) }),
		right,
	}
}

// column computes a number for each user.
func (v victim) column(name string, users int, of func(user int) float64) artifact.OutcomeSeries {
	s := artifact.OutcomeSeries{Name: name, Group: v.Name, Values: make([]float64, users)}
	for u := range s.Values {
		s.Values[u] = of(u)
	}
	return s
}

// known returns NaN for users whose class is not known, and value for the others.
func known(class int32, value float64) float64 {
	if class < 0 {
		return math.NaN()
	}
	return value
}

// probability is the attacker's probability of the second of two classes, as for a ROC curve. With
// more classes, it is that of the user's class.
func (v victim) probability(outputs []float32, user int, class int32) float64 {
	n := v.config.Outputs()
	if n == 2 {
		class = 1
	} else if class < 0 {
		return math.NaN()
	}
	logits := outputs[user*n : (user+1)*n]
	sum := 0.0
	for _, logit := range logits {
		sum += math.Exp(float64(logit) - float64(logits[class]))
	}
	return 1 / sum
}

func (v victim) scoreNumber(outputs, truth []float32) ([]artifact.Metric, []artifact.OutcomeSeries) {
	n := len(truth)
	constant := func(value float64) []float32 { return slices.Repeat([]float32{float32(value)}, n) }
	mean, median := constant(scores.Mean(v.train.Value)), constant(scores.Median(v.train.Value))
	found := scores.MeanAbsoluteError(outputs, truth)
	metrics := []artifact.Metric{
		{Name: "mae", Value: found},
		{Name: "mae_original", Value: found * v.Scale},
		{Name: "mae_mean", Value: scores.MeanAbsoluteError(mean, truth)},
		{Name: "mae_median", Value: scores.MeanAbsoluteError(median, truth)},
	}
	wrongBy := func(predicted []float32, u int) float64 { return float64(predicted[u]) - float64(truth[u]) }
	return metrics, []artifact.OutcomeSeries{
		v.column("label", n, func(u int) float64 { return float64(truth[u]) }),
		v.column("score", n, func(u int) float64 { return float64(outputs[u]) }),
		v.column("error", n, func(u int) float64 { return wrongBy(outputs, u) }),
		v.column("mae", n, func(u int) float64 { return math.Abs(wrongBy(outputs, u)) }),
	}
}

func argmax(outputs []float32, classes int) []int32 {
	out := make([]int32, len(outputs)/classes)
	for u := range out {
		row := outputs[u*classes : (u+1)*classes]
		for c, value := range row {
			if value > row[out[u]] {
				out[u] = int32(c)
			}
		}
	}
	return out
}

// batchedAccuracy averages the balanced accuracy of the batches, weighted by their sizes, as the
// published code does. It differs from the accuracy over all users, because a batch has another share
// of each class than the others, and may lack one.
func batchedAccuracy(predicted, truth []int32, batch int) float64 {
	sum, n := 0.0, 0
	for u, weight := range batchWeights(truth, batch) {
		if truth[u] < 0 {
			continue
		}
		n++
		if predicted[u] == truth[u] {
			sum += weight
		}
	}
	return sum / float64(n)
}

// batchWeights returns what the right prediction of each user counts in batchedAccuracy, which is the
// mean over the users whose class is known. The balanced accuracy of a batch of n users with c
// classes is the sum of 1/(c * members of the user's class), and it counts n times.
func batchWeights(truth []int32, batch int) []float64 {
	weights := make([]float64, 0, len(truth))
	for users := range slices.Chunk(truth, batch) {
		n, members := 0, map[int32]int{}
		for _, class := range users {
			if class >= 0 {
				n++
				members[class]++
			}
		}
		for _, class := range users {
			weights = append(weights, float64(n)/float64(len(members)*max(members[class], 1)))
		}
	}
	return weights
}
