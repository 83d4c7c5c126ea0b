package kernels

import "unsafe"

// ahead loads memory into the second-level cache while products are computed, a line for each term.
// The processor does that by itself only where lines follow each other for long: columns of a
// matrix with long rows do not.
type ahead struct {
	lines []int // distances from the base in bytes, in the order in which they are needed
	terms []int // the line for each term of the tiles
	next  int   // of terms
	base  *float32
}

// lineValues is the number of float32 in a line of the caches.
const lineValues = 16

func (a *ahead) reset() { a.lines = a.lines[:0] }

// add appends the lines of n values at x, but for a line that begins before x: it belongs to the
// columns before.
func (a *ahead) add(base unsafe.Pointer, x *float32, n int) {
	at := int(uintptr(unsafe.Pointer(x))-uintptr(base)) + 4*(lineValues-1)
	for ; n > 0; n -= lineValues {
		a.lines = append(a.lines, at)
		at += 4 * lineValues
	}
}

// spread distributes the lines over a number of terms. Lines that are too many are left out.
func (a *ahead) spread(terms int) {
	a.terms = a.terms[:0]
	if len(a.lines) == 0 {
		return
	}
	n := min(len(a.lines), terms)
	line, rest := 0, 0
	for range terms {
		a.terms = append(a.terms, a.lines[line])
		if rest += n; rest >= terms {
			line, rest = line+1, rest-terms
		}
	}
}

// begin starts again with the first line. base is where the lines are counted from.
func (a *ahead) begin(base *float32) { a.next, a.base = 0, base }

// tile is a fused tile. With all rows, it loads lines.
func (a *ahead) tile(rows, k int, x *float32, xRow, xStep int, y *float32, yStep int, z *float32, zStep int, columns uint64, add bool) {
	if rows < tileRows || a.next+k > len(a.terms) {
		fusedTiles[rows](k, x, xRow, xStep, y, yStep, z, zStep, columns, add)
		return
	}
	fetching6(k, x, xRow, xStep, y, yStep, z, zStep, columns, add, &a.terms[a.next], a.base)
	a.next += k
}
