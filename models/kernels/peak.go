package kernels

import "time"

// Peak measures the multiplications and additions that a thread can do in a second: the roof for the
// speed of products and convolutions. 0: this processor or build has neither AVX-512 nor AVX2.
func Peak() float64 {
	var run func(n int)
	var operations float64 // of a round of run
	switch best {
	case avx512:
		run, operations = peak512, 2*24*16
	case avx2:
		run, operations = peak2, 2*12*8
	default:
		return 0
	}
	const n, rounds = 1 << 17, 5
	fastest := time.Duration(1 << 62)
	for range rounds {
		start := time.Now()
		run(n)
		fastest = min(fastest, time.Since(start))
	}
	return operations * n / fastest.Seconds()
}
