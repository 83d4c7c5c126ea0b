package chart

import (
	"math"
	"slices"
)

// A scale maps values to places.
type scale struct {
	low, high float64 // values
	from, to  float64 // places
	ticks     []float64
	labels    []string
}

// at is the place of a value. The conversion keeps machines from fusing product
// and sum, which would round differently.
func (s scale) at(v float64) float64 {
	return s.from + float64((v-s.low)/(s.high-s.low)*(s.to-s.from))
}

func (s scale) holds(v float64) bool { return s.low <= v && v <= s.high }

// vertical is the scale of y: ends that are not given are ticks.
func (c *Chart) vertical() scale {
	low, high := math.Inf(1), math.Inf(-1)
	for _, l := range c.Lines {
		for _, p := range l.Points {
			if p.drawn() {
				low, high = min(low, p.Y), max(high, p.Y)
			}
			if p.banded() {
				low, high = min(low, p.Low), max(high, p.High)
			}
		}
	}
	if low > high {
		low, high = 0, 1
	}
	if c.Min != nil {
		low, high = bounded(*c.Min), max(high, bounded(*c.Min))
	}
	if c.Max != nil {
		low, high = min(low, bounded(*c.Max)), bounded(*c.Max)
	}
	low, high = apart(low, high, c.Min != nil, c.Max != nil)
	const steps = 5
	s := strideFor(high-low, steps)
	if c.Min == nil {
		low = s.times(math.Floor(low/s.size() + 1e-6))
	}
	if c.Max == nil {
		high = s.times(math.Ceil(high/s.size() - 1e-6))
	}
	ticks := s.within(low, high)
	return scale{low: low, high: high, ticks: ticks, labels: s.labels(ticks)}
}

func bounded(v float64) float64 { return max(-most, min(most, v)) }

// apart widens a range in which all is equal, or nearly so, but not at ends that
// are given unless both are.
func apart(low, high float64, lowGiven, highGiven bool) (float64, float64) {
	size := max(math.Abs(low), math.Abs(high))
	if high-low > size*1e-12 && high-low > 1e-300 {
		return low, high
	}
	room := 1.0
	if size > 1e-290 {
		room = size / 10
	}
	if !lowGiven || highGiven {
		low -= room
	}
	if !highGiven || lowGiven {
		high += room
	}
	return bounded(low), bounded(high)
}

// horizontal is the scale of x, which begins and ends with a point. Few values are
// ticks themselves where their labels have room.
func (c *Chart) horizontal(from, to float64) scale {
	var all []int
	for _, l := range c.Lines {
		for _, p := range l.finite() {
			all = append(all, p.X)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	switch len(all) {
	case 0:
		return scale{low: 0, high: 1, from: from, to: to}
	case 1:
		x := float64(all[0])
		return scale{low: x - 1, high: x + 1, from: from, to: to, ticks: []float64{x}, labels: stride{1, 0}.labels([]float64{x})}
	}
	s := scale{low: float64(all[0]), high: float64(all[len(all)-1]), from: from, to: to}
	if len(all) <= 10 {
		for _, x := range all {
			s.ticks = append(s.ticks, float64(x))
		}
		s.labels = stride{1, 0}.labels(s.ticks)
		if s.roomy() {
			return s
		}
	}
	const steps = 8
	unit := strideFor(max(s.high-s.low, steps), steps) // whole numbers
	s.ticks = unit.within(s.low, s.high)
	s.labels = unit.labels(s.ticks)
	return s
}

// roomy says whether no label comes near the next one.
func (s scale) roomy() bool {
	for i := 1; i < len(s.ticks); i++ {
		gap := s.at(s.ticks[i]) - s.at(s.ticks[i-1])
		if gap < (textWidth(s.labels[i])+textWidth(s.labels[i-1]))/2+8 {
			return false
		}
	}
	return true
}
