package spec

import (
	"math"
	"strconv"
)

// formatNumber writes a number in the shortest form that reads back as the
// same number. A float that is whole is written as the integer it equals:
// numbers that are Equal have the same text.
func formatNumber(v Value) string {
	if v.Type == Int {
		return strconv.FormatInt(v.Int, 10)
	}
	if i, ok := whole(v.Float); ok {
		return strconv.FormatInt(i, 10)
	}
	return strconv.FormatFloat(v.Float, 'g', -1, 64)
}

// whole returns f as an integer if it is one that fits.
func whole(f float64) (int64, bool) {
	if f != math.Trunc(f) || f < -(1<<63) || f >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

func equalNumbers(v, w Value) bool {
	switch {
	case v.Type == w.Type:
		return v.Int == w.Int && v.Float == w.Float
	case v.Type == Float:
		v, w = w, v
	}
	i, ok := whole(w.Float)
	return ok && i == v.Int
}
