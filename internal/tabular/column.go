package tabular

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Column is the values of one column. Exactly one of the lists is set.
type Column struct {
	Name  string
	Text  []string
	Int   []int64
	Float []float64
	Time  []int64 // microseconds since 1970, UTC

	null  []bool // nil: none is null. An empty text is missing, too
	table string // the file
	place func(row int) string
}

// Len is the number of values.
func (c *Column) Len() int {
	return max(len(c.Text), len(c.Int), len(c.Float), len(c.Time))
}

// Missing reports whether a value is missing.
func (c *Column) Missing(row int) bool {
	return c.null != nil && c.null[row] || c.Text != nil && c.Text[row] == "" || c.Float != nil && math.IsNaN(c.Float[row])
}

// SetMissing treats texts as missing.
func (c *Column) SetMissing(texts []string) {
	if len(texts) == 0 {
		return
	}
	is := map[string]bool{}
	for _, t := range texts {
		is[t] = true
	}
	for i, t := range c.Text {
		if is[t] {
			c.Text[i] = ""
		}
	}
}

// Errorf returns an error about a value.
func (c *Column) Errorf(row int, format string, args ...any) error {
	return fmt.Errorf("%s, %s (%s): %w", c.table, c.place(row), c.Name, fmt.Errorf(format, args...))
}

// Place is where a value stands in the file, such as "line 17, column 3".
func (c *Column) Place(row int) string { return c.place(row) }

var errMissing = errors.New("the value is missing; remove the row or fill it in")

// IDs returns the values as ids, none of which is missing.
func (c *Column) IDs() ([]string, error) {
	for row := range c.Len() {
		if c.Missing(row) {
			return nil, c.Errorf(row, "%w", errMissing)
		}
	}
	return c.Texts()
}

// Texts returns the values as texts; "" is missing.
func (c *Column) Texts() ([]string, error) {
	if c.Text != nil {
		return c.Text, nil
	}
	texts := make([]string, c.Len())
	for row := range texts {
		switch {
		case c.Missing(row):
		case c.Int != nil:
			texts[row] = strconv.FormatInt(c.Int[row], 10)
		case c.Float != nil:
			// pandas turns whole numbers into floats where others are missing
			if v := c.Float[row]; v == math.Trunc(v) && math.Abs(v) <= 1<<53 {
				texts[row] = strconv.FormatInt(int64(v), 10)
			} else {
				texts[row] = strconv.FormatFloat(v, 'g', -1, 64)
			}
		default:
			texts[row] = time.UnixMicro(c.Time[row]).UTC().Format(time.RFC3339Nano)
		}
	}
	return texts, nil
}

// Numbers returns finite numbers, none of which is missing.
func (c *Column) Numbers() ([]float64, error) {
	out := make([]float64, c.Len())
	for row := range out {
		if c.Missing(row) {
			return nil, c.Errorf(row, "%w", errMissing)
		}
		switch {
		case c.Float != nil:
			out[row] = c.Float[row]
		case c.Int != nil:
			out[row] = float64(c.Int[row])
		case c.Text != nil:
			v, ok := number(c.Text[row])
			if !ok {
				return nil, c.Errorf(row, "%q is not a number%s", clip(c.Text[row]), decimalHint(c.Text[row]))
			}
			out[row] = v
		default:
			return nil, c.Errorf(row, "it is a time, not a number")
		}
		if math.IsInf(out[row], 0) {
			return nil, c.Errorf(row, "the number is infinite")
		}
	}
	return out, nil
}

// number reads a decimal number, such as -1.5e3. Go's other notations are not numbers in a table.
func number(s string) (float64, bool) {
	for i := 0; i < len(s); i++ {
		if b := s[i]; (b < '0' || b > '9') && b != '.' && b != '-' && b != '+' && b != 'e' && b != 'E' {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil
}

func decimalHint(s string) string {
	if strings.Count(s, ",") == 1 {
		if _, ok := number(strings.Replace(s, ",", ".", 1)); ok {
			return "; write a decimal point, not a comma"
		}
	}
	return ""
}

// Plain reports whether a text is a number that loses nothing when it is read as one: 7 and 0.5, but
// not 007, which is a code.
func Plain(s string) (float64, bool) {
	digits := strings.TrimLeft(s, "+-")
	if len(digits) > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9' {
		return 0, false
	}
	v, ok := number(s)
	return v, ok && !math.IsInf(v, 0)
}

// Times returns times as microseconds since 1970 (UTC), none of which is missing. found says how they
// are written.
func (c *Column) Times() (times []int64, found string, err error) {
	for row := range c.Len() {
		if c.Missing(row) {
			return nil, "", c.Errorf(row, "%w", errMissing)
		}
	}
	switch {
	case c.Time != nil:
		return c.Time, "dates and times", nil
	case c.Int != nil:
		return c.scaledInts(c.Int)
	case c.Float != nil:
		return c.scaledFloats(c.Float)
	case len(c.Text) == 0:
		return nil, "", nil
	}
	if _, ok := number(c.Text[0]); !ok {
		return c.dates()
	}
	whole := make([]int64, len(c.Text))
	for row, s := range c.Text {
		if whole[row], err = strconv.ParseInt(s, 10, 64); err != nil {
			numbers, err := c.Numbers()
			if err != nil {
				return nil, "", err
			}
			return c.scaledFloats(numbers)
		}
	}
	return c.scaledInts(whole)
}

// Units of numbers that are times, by the largest number of a column. The bounds of each lie beyond
// the year 5000 and, for all but seconds, before 1974.
var units = []struct {
	below    float64
	name     string
	per, div int64 // microseconds are number*per/div
}{
	{1e11, "seconds", 1e6, 1},
	{1e14, "milliseconds", 1e3, 1},
	{1e17, "microseconds", 1, 1},
	{math.Inf(1), "nanoseconds", 1, 1e3},
}

func unitOf[T int64 | float64](numbers []T) int {
	largest := 0.0
	for _, v := range numbers {
		largest = max(largest, math.Abs(float64(v)))
	}
	for i, u := range units {
		if largest < u.below {
			return i
		}
	}
	return len(units) - 1
}

func (c *Column) scaledInts(numbers []int64) ([]int64, string, error) {
	u := units[unitOf(numbers)]
	out := make([]int64, len(numbers))
	for i, v := range numbers {
		out[i] = v * u.per / u.div
	}
	return out, u.name + " since 1970", nil
}

func (c *Column) scaledFloats(numbers []float64) ([]int64, string, error) {
	u := units[unitOf(numbers)]
	out := make([]int64, len(numbers))
	for i, v := range numbers {
		v = math.Round(v * float64(u.per) / float64(u.div))
		if math.Abs(v) >= 1<<62 {
			return nil, "", c.Errorf(i, "%v is too large for a time", numbers[i])
		}
		out[i] = int64(v)
	}
	return out, u.name + " since 1970", nil
}

// layouts are the forms of dates and times that are understood.
var layouts = []string{
	time.DateOnly, time.DateTime, "2006-01-02T15:04:05", time.RFC3339, "2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04", "2006-01-02T15:04", "2006/01/02", "2006/01/02 15:04:05",
}

func (c *Column) dates() ([]int64, string, error) {
	out := make([]int64, len(c.Text))
	layout := layouts[0]
	for row, s := range c.Text {
		t, err := time.Parse(layout, s)
		if err != nil {
			for _, layout = range layouts {
				if t, err = time.Parse(layout, s); err == nil {
					break
				}
			}
		}
		if err != nil {
			return nil, "", c.Errorf(row, "%q is not a time; write 2024-12-31, 2024-12-31T23:59:59Z, or seconds since 1970", clip(s))
		}
		out[row] = t.UnixMicro()
	}
	return out, "dates and times", nil
}

// ParseTime reads a time as a column of times may hold it. A number is seconds since 1970.
func ParseTime(s string) (int64, error) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UnixMicro(), nil
		}
	}
	if v, ok := number(s); ok && math.Abs(v) < units[0].below {
		return int64(math.Round(v * 1e6)), nil
	}
	return 0, fmt.Errorf("%q is not a time; write 2024-12-31, 2024-12-31T23:59:59Z, or seconds since 1970", clip(s))
}
