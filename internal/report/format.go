package report

import (
	"math"
	"strconv"
	"strings"
)

// A format writes the numbers of a column.
type format struct {
	digits     int  // after the decimal point, or significant digits of a scientific format
	scientific bool // 3.00e-04
}

// huge numbers are written with an exponent.
const huge = 1e9

// formatOf returns the format for the means of a column. Fixed digits are easiest to compare. But
// if they would show no number of the column with more than one significant digit, and one of them
// with none, the format is scientific.
func formatOf(digits int, means []float64) format {
	largest, vanishes := 0.0, false
	for _, v := range means {
		if finite(v) {
			largest = max(largest, math.Abs(v))
			vanishes = vanishes || v != 0 && math.Abs(v) < smallest(digits)
		}
	}
	return format{digits, vanishes && largest < math.Pow10(1-digits)}
}

// mean writes a mean. A number that fixed digits would show as zero has an exponent, like a huge
// one.
func (f format) mean(v float64) string {
	if f.exponent(v) {
		return f.significant(v)
	}
	return fixed(v, f.digits)
}

// deviation writes a standard deviation in the form of its mean.
func (f format) deviation(sd, mean float64) string {
	if f.exponent(mean) {
		return f.significant(sd)
	}
	if sd >= huge {
		return f.significant(sd)
	}
	return fixed(sd, f.digits) // 0.000 if it is small beside the mean
}

func (f format) exponent(v float64) bool {
	return v != 0 && (f.scientific || math.Abs(v) >= huge || math.Abs(v) < smallest(f.digits))
}

func (f format) significant(v float64) string {
	if v == 0 {
		return "0"
	}
	return strconv.FormatFloat(v, 'e', max(f.digits-1, 1), 64)
}

// smallest is the smallest number that so many digits do not show as zero.
func smallest(digits int) float64 { return 0.5 * math.Pow10(-digits) }

// fixed writes v with so many digits after the decimal point, and zero without a sign.
func fixed(v float64, digits int) string {
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.HasPrefix(s, "-") && strings.Trim(s, "-0.") == "" {
		return s[1:]
	}
	return s
}

// brief writes v with six digits, for details.
func brief(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// shortest writes v with as many digits as are needed to read the same value back.
func shortest(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
