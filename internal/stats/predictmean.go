package stats

import "math"

// PredictionOfMean is PredictionFrom for the mean of several further runs instead of one: mean +-
// t(n-1) sd sqrt(1/further + 1/n).
//
// If the n runs and the further ones are draws from one normal distribution, the difference of the
// two means has the variance s²(1/further + 1/n). Its ratio to the deviation that the n runs
// estimate has Student's t distribution with n-1 degrees of freedom. The further runs estimate no
// deviation: whether they vary as the others do is not what the interval tells.
func PredictionOfMean(mean, sd float64, n, further int, level float64) Estimate {
	e := PredictionFrom(mean, sd, n, level)
	if e.Reason != "" {
		return e
	}
	if further < 1 {
		return e.without("no further runs")
	}
	deviation := sd * math.Sqrt(1/float64(further)+1/float64(n))
	return e.around(level, spread{deviation * deviation, float64(n - 1)})
}
