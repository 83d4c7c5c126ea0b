package spec

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// Scalars that all YAML versions and readers understand in the same way. The reading of yaml.v3 is
// not used: it reads 1_000 and 0777 as the numbers 1000 and 511, an integer beyond 64 bits as a
// float, and 1e999 as a text.
var (
	integerText = regexp.MustCompile(`^[-+]?([0-9]+|0x[0-9a-fA-F]+|0o[0-7]+)$`)
	floatText   = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	octalText   = regexp.MustCompile(`^[-+]?0[0-9]+$`)
	disputed    = regexp.MustCompile(`^[-+]?([0-9][0-9.]*_[0-9_.]*|0[xo][0-9a-fA-F]*_[0-9a-fA-F_]*|0b[01_]+)$`)
	notFinite   = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

// plainScalar reads a scalar that is written without quotes. Dates, yes, no,
// on and off are text.
func plainScalar(text string) (Value, error) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return Value{}, nil
	case "true", "True", "TRUE":
		return Value{Type: Bool, Bool: true}, nil
	case "false", "False", "FALSE":
		return Value{Type: Bool}, nil
	}
	if !strings.ContainsRune("+-.0123456789", rune(text[0])) { // avoids the patterns for most texts
		return Value{Type: String, Str: text}, nil
	}
	switch {
	case notFinite.MatchString(text):
		return Value{}, fmt.Errorf("%s: numbers must be finite", text)
	case octalText.MatchString(text):
		return Value{}, fmt.Errorf("%s: a number does not begin with 0; a text needs quotes", text)
	case disputed.MatchString(text):
		return Value{}, fmt.Errorf("%s: a number needs plain digits; a text needs quotes", text)
	case integerText.MatchString(text):
		return integer(text)
	case floatText.MatchString(text):
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) {
			return Value{}, fmt.Errorf("%s is too large for a number; a text needs quotes", text)
		}
		return Value{Type: Float, Float: f + 0}, nil // -0.0 + 0 is 0
	}
	return Value{Type: String, Str: text}, nil
}

func integer(text string) (Value, error) {
	digits := strings.TrimLeft(text, "+-")
	base := 10
	if strings.HasPrefix(digits, "0x") {
		base = 16
	} else if strings.HasPrefix(digits, "0o") {
		base = 8
	}
	if base != 10 {
		digits = digits[2:]
	}
	if strings.HasPrefix(text, "-") {
		digits = "-" + digits
	}
	i, err := strconv.ParseInt(digits, base, 64)
	if err != nil {
		return Value{}, fmt.Errorf("%s does not fit into 64 bits; a text needs quotes", text)
	}
	return Value{Type: Int, Int: i}, nil
}

// formatNumber writes a number in the shortest form that reads back as the same number. A whole
// float is written as an integer, so numbers that are Equal have the same text.
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
