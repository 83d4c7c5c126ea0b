package kernels

import "time"

// Peak measures the multiplications and additions that a thread can do in a second: the roof for the
// speed of products and convolutions. 0: this processor or build has no AVX-512.
func Peak() float64 {
	if !haveProducts {
		return 0
	}
	const n, rounds = 1 << 17, 5
	best := time.Duration(1 << 62)
	for range rounds {
		start := time.Now()
		peak(n)
		best = min(best, time.Since(start))
	}
	return 2 * 24 * 16 * n / best.Seconds()
}
