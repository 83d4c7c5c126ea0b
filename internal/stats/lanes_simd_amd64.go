//go:build amd64 && goexperiment.simd

package stats

import "simd/archsimd"

var haveAVX2 = archsimd.X86.AVX2()

// halves are the two registers of an octet.
func (o *octet) halves() (low, high *[4]float64) {
	return (*[4]float64)(o[:4]), (*[4]float64)(o[4:])
}

// addOctets adds to each sum the entries of two tables that the masks name.
func addOctets(sums []octet, tables *[2][256]octet, b0, b1 []byte) {
	if !haveAVX2 {
		addOctetsPlain(sums, tables, b0, b1)
		return
	}
	b0, b1 = b0[:len(sums)], b1[:len(sums)]
	for i := range sums {
		low, high := sums[i].halves()
		lowX, highX := tables[0][b0[i]].halves()
		lowY, highY := tables[1][b1[i]].halves()
		x := archsimd.LoadFloat64x4(lowX).Add(archsimd.LoadFloat64x4(lowY))
		y := archsimd.LoadFloat64x4(highX).Add(archsimd.LoadFloat64x4(highY))
		archsimd.LoadFloat64x4(low).Add(x).Store(low)
		archsimd.LoadFloat64x4(high).Add(y).Store(high)
	}
	archsimd.ClearAVXUpperBits()
}

// addTerm sets to[i] to from[i] plus the term.
func addTerm(to, from []octet, term *octet) {
	if !haveAVX2 {
		addTermPlain(to, from, term)
		return
	}
	to = to[:len(from)]
	low, high := term.halves()
	x, y := archsimd.LoadFloat64x4(low), archsimd.LoadFloat64x4(high)
	for i := range from {
		low, high := from[i].halves()
		toLow, toHigh := to[i].halves()
		archsimd.LoadFloat64x4(low).Add(x).Store(toLow)
		archsimd.LoadFloat64x4(high).Add(y).Store(toHigh)
	}
	archsimd.ClearAVXUpperBits()
}
