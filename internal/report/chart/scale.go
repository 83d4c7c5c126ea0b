package chart

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// A scale is the range and the ticks of an axis. The labels of ticks are made here, because those
// of gonum/plot can be rounded until they are equal (2.3 at 2.26, 2.28 and 2.30).
type scale struct {
	low, high float64
	ticks     []plot.Tick
}

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
	return scale{low, high, s.ticks(low, high)}
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

// places are all x values of points.
func (c *Chart) places() []float64 {
	var all []float64
	for _, l := range c.Lines {
		for _, p := range l.finite() {
			all = append(all, float64(p.X))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// horizontal is the scale of x without ticks. It begins and ends with a point.
func (c *Chart) horizontal() scale {
	all := c.places()
	switch len(all) {
	case 0:
		return scale{low: 0, high: 1}
	case 1:
		return scale{low: all[0] - 1, high: all[0] + 1}
	}
	return scale{low: all[0], high: all[len(all)-1]}
}

// along are the ticks of x on an axis of some width: the values themselves where they are few and
// their labels have room, otherwise round whole numbers.
func (c *Chart) along(s scale, width vg.Length) []plot.Tick {
	all := c.places()
	if len(all) == 0 {
		return nil
	}
	if len(all) <= 10 {
		if ticks := (stride{1, 0}).labelled(all); roomy(s, ticks, width) {
			return ticks
		}
	}
	const steps = 8
	return strideFor(max(s.high-s.low, steps), steps).ticks(s.low, s.high)
}

// roomy reports whether all labels have space between them.
func roomy(s scale, ticks []plot.Tick, width vg.Length) bool {
	const between = 6
	for i := 1; i < len(ticks); i++ {
		gap := vg.Length((ticks[i].Value-ticks[i-1].Value)/(s.high-s.low)) * width
		if gap < (textWidth(ticks[i].Label)+textWidth(ticks[i-1].Label))/2+between {
			return false
		}
	}
	return true
}
