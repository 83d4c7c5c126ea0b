package attack

import (
	"foil/internal/artifact"
	"foil/internal/scores"
)

// score compares an attacker's outputs [users, outputs] with the true values, and adds the
// baselines.
func (v victim) score(outputs []float32, batch int) []artifact.Metric {
	if v.Classes == nil {
		return v.scoreNumber(outputs)
	}
	predicted := argmax(outputs, v.config.Outputs())
	majority := make([]int32, len(predicted))
	for i := range majority {
		majority[i] = scores.Majority(v.train.Class)
	}
	return []artifact.Metric{
		{Name: "bacc", Value: scores.BalancedAccuracy(predicted, v.test.Class)},
		{Name: "bacc_batches", Value: batchedAccuracy(predicted, v.test.Class, batch)},
		{Name: "bacc_majority", Value: scores.BalancedAccuracy(majority, v.test.Class)},
	}
}

func (v victim) scoreNumber(outputs []float32) []artifact.Metric {
	constant := func(value float64) []float32 {
		out := make([]float32, len(outputs))
		for i := range out {
			out[i] = float32(value)
		}
		return out
	}
	mae := func(predicted []float32) float64 { return scores.MeanAbsoluteError(predicted, v.test.Value) }
	found := mae(outputs)
	return []artifact.Metric{
		{Name: "mae", Value: found},
		{Name: "mae_original", Value: found * v.Scale},
		{Name: "mae_mean", Value: mae(constant(scores.Mean(v.train.Value)))},
		{Name: "mae_median", Value: mae(constant(scores.Median(v.train.Value)))},
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
// published code does. It differs slightly from the accuracy over all test users, because a batch
// may lack a class.
func batchedAccuracy(predicted, truth []int32, batch int) float64 {
	sum, n := 0.0, 0
	for start := 0; start < len(truth); start += batch {
		end := min(start+batch, len(truth))
		members := 0
		for _, class := range truth[start:end] {
			if class >= 0 {
				members++
			}
		}
		if members == 0 {
			continue
		}
		sum += float64(members) * scores.BalancedAccuracy(predicted[start:end], truth[start:end])
		n += members
	}
	return sum / float64(n)
}
