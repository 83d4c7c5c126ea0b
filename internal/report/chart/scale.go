package chart

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// A scale is the range and the ticks of an axis, in places. The labels of ticks are made here,
// because those of gonum/plot can be rounded until they are equal (2.3 at 2.26, 2.28 and 2.30).
type scale struct {
	low, high float64
	ticks     []plot.Tick
}

// A span is the range of some places; low is above high if there are none.
type span struct{ low, high float64 }

func (s *span) add(a Axis, places ...float64) {
	for _, v := range places {
		if !a.edge(v) {
			s.low, s.high = min(s.low, v), max(s.high, v)
		}
	}
}

func noSpan() span { return span{math.Inf(1), math.Inf(-1)} }

// vertical is the scale of y in a placed chart: ends that are not given are ticks.
func (c *Chart) vertical(steps int) scale {
	r := noSpan()
	for _, l := range c.Lines {
		for _, p := range l.Points {
			if p.drawn() {
				r.add(c.Y, p.Y)
			}
			if p.banded() {
				r.add(c.Y, p.Low, p.High)
			}
		}
	}
	for _, s := range c.Series {
		for _, p := range s.finite() {
			r.addValue(c.Y, p.Y)
		}
	}
	return c.Y.fit(r, c.Min, c.Max, steps)
}

func (s *span) addValue(a Axis, v Value) {
	s.add(a, v.At)
	if v.barred() {
		s.add(a, v.Low, v.High)
	}
}

// fit is the scale of a range.
func (a Axis) fit(r span, least, greatest *float64, steps int) scale {
	low, high := r.low, r.high
	if low > high {
		low, high = 0, 1
	}
	if least != nil {
		low, high = bounded(*least), max(high, bounded(*least))
	}
	if greatest != nil {
		low, high = min(low, bounded(*greatest)), bounded(*greatest)
	}
	low, high = apart(low, high, least != nil, greatest != nil)
	if a.Scale != Linear {
		const shortest = 1e-6 // of a power of ten: the digits of values end
		if lack := shortest - (high - low); lack > 0 {
			low, high = low-lack/2, high+lack/2
		}
		return a.fitCurved(low, high, least == nil, greatest == nil, steps)
	}
	s := strideFor(high-low, steps)
	if least == nil {
		low = s.times(math.Floor(low/s.size() + 1e-6))
	}
	if greatest == nil {
		high = s.times(math.Ceil(high/s.size() - 1e-6))
	}
	return scale{low, high, s.ticks(low, high)}
}

// fitCurved is a logarithmic scale, with some room at its free ends.
func (a Axis) fitCurved(low, high float64, freeLow, freeHigh bool, steps int) scale {
	room := (high - low) * 0.04
	if freeLow {
		low -= room
	}
	if freeHigh {
		high += room
	}
	return scale{low, high, a.curvedTicks(low, high, steps)}
}

func bounded(v float64) float64 { return max(-most, min(most, v)) }

// apart widens a range whose values are equal, or nearly so. It does not move an end that is given,
// unless both are.
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

// places are all that points and spots have on the x axis.
func (c *Chart) places() []float64 {
	var all []float64
	for _, l := range c.Lines {
		for _, p := range l.finite() {
			all = append(all, p.X)
		}
	}
	for _, s := range c.Series {
		for _, p := range s.finite() {
			all = append(all, p.X.At)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// horizontal is the scale of x in a placed chart. Between lines over a discrete axis it begins and
// ends with a point, and has no ticks until its width is known.
func (c *Chart) horizontal(steps int) scale {
	if len(c.Series) > 0 || !c.X.Discrete {
		r := noSpan()
		r.add(c.X, c.places()...)
		for _, s := range c.Series {
			for _, p := range s.finite() {
				r.addValue(c.X, p.X)
			}
		}
		s := c.X.fit(r, nil, nil, steps)
		if c.X.Discrete {
			room := (s.high - s.low) * 0.04 // so that no spot is on an axis
			s.low, s.high = max(s.low, r.low-room), min(s.high, r.high+room)
			s.low, s.high = apart(s.low, s.high, false, false)
		}
		return s
	}
	all := c.places()
	switch len(all) {
	case 0:
		return scale{low: 0, high: 1}
	case 1:
		low, high := apart(all[0]-1, all[0]+1, false, false)
		return scale{low: low, high: high}
	}
	low, high := apart(all[0], all[len(all)-1], false, false)
	return scale{low: low, high: high}
}

// along are the ticks of x on an axis of some width. On a discrete axis they are the values
// themselves where they are few; otherwise they are round numbers.
func (c *Chart) along(s scale, width vg.Length, f font.Font) []plot.Tick {
	if !c.X.Discrete {
		return s.ticks
	}
	all := c.places()
	if len(all) == 0 {
		return nil
	}
	const few, steps = 10, 8
	if len(all) <= few {
		ticks := c.X.named(all)
		if roomy(s, ticks, width, f) {
			return ticks
		}
		if c.X.Scale != Linear {
			return thinned(s, ticks, width, f)
		}
	}
	if c.X.Scale != Linear {
		return c.X.curvedTicks(s.low, s.high, steps)
	}
	reach := s.high - s.low
	if whole(all) {
		reach = max(reach, steps)
	}
	return strideFor(reach, steps).ticks(s.low, s.high)
}

func whole(all []float64) bool {
	return !slices.ContainsFunc(all, func(v float64) bool { return v != math.Trunc(v) })
}

// between is the space between the labels of ticks.
const between vg.Length = 6

// gap is the space between the labels of two ticks.
func (s scale) gap(a, b plot.Tick, width vg.Length, f font.Font) vg.Length {
	return vg.Length((b.Value-a.Value)/(s.high-s.low))*width - (textWidth(f, a.Label)+textWidth(f, b.Label))/2
}

// roomy reports whether all labels have space between them.
func roomy(s scale, ticks []plot.Tick, width vg.Length, f font.Font) bool {
	for i := 1; i < len(ticks); i++ {
		if s.gap(ticks[i-1], ticks[i], width, f) < between {
			return false
		}
	}
	return true
}

// thinned removes labels that have no space beside the first, the last and those before them. Their
// ticks stay.
func thinned(s scale, ticks []plot.Tick, width vg.Length, f font.Font) []plot.Tick {
	kept, last := 0, len(ticks)-1
	for i := 1; i < last; i++ {
		if s.gap(ticks[kept], ticks[i], width, f) < between || s.gap(ticks[i], ticks[last], width, f) < between {
			ticks[i].Label = ""
			continue
		}
		kept = i
	}
	if last > 0 && s.gap(ticks[kept], ticks[last], width, f) < between {
		ticks[last].Label = ""
	}
	return ticks
}
