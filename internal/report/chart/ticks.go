package chart

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// A stride is the distance of ticks: 1, 2 or 5 times a power of ten.
type stride struct {
	factor   float64
	exponent int
}

// strideFor is the smallest stride that makes at most so many steps of a span.
func strideFor(span float64, steps int) stride {
	raw := span / float64(steps)
	e := int(math.Floor(math.Log10(raw)))
	for _, factor := range []float64{1, 2, 5} {
		// The logarithm of a power of ten may be a little less than whole, and
		// a span that should make just so many steps a little more.
		if s := (stride{factor, e}); s.size() >= raw*(1-1e-9) {
			return s
		}
	}
	return stride{1, e + 1}
}

func (s stride) size() float64 { return s.times(1) }

// times is a multiple, rounded once: 3 times 0.1 is 0.3.
func (s stride) times(n float64) float64 {
	if s.exponent < 0 && s.exponent >= -300 {
		return n * s.factor / math.Pow10(-s.exponent)
	}
	return n * s.factor * math.Pow10(s.exponent)
}

// ticks are the multiples from low to high, with labels.
func (s stride) ticks(low, high float64) []plot.Tick { return s.labelled(s.within(low, high)) }

func (s stride) labelled(values []float64) []plot.Tick {
	ticks := make([]plot.Tick, len(values))
	for i, label := range s.labels(values) {
		ticks[i] = plot.Tick{Value: values[i], Label: label}
	}
	return ticks
}

// within lists the multiples from low to high.
func (s stride) within(low, high float64) []float64 {
	const slack = 1e-6 // of a step, for ends that are multiples but for rounding
	var all []float64
	last := math.Floor(high/s.size() + slack)
	for n := math.Ceil(low/s.size() - slack); n <= last; n++ {
		all = append(all, s.times(n))
	}
	return all
}

// labels write ticks with as many digits as tell them apart.
func (s stride) labels(ticks []float64) []string {
	largest := 0.0
	for _, t := range ticks {
		largest = max(largest, math.Abs(t))
	}
	texts := make([]string, len(ticks))
	for i, t := range ticks {
		switch {
		case largest < 1e6 && s.exponent >= -6:
			texts[i] = strconv.FormatFloat(t, 'f', max(0, -s.exponent), 64)
		case math.Abs(t) < s.size()/2:
			texts[i] = "0"
		default:
			digits := int(math.Floor(math.Log10(math.Abs(t))*(1+1e-12))) - s.exponent
			texts[i] = scientific(t, max(0, digits))
		}
		texts[i] = minus(texts[i])
	}
	return texts
}

// scientific writes 2.5e+06 as 2.5e6.
func scientific(v float64, digits int) string {
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', digits, 64), "e")
	n, _ := strconv.Atoi(exponent) // as FormatFloat has written it
	return mantissa + "e" + strconv.Itoa(n)
}

// minus replaces hyphens by minus signs, and removes the sign of zero.
func minus(s string) string {
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return strings.ReplaceAll(s, "-", "\u2212")
}

// tickLabel writes a number with up to six digits.
func tickLabel(v float64) string {
	const digits = 6
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64)
	if err != nil {
		rounded = v
	}
	switch size := math.Abs(rounded); {
	case size == 0:
		return "0"
	case size >= 1e-4 && size < 1e6:
		return minus(strconv.FormatFloat(rounded, 'f', -1, 64))
	}
	return minus(scientific(rounded, -1))
}
