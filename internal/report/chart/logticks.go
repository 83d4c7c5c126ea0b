package chart

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
)

// curvedTicks are the ticks of a scale that is not linear: powers of ten, numbers like 1, 2 and 5
// where there are few of those, or any round numbers on a short scale.
func (a Axis) curvedTicks(low, high float64, steps int) []plot.Tick {
	const short = 0.8 // powers of ten
	switch {
	case a.Scale == SymLog && low < 1 && high > -1:
		return a.labelled(a.around(low, high, steps), low, high)
	case high-low < short:
		return a.roundTicks(low, high, steps)
	case a.Scale == SymLog && high <= -1:
		values := a.rising(-high, -low, steps)
		for i := range values {
			values[i] = -values[i]
		}
		return a.labelled(values, low, high)
	}
	return a.labelled(a.rising(low, high, steps), low, high)
}

// roundTicks are at equal distances in value.
func (a Axis) roundTicks(low, high float64, steps int) []plot.Tick {
	from, to := a.value(low), a.value(high)
	if !(to > from) || !drawable(to) || !drawable(from) {
		return nil
	}
	ticks := strideFor(to-from, steps).ticks(from, to)
	for i := range ticks {
		ticks[i].Value = a.place(ticks[i].Value)
	}
	return ticks
}

// rising are round numbers between two places above zero.
func (a Axis) rising(low, high float64, steps int) []float64 {
	if high-low >= 2 {
		return powers(low+a.shift(), high+a.shift(), steps)
	}
	var values []float64
	from, to := low+a.shift(), high+a.shift()
	for e := int(math.Floor(from)); e <= int(math.Ceil(to)); e++ {
		for _, factor := range []float64{1, 2, 5} {
			values = append(values, stride{factor, e}.size())
		}
	}
	return values
}

// shift is what a place of SymLog lacks to be a logarithm.
func (a Axis) shift() float64 {
	if a.Scale == SymLog {
		return math.Log10(a.linear()) - 1
	}
	return 0
}

// powers are those of ten between two logarithms, at most so many.
func powers(low, high float64, steps int) []float64 {
	first, last := int(math.Ceil(low-1e-9)), int(math.Floor(high+1e-9))
	step := max(1, (last-first+steps)/max(1, steps))
	var values []float64
	for e := first; e <= last; e += step {
		values = append(values, math.Pow10(e))
	}
	return values
}

// around are zero, the ends of the linear part, and powers of ten times these.
func (a Axis) around(low, high float64, steps int) []float64 {
	values := []float64{0}
	reach := max(math.Abs(low), math.Abs(high))
	step := max(1, int(math.Ceil(reach/float64(max(1, steps)))))
	for n := 0; float64(n) <= reach; n += step {
		v := a.linear() * math.Pow10(n)
		values = append(values, v, -v)
	}
	return values
}

// labelled are the ticks at those values that are on the scale.
func (a Axis) labelled(values []float64, low, high float64) []plot.Tick {
	slices.Sort(values)
	var ticks []plot.Tick
	for _, v := range values {
		if at := a.place(v); at >= low-1e-9 && at <= high+1e-9 {
			ticks = append(ticks, plot.Tick{Value: at, Label: tickLabel(v)})
		}
	}
	return ticks
}

// named are ticks at places that points have.
func (a Axis) named(places []float64) []plot.Tick {
	if a.Scale == Linear && whole(places) {
		return stride{1, 0}.labelled(places)
	}
	ticks := make([]plot.Tick, len(places))
	for i, at := range places {
		ticks[i] = plot.Tick{Value: at, Label: tickLabel(a.value(at))}
	}
	return ticks
}
