//go:build !(amd64 && goexperiment.simd)

package stats

// addOctets adds to each sum the entries of two tables that the masks name.
func addOctets(sums []octet, tables *[2][256]octet, b0, b1 []byte) {
	addOctetsPlain(sums, tables, b0, b1)
}

// addTerm sets to[i] to from[i] plus the term.
func addTerm(to, from []octet, term *octet) { addTermPlain(to, from, term) }
