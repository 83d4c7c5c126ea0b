package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"foil/internal/report/render"
)

// A Verdicts is the result of comparing a report with its expected values.
type Verdicts struct {
	Met              int
	Missed, Unjudged []string // what was found, in a sentence for each
}

// Tally counts expected values.
func Tally(all []Expected) Verdicts {
	var v Verdicts
	for _, x := range all {
		v.add(x.Status, x.Sentence())
	}
	return v
}

func (v *Verdicts) add(s Status, sentence string) {
	switch s {
	case Met:
		v.Met++
	case Missed:
		v.Missed = append(v.Missed, sentence)
	default:
		v.Unjudged = append(v.Unjudged, sentence)
	}
}

// Add adds those of another report. Its name stands before its sentences, unless it is empty.
func (v *Verdicts) Add(w Verdicts, name string) {
	if name != "" {
		name += ": "
	}
	v.Met += w.Met
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
	status, sentence := slices.Index(expectedHead, "result"), slices.Index(expectedHead, "sentence")
	for _, line := range lines[1:] {
		s := Status(line[status])
		if s != Met && s != Missed && s != Unjudged {
			return v, fmt.Errorf("unknown result %q of an expected value", line[status])
		}
		v.add(s, unguarded(line[sentence]))
	}
	return v, nil
}
