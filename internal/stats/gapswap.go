package stats

import (
	"math"
	"slices"
)

// A gapSwap is a gapDifference whose units can change places between its rows.
type gapSwap struct {
	*gapDifference
	terms  terms     // the difference of each unit, by group; each group begins at a byte of the masks
	bytes  []int     // where the groups begin, and the end
	moved  []int     // places in terms of the units whose values differ
	both   []float64 // of each group: the sum of the values of both rows, at the same mean
	total  []float64 // of each group: the sum of its terms
	spread []float64 // of each group: the sum of the squares of what units add to its mean
	most   []float64 // of each group: the sum of the magnitudes of what units add to its mean
}

func newGapSwap(t *gapDifference) *gapSwap {
	groups := len(t.size)
	s := &gapSwap{gapDifference: t, both: make([]float64, groups), total: make([]float64, groups),
		spread: make([]float64, groups), most: make([]float64, groups)}
	var list []float64
	for i, u := range t.units {
		if i == 0 || u.group != t.units[i-1].group {
			for len(list)%8 > 0 {
				list = append(list, 0)
			}
			s.bytes = append(s.bytes, len(list)/8)
		}
		if u.sum != 0 {
			s.moved = append(s.moved, len(list))
		}
		list = append(list, u.sum)
		adds := u.sum / t.size[u.group]
		s.spread[u.group] += float64(adds * adds)
		s.most[u.group] += math.Abs(adds)
	}
	s.bytes = append(s.bytes, (len(list)+7)/8)
	s.terms = integers(list)
	for g, n := range t.size {
		s.both[g] = float64(n * (t.means[0][g] + t.means[1][g] + t.shift))
		for _, v := range s.group(g) {
			s.total[g] += v
		}
	}
	return s
}

// group are the terms of a group.
func (s *gapSwap) group(g int) []float64 {
	return s.terms.list[8*s.bytes[g] : min(8*s.bytes[g+1], len(s.terms.list))]
}

// test counts the swaps.
func (s *gapSwap) test(e Estimate, b Resampling) Result {
	r := Result{Difference: e, Effect: math.NaN(), N: s.n, Equal: len(s.units) - len(s.moved), Exact: len(s.moved) <= exactUnits}
	times, draw := max(b.Times, 0), flips(b.Seed)
	if r.Exact {
		times, draw = 1<<len(s.moved), enumerateAt(s.moved)
	}
	if times == 0 {
		r.P, r.Least, r.Reason = math.NaN(), math.NaN(), reasonDraws
		return r
	}
	all := s.swaps(times, draw)
	seen := math.Abs(s.after(make([]float64, len(s.size))))
	slack := math.Ldexp(tolerance, -s.terms.shift)/slices.Min(s.size) + 1e-13*s.largest
	atLeast := func(bound float64) (n float64) {
		for _, d := range all {
			if d >= bound-slack {
				n++
			}
		}
		return n
	}
	as, n := atLeast(seen), float64(times)
	if r.Exact {
		r.P, r.Least = as/n, atLeast(slices.Max(all))/n
		return r
	}
	r.P = (as + 1) / (n + 1)
	if as == 0 {
		r.P = min(r.P, s.tailBound(seen-slack))
	}
	widest := 0.0 // no swap makes gaps that differ more
	s.eachPair(func(i, j int) { widest = max(widest, s.most[i]+s.most[j]) })
	r.Least = min(1/(n+1), s.tailBound(widest))
	return r
}

// swaps are the differences of the gaps in size, after the values of some units have changed places.
func (s *gapSwap) swaps(times int, draw drawing) []float64 {
	all := make([]float64, times)
	parallel((times+chunk-1)/chunk, func(k int) {
		first := k * chunk
		size := min(chunk, times-first)
		mask := make([][]byte, s.bytes[len(s.size)])
		for i := range mask {
			mask[i] = make([]byte, size)
		}
		draw(mask, first)
		sums := newGroupSums(len(s.size), size)
		for g := range sums {
			addSubsets(sums[g], s.group(g), mask[s.bytes[g]:s.bytes[g+1]])
		}
		moved := make([]float64, len(s.size))
		for i := range size {
			for g := range sums {
				moved[g] = sums[g][i]
			}
			all[first+i] = math.Abs(s.after(moved))
		}
	})
	return all
}

// after is the difference of the gaps after units of each group have changed places whose terms have
// the given sums.
func (s *gapSwap) after(moved []float64) float64 {
	a, b := make([]float64, len(s.size)), make([]float64, len(s.size))
	for g, n := range s.size {
		d := math.Ldexp(s.total[g]-2*moved[g], -s.terms.shift)
		a[g], b[g] = (s.both[g]+d)/(2*n), (s.both[g]-d)/(2*n)
	}
	of, _, _ := s.gap(a)
	minus, _, _ := s.gap(b)
	return of - minus
}

// tailBound is not below the share of all swaps that make a difference of the given size. The
// difference of two gaps is at most the largest difference between groups of what the rows differ by:
// so it is bounded by the sums of random signs of all pairs of groups, and each of these as in
// flipTest.tailBound.
func (s *gapSwap) tailBound(size float64) float64 {
	var bound float64
	s.eachPair(func(i, j int) {
		if squares := s.spread[i] + s.spread[j]; squares > 0 {
			bound += signTail(size / math.Sqrt(squares))
		}
	})
	return roundedUp(bound)
}

func (s *gapSwap) eachPair(do func(i, j int)) {
	for i := range s.size {
		for j := range i {
			do(j, i)
		}
	}
}

// enumerateAt has each subset of the units at some places once.
func enumerateAt(places []int) drawing {
	return func(mask [][]byte, first int) {
		for k, place := range places {
			bits := mask[place/8]
			for i := range bits {
				bits[i] |= byte((first+i)>>k&1) << (place % 8)
			}
		}
	}
}
