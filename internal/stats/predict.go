package stats

import "math"

// Prediction is the mean of the runs, with the interval that holds the value of one more run: mean
// +- t(n-1) sd sqrt(1 + 1/n). Missing values are left out.
func Prediction(values []float64, level float64) Estimate {
	a, reason := arrange(Sample{Values: values})
	if reason != "" {
		return undefined(reason)
	}
	v, reason := a.variance()
	if reason != "" {
		return a.estimate().without(reason)
	}
	return PredictionFrom(a.mean, math.Sqrt(v.variance*float64(a.n)), a.n, level)
}

// PredictionFrom is Prediction where only the mean, the sample standard deviation (n-1) and the
// number of runs are known, as papers print them.
func PredictionFrom(mean, sd float64, n int, level float64) Estimate {
	return PredictionOfMean(mean, sd, n, 1, level)
}

// PredictionOfMean is PredictionFrom for the mean of several further runs instead of one: mean +-
// t(n-1) sd sqrt(1/further + 1/n).
//
// If the n runs and the further ones are draws from one normal distribution, the difference of the
// two means has the variance s²(1/further + 1/n). Its ratio to the deviation that the n runs
// estimate has Student's t distribution with n-1 degrees of freedom. The further runs estimate no
// deviation: whether they vary as the others do is not what the interval tells.
func PredictionOfMean(mean, sd float64, n, further int, level float64) Estimate {
	e := Estimate{Value: mean, N: n, Units: n}
	switch {
	case math.IsNaN(mean) || math.IsInf(mean, 0) || !(sd >= 0) || math.IsInf(sd, 0):
		return undefined("no valid mean and deviation")
	case n < 2:
		return e.without("fewer than two runs")
	case sd == 0:
		return e.without("the standard deviation is zero")
	case !validLevel(level):
		return e.without(reasonLevel)
	case further < 1:
		return e.without("no further runs")
	}
	deviation := sd * math.Sqrt(1/float64(further)+1/float64(n))
	return e.around(level, spread{deviation * deviation, float64(n - 1)})
}
