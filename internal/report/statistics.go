package report

import "math"

// A Stat summarises the values of an entry.
type Stat struct {
	Mean float64
	SD   float64 // of the sample (n-1); NaN below two values
	N    int
}

// Summarise returns mean and sample standard deviation. The second pass over the
// differences keeps the digits that the sum of squares would lose.
func Summarise(values []float64) Stat {
	n := len(values)
	if n == 0 {
		return Stat{Mean: math.NaN(), SD: math.NaN()}
	}
	var sum float64
	for _, v := range values {
		sum += v
	}
	mean := sum / float64(n)
	if n == 1 {
		return Stat{Mean: mean, SD: math.NaN(), N: 1}
	}
	var squares float64
	for _, v := range values {
		squares += float64((v - mean) * (v - mean)) // rounded here: a fused step would differ between machines
	}
	return Stat{Mean: mean, SD: math.Sqrt(squares / float64(n-1)), N: n}
}
