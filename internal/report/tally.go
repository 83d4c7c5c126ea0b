package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"foil/internal/report/render"
)

// A Verdicts is the result of comparing a report with its expected values.
type Verdicts struct {
	Met              int
	Missed, Unjudged []string // what was found, in a sentence for each
	Values           []Judged
}

// A Judged is an expected value beside the number that a report has for it.
type Judged struct {
	Cell, Table, Row, Column string // Cell made the report; only package app knows it
	Expected, Low, High      float64
	Found                    float64 // if N > 0
	N                        int     // number of values that Found is the mean of
	By                       string  // what the interval is from
	Result                   Status
	Source, Sentence         string
}

func (x Expected) judged() Judged {
	v := Judged{
		Table: x.Table, Row: x.Row, Column: x.Column, Expected: x.Value, Low: x.Low, High: x.High, N: x.N,
		By: x.by(), Result: x.Status, Source: x.Source, Sentence: x.Sentence(),
	}
	if x.N > 0 {
		v.Found = x.Mean
	}
	return v
}

// Tally counts expected values.
func Tally(all []Expected) Verdicts {
	var v Verdicts
	for _, x := range all {
		v.add(x.judged())
	}
	return v
}

func (v *Verdicts) add(x Judged) {
	v.Values = append(v.Values, x)
	switch x.Result {
	case Met:
		v.Met++
	case Missed:
		v.Missed = append(v.Missed, x.Sentence)
	default:
		v.Unjudged = append(v.Unjudged, x.Sentence)
	}
}

// Add adds those of another report. Its name stands before its sentences, unless it is empty.
func (v *Verdicts) Add(w Verdicts, name string) {
	if name != "" {
		name += ": "
	}
	v.Met += w.Met
	v.Values = append(v.Values, w.Values...)
	for _, s := range w.Missed {
		v.Missed = append(v.Missed, name+s)
	}
	for _, s := range w.Unjudged {
		v.Unjudged = append(v.Unjudged, name+s)
	}
}

// Total counts all expected values.
func (v Verdicts) Total() int { return v.Met + len(v.Missed) + len(v.Unjudged) }

// String is such as "1 of 3 expected values is not met".
func (v Verdicts) String() string { return v.text(false) }

// Line is String with what was found instead: "1 of 3 expected values is not met: MultVAE NDCG@10 is
// 0.433, allowed 0.450 to 0.460 (Escobedo et al. 2024)".
func (v Verdicts) Line() string { return v.text(true) }

func (v Verdicts) text(full bool) string {
	noun := "expected values"
	if v.Total() == 1 {
		noun = "expected value"
	}
	var parts []string
	add := func(n int, what string, found []string) {
		verb := "are"
		if n == 1 {
			verb = "is"
		}
		text := fmt.Sprintf("%d of %d %s %s %s", n, v.Total(), noun, verb, what)
		if full && len(found) > 0 {
			text += ": " + few(found)
		}
		parts = append(parts, text)
	}
	if len(v.Missed) > 0 {
		add(len(v.Missed), "not met", v.Missed)
	}
	if len(v.Unjudged) > 0 {
		add(len(v.Unjudged), "not judged", v.Unjudged)
	}
	if len(parts) == 0 {
		add(v.Met, "met", nil)
	}
	return strings.Join(parts, "; ")
}

// few joins sentences, of which a long list shows only the first ones.
func few(sentences []string) string {
	const most = 3
	if len(sentences) <= most {
		return strings.Join(sentences, "; ")
	}
	return fmt.Sprintf("%s; and %d more in the report", strings.Join(sentences[:most], "; "), len(sentences)-most)
}

// unguarded removes the quote that render.WriteCSV puts before text which begins like a formula.
func unguarded(cell string) string {
	if text, ok := strings.CutPrefix(cell, "'"); ok && render.IsFormula(text) {
		return text
	}
	return cell
}

// ReadExpected reads the expected values that a report wrote for programs.
func ReadExpected(r io.Reader) (v Verdicts, err error) {
	const most = 64 << 20 // bytes; a spec cannot expect so much
	limited := &io.LimitedReader{R: r, N: most}
	lines, err := csv.NewReader(limited).ReadAll()
	if limited.N == 0 {
		return v, fmt.Errorf("more than %d MB of expected values", most>>20)
	}
	if err != nil {
		return v, err
	}
	if len(lines) == 0 || !slices.Equal(lines[0], expectedHead) {
		return v, errors.New("these are not the expected values of a report")
	}
	for _, line := range lines[1:] {
		x, err := readJudged(line)
		if err != nil {
			return v, err
		}
		v.add(x)
	}
	return v, nil
}

// readJudged reads a line of the expected values.
func readJudged(line []string) (x Judged, err error) {
	text := func(column string) string { return line[slices.Index(expectedHead, column)] }
	var errs []error
	number := func(column string) float64 {
		f, err := strconv.ParseFloat(text(column), 64)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s of an expected value: %q is not a number", column, text(column)))
		}
		return f
	}
	x = Judged{
		Table: unguarded(text("table")), Row: unguarded(text("row")), Column: unguarded(text("column")),
		Expected: number("expected"), Low: number("low"), High: number("high"),
		By: text("by"), Result: Status(text("result")), Source: unguarded(text("source")), Sentence: unguarded(text("sentence")),
	}
	if x.N, err = strconv.Atoi(text("n")); err != nil || x.N < 0 {
		errs = append(errs, fmt.Errorf("n of an expected value: %q is not a number of values", text("n")))
	}
	if x.N > 0 {
		x.Found = number("found")
	}
	if x.Result != Met && x.Result != Missed && x.Result != Unjudged {
		errs = append(errs, fmt.Errorf("unknown result %q of an expected value", x.Result))
	}
	return x, errors.Join(errs...)
}
