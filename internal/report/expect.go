package report

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"foil/internal/stats"
	"foil/spec"
)

// An Expected is an expected value beside the number that the report has for it.
type Expected struct {
	Table, Row, Column, Source string

	Value     float64 // or the mean of repeated runs
	Low, High float64 // what is allowed; both included
	Runs      int     // how many runs the interval is from; 0: it is a tolerance
	Entry             // the number; without values where Status is Unjudged
	Status    Status
	Why       string // a number that is not met, or not judged, for another reason than its value

	format format
}

// A Status is the result of a comparison with an expected value.
type Status string

const (
	Met      Status = "met"
	Missed   Status = "not met"
	Unjudged Status = "not judged" // the row is not part of this run
)

// predictionLevel is the probability with which a mean of repeated runs is expected inside of the
// interval of other such runs.
const predictionLevel = 0.95

// judge compares the numbers of a report with the expected values.
func (b *builder) judge(r *Tables) ([]Expected, error) {
	var all []Expected
	var errs []error
	for i, e := range b.layout.Expect {
		x, err := e.judge(b.layout, r)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", at("expect", i), err))
			continue
		}
		all = append(all, x)
	}
	return all, errors.Join(errs...)
}

func (e ExpectLayout) judge(l *Layout, r *Tables) (Expected, error) {
	x := Expected{Row: clean(e.Row), Column: clean(e.Column), Source: clean(e.Source)}
	column := slices.IndexFunc(r.Columns, func(c Column) bool { return c.Title == x.Column })
	if column < 0 {
		return x, fmt.Errorf("there is no column %q", e.Column)
	}
	i, row, why, err := e.find(l, r)
	if err != nil {
		return x, err
	}
	x.Table = r.Tables[i].Title
	x.format = r.formats(r.Tables[i])[column]
	if row == nil {
		x.Status, x.Why = Unjudged, why
		if !r.Tables[i].absent(x.Row) {
			x.Status = Missed
		}
		x.Value, x.Low, x.High, x.Runs = e.interval(1)
		return x, nil
	}
	x.Entry = row.Entries[column]
	x.Value, x.Low, x.High, x.Runs = e.interval(x.count())
	x.Status = x.status()
	switch {
	case x.count() == 0:
		x.Why = "has no value"
	case len(x.NotFinite) > 0 && x.N > 0:
		x.Why = fmt.Sprintf("has %d of %d values that are not finite", len(x.NotFinite), x.count())
	case len(x.NotFinite) > 0:
		x.Why = "is " + x.notFinite()[0].Value
	}
	return x, nil
}

// find returns the table and the row of an expected value. The row is nil if the report does not
// have it.
func (e ExpectLayout) find(l *Layout, r *Tables) (table int, row *Row, why string, err error) {
	var tables []int
	var names []string
	for i := range r.Tables {
		t := &r.Tables[i]
		if e.Table != "" && t.Title != clean(e.Table) {
			continue
		}
		for _, rows := range [][]Row{t.Rows, t.Baselines} {
			for j := range rows {
				names = append(names, rows[j].Name)
				if rows[j].Name == clean(e.Row) && !slices.Contains(tables, i) {
					tables, row = append(tables, i), &rows[j]
				}
			}
		}
	}
	switch {
	case len(tables) == 1:
		return tables[0], row, "", nil
	case len(tables) > 1:
		return 0, nil, "", fmt.Errorf("several tables have a row %q; say which one with table", e.Row)
	}
	for i, t := range l.Tables {
		if e.Table != "" && t.Title != e.Table {
			continue
		}
		k := slices.IndexFunc(t.Rows, func(row RowLayout) bool { return row.Name == e.Row })
		if why = r.Tables[i].whyMissing(clean(e.Row)); k >= 0 || len(t.Grid) > 0 && isPoint(e.Row, t.Grid) {
			return i, nil, why, nil
		}
	}
	return 0, nil, "", fmt.Errorf("there is no row %q%s", e.Row, spec.Suggestion(e.Row, names))
}

// isPoint reports whether a name is that of a row of a grid: its axes with some values.
func isPoint(name string, grid []string) bool {
	parts := strings.Split(name, ", ")
	for i, p := range parts {
		if i >= len(grid) || !strings.HasPrefix(p, clean(grid[i])+"=") {
			return false
		}
	}
	return len(parts) == len(grid)
}

// whyMissing tells why a row has no numbers.
func (t *Table) whyMissing(row string) string {
	for _, s := range t.Selections {
		if s.Row == row && len(s.failures()) > 0 {
			return "has no value, because the rule of its row chose no cells"
		}
	}
	return "is not part of this run"
}

// absent reports whether a row has no numbers because cells are not part of this run.
func (t *Table) absent(row string) bool {
	for _, s := range t.Selections {
		if s.Row == row {
			return !slices.ContainsFunc(s.Choices, func(c Choice) bool { return !c.Absent })
		}
	}
	return true
}

// interval is the expected value and what is allowed around it, for a mean of n values.
//
// For repeated runs it is their prediction interval for a mean of as many further runs: see
// stats.PredictionOfMean. Each value of the number counts as a run. For a single value it is the
// interval for one more run, by which CORE-Bench (Siegel et al. 2024) judges reproductions.
func (e ExpectLayout) interval(n int) (value, low, high float64, runs int) {
	if e.Tolerance != nil {
		return *e.Value, *e.Value - *e.Tolerance, *e.Value + *e.Tolerance, 0
	}
	s := Summarise(e.Runs)
	if e.Runs == nil {
		s = Stat{Mean: *e.Value, SD: *e.SD, N: *e.N}
	}
	p := stats.PredictionOfMean(s.Mean, s.SD, s.N, max(n, 1), predictionLevel)
	return s.Mean, p.Low, p.High, s.N
}

// status compares the number with what is allowed. A number at an end of the interval is met, also
// where rounding moved it by its last bits.
func (x Expected) status() Status {
	slack := 1e-12 * max(math.Abs(x.Value), math.Abs(x.Low), math.Abs(x.High))
	if x.N == 0 || len(x.NotFinite) > 0 || x.Mean < x.Low-slack || x.Mean > x.High+slack {
		return Missed
	}
	return Met
}

// by tells what the interval is from.
func (x Expected) by() string {
	if x.Runs == 0 {
		return "tolerance"
	}
	return strconv.Itoa(x.Runs) + " runs"
}

// texts are the expected value, the number, their difference and the ends of the interval, rounded
// like the column. Where rounding would hide that the number is outside, they have more digits.
func (x Expected) texts() (value, found, difference, low, high string) {
	f := x.format
	write := func(f format) {
		value, low, high = f.mean(x.Value), f.mean(x.Low), f.mean(x.High)
		found, difference = "–", "–"
		if x.N > 0 {
			found, difference = f.mean(x.Mean), f.difference(x.Mean, x.Value)
		}
	}
	for write(f); f.digits < 15 && x.N > 0 && (x.Mean < x.Low && found == low || x.Mean > x.High && found == high); write(f) {
		f.digits++
	}
	return value, found, difference, low, high
}

// difference writes a minus b with its sign. A difference that is small beside the numbers is zero
// with their digits.
func (f format) difference(a, b float64) string {
	text := fixed(a-b, f.digits)
	if f.exponent(a) || f.exponent(b) {
		text = f.significant(a - b)
	}
	if strings.Trim(text, "0.") == "" || strings.HasPrefix(text, "-") {
		return text
	}
	return "+" + text
}

// Sentence tells of an expected value that was not met or not judged.
func (x Expected) Sentence() string {
	_, found, _, low, high := x.texts()
	text := x.Row + " " + x.Column
	if x.Why != "" {
		text += " " + x.Why
	} else {
		text += " is " + found
	}
	return fmt.Sprintf("%s, allowed %s to %s (%s)", text, low, high, x.Source)
}
