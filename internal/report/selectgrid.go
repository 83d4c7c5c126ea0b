package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"foil/internal/report/grid"
)

// scoreDigits are the digits of the metrics that a rule compares.
const scoreDigits = 4

// grid is what a rule chose, and all candidates.
func (s *Selection) grid(table int) grid.Selection {
	labels := s.labelHeads()
	g := grid.Selection{
		Table:      table,
		Chosen:     grid.Table{Title: "Rule for " + s.Row, Labels: labels, ByAxes: true, Caption: s.caption()},
		Candidates: grid.Table{Title: "Candidates for " + s.Row, Labels: append(slices.Clone(labels), "verdict"), ByAxes: true},
	}
	g.Chosen.Columns = s.columns()
	g.Candidates.Columns = g.Chosen.Columns
	f := s.formats()
	for _, c := range s.Choices {
		at := axisTexts(c.At, s.per())
		full := c.most()
		number := func(e Entry, i int) grid.Number { return e.number(grid.Missing, f[i], full, s.Averaged) }
		chosen := grid.Row{Labels: slices.Concat(at, slices.Repeat([]string{"–"}, len(s.Rule.Among)))}
		best, within := Entry{}, Entry{}
		for i, k := range c.Candidates {
			row := grid.Row{Labels: slices.Concat(at, axisTexts(k.Values, s.Rule.Among), []string{string(k.Verdict)}), Rule: i == 0 && len(g.Candidates.Rows) > 0}
			k.Best.Best = i == c.Chosen
			row.Numbers = s.numbers(number, k.Best, k.Within, c.Reference)
			g.Candidates.Rows = append(g.Candidates.Rows, row)
			if i == c.Chosen {
				best, within = k.Best, k.Within
				best.Best = false
				chosen.Labels = slices.Concat(at, axisTexts(k.Values, s.Rule.Among))
			}
		}
		chosen.Numbers = s.numbers(number, best, within, c.Reference)
		g.Chosen.Rows = append(g.Chosen.Rows, chosen)
	}
	return g
}

// per is the axis per as a list.
func (s *Selection) per() []string {
	if s.Rule.Per == "" {
		return nil
	}
	return []string{s.Rule.Per}
}

func (s *Selection) labelHeads() []string { return cleanAll(slices.Concat(s.per(), s.Rule.Among)) }

// columns are the metrics of the rule.
func (s *Selection) columns() []grid.Column {
	r := s.Rule
	columns := []grid.Column{{Title: r.Best.short(), Arrow: arrows[r.Best.Better]}}
	if w := r.Within; w != nil {
		title := w.short()
		if title == r.Best.short() {
			columns[0].Title, title = r.Best.series(r.Best.K).String(), w.series(w.K).String()
		}
		columns = append(columns, grid.Column{Title: title, Arrow: arrows[w.Better]}, grid.Column{Title: title + " of " + clean(w.Of)})
	}
	return columns
}

// short names a metric without split and checkpoint, which the rule in words has.
func (s Score) short() string {
	return series{Name: s.Metric, K: s.K, Group: s.Group, Gap: s.Gap.gap()}.String()
}

func (s *Selection) numbers(number func(Entry, int) grid.Number, best, within, reference Entry) []grid.Number {
	if s.Rule.Within == nil {
		return []grid.Number{number(best, 0)}
	}
	return []grid.Number{number(best, 0), number(within, 1), number(reference, 1)}
}

// formats are those of the two metrics.
func (s *Selection) formats() [2]format {
	var best, within []float64
	for _, c := range s.Choices {
		for _, k := range c.Candidates {
			best, within = append(best, k.Best.Mean), append(within, k.Within.Mean)
		}
		within = append(within, c.Reference.Mean)
	}
	return [2]format{formatOf(scoreDigits, best), formatOf(scoreDigits, within)}
}

// most is the largest number of values of a candidate.
func (c Choice) most() int {
	most := 0
	for _, k := range c.Candidates {
		most = max(most, k.Best.count(), k.Within.count())
	}
	return most
}

// caption is the rule, and what must be known about its use.
func (s *Selection) caption() []grid.Note {
	notes := []grid.Note{{Text: "Rule: " + s.describe() + "."}}
	add := func(format string, args ...any) {
		notes = append(notes, grid.Note{Text: fmt.Sprintf(format, args...)})
	}
	switch {
	case s.test():
		add("%s", testNote)
	case s.Rule.Per == "" && len(s.Averaged) > 0 && len(s.failures()) == 0:
		axes := cleanAll(s.Averaged)
		add("The rule chose once for all values of %s. In a cross-validation, validation users of one fold are test users of another one: "+
			"then the choice has seen test users, and the numbers are too good. With per: %s it would not.", strings.Join(axes, " and "), axes[0])
	}
	listed := map[string][]string{} // by what happened: where
	var order []string
	note := func(c Choice, text string) {
		if len(listed[text]) == 0 {
			order = append(order, text)
		}
		listed[text] = append(listed[text], joined(c.At, ", "))
	}
	for _, c := range s.Choices {
		var equal []string
		leftOut := map[Verdict]int{}
		for i, k := range c.Candidates {
			if i == c.Chosen || k.Verdict == IsEqual {
				equal = append(equal, joined(k.Values, ", "))
			}
			leftOut[k.Verdict]++
		}
		if len(equal) > 1 {
			note(c, "equal are "+strings.Join(equal, " and ")+"; the first in the order of the axes is chosen")
		}
		for _, v := range []Verdict{HasNoValue, IsIncomplete, IsNotFinite} {
			if n := leftOut[v]; n > 0 && c.Chosen >= 0 {
				note(c, strconv.Itoa(n)+" of "+strconv.Itoa(len(c.Candidates))+" candidates could not be compared: "+string(v))
			}
		}
		if c.Chosen < 0 {
			note(c, "nothing was chosen: "+c.Why)
		}
	}
	for _, text := range order {
		at := strings.Join(listed[text], "; ")
		if at == "" {
			text = strings.ToUpper(text[:1]) + text[1:]
		} else {
			at = "For " + at + ": "
		}
		add("%s%s.", at, text)
	}
	return notes
}

const testNote = "The rule looks at test data (allow_test), so the numbers that it chose are too good."

// selectionNotes belong to the caption of a table with chosen rows.
func (t *Table) selectionNotes() (notes []grid.Note) {
	add := func(text string) { notes = append(notes, grid.Note{Text: text}) }
	var validated, tested []string
	for _, s := range t.Selections {
		failed := s.failures()
		if len(failed) > 0 && len(failed) < len(s.Choices) {
			var at []string
			for _, c := range failed {
				at = append(at, joined(c.At, ", "))
			}
			add(s.Row + ": nothing was chosen for " + strings.Join(at, ", ") + ", so its means are over fewer values.")
		}
		switch {
		case len(failed) == len(s.Choices):
			add(s.Row + " is missing: " + failed[0].Why + ".")
		case s.test():
			tested = append(tested, s.Row)
		default:
			validated = append(validated, s.Row)
		}
	}
	if len(validated) > 0 {
		add("Chosen by a rule, see below: the cells of " + strings.Join(validated, ", ") + ".")
	}
	if len(tested) > 0 {
		add("Chosen by a rule on test data, so the numbers are too good: the cells of " + strings.Join(tested, ", ") + ".")
	}
	return notes
}

// choices are all candidates for programs, one per line.
func (r *Tables) choices() grid.Data {
	var axes []string
	for _, t := range r.Tables {
		for _, s := range t.Selections {
			for _, axis := range slices.Concat(s.per(), s.Rule.Among) {
				if !slices.Contains(axes, axis) {
					axes = append(axes, axis)
				}
			}
		}
	}
	var d grid.Data
	for _, t := range r.Tables {
		for _, s := range t.Selections {
			for _, c := range s.Choices {
				for _, k := range c.Candidates {
					d.Lines = append(d.Lines, slices.Concat([]string{t.Title, s.Row}, axisTexts(slices.Concat(c.At, k.Values), axes),
						k.Best.exact(), k.Within.exact(), c.Reference.exact()[:3], []string{string(k.Verdict)}))
				}
			}
		}
	}
	if len(d.Lines) > 0 {
		d.Head = slices.Concat([]string{"table", "row"}, axes, []string{"best", "best_sd", "best_n", "best_not_finite",
			"within", "within_sd", "within_n", "within_not_finite", "reference", "reference_sd", "reference_n", "verdict"})
	}
	return d
}
