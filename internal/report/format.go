package report

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// fixed writes v with so many digits behind the point, and zero without a sign.
// What has more digits before the point than mean anything is written as a power.
func fixed(v float64, digits int) string {
	if math.Abs(v) >= 1e15 {
		return brief(v)
	}
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.HasPrefix(s, "-") && strings.Trim(s, "-0.") == "" {
		return s[1:]
	}
	return s
}

// brief writes v for a remark.
func brief(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// shortest writes v with the digits that are needed to read it back exactly.
func shortest(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// clean puts text of a spec on one line without control characters, which
// could otherwise steer the reader's terminal.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

func cleanAll(texts []string) []string {
	var all []string
	for _, s := range texts {
		all = append(all, clean(s))
	}
	return all
}

// A reading is an entry as it is read: 0.493, 0.004 and, where values are
// missing, how many there were.
type reading struct{ mean, sd, n string }

// read rounds an entry; full is the number of values when none is missing.
func read(e Entry, digits, full int) reading {
	x := reading{mean: fixed(e.Mean, digits)}
	if e.N > 1 {
		x.sd = fixed(e.SD, digits)
	}
	if e.N < full {
		x.n = strconv.Itoa(e.N)
	}
	return x
}

// heading is the column's title with an arrow towards better.
func (c Column) heading() string {
	switch c.Better {
	case "higher":
		return c.Title + " ↑"
	case "lower":
		return c.Title + " ↓"
	}
	return c.Title
}

// A term is a title with what it means.
type term struct{ Title, Text string }

// terms say what the columns are.
func (r *Report) terms() []term {
	var all []term
	for _, c := range r.Columns {
		all = append(all, term{c.Title, c.describe()})
	}
	return all
}

// describe says what exactly the column's numbers are.
func (c Column) describe() string {
	s := c.series(c.K).String() + ", from " + clean(c.From)
	if c.Better != "" {
		s += "; " + c.Better + " is better"
	}
	return s
}

// labelHeads head the columns that name rows: the axes of a grid, or nothing.
func (t Table) labelHeads() []string {
	if len(t.Grid) == 0 {
		return []string{""}
	}
	heads := make([]string, len(t.Grid))
	for i, axis := range t.Grid {
		heads[i] = clean(axis)
	}
	return heads
}

// labels name a model row: the values of a grid's axes, or its name.
func (t Table) labels(row Row) []string {
	if len(t.Grid) == 0 {
		return []string{row.Name}
	}
	labels := make([]string, len(t.Grid))
	for i, axis := range t.Grid {
		if v, ok := value(row.Axes, axis); ok {
			labels[i] = display(v)
		}
	}
	return labels
}
