package report

import (
	"slices"

	"foil/spec"
)

// A SelectLayout is a rule that chooses the cells of a row among candidates. The row shows the
// numbers of the chosen cells.
type SelectLayout struct {
	Among     []string                `yaml:"among" required:"true" nonempty:"true"`
	Exclude   []map[string]spec.Value `yaml:"exclude"`
	Best      Score                   `yaml:"best" required:"true"`
	Within    *WithinLayout           `yaml:"within"`
	Per       string                  `yaml:"per"`
	AllowTest bool                    `yaml:"allow_test"`
}

var selectParams = &spec.Params[SelectLayout]{
	Docs: spec.Docs{
		"among":      "axes in which the candidates differ: each combination of their values is a candidate",
		"exclude":    "candidates that are left out: maps of axes of among, each with a value or a list of values",
		"best":       "metric that decides: the candidate with its best mean is chosen. If several are equal, the first in the order of the axes is.",
		"within":     "condition that a candidate must meet; default: none",
		"per":        "axis of over; the rule chooses once for each of its values, such as each fold. Default: once, by means over all of over.",
		"allow_test": "allow a rule that uses the split test, so that the row's numbers are too good; the report then tells that",
	},
	Nested: []spec.Described{scoreParams, withinParams},
}

// A Score is a metric that candidates are compared by.
type Score struct {
	Selector
	K      int    `yaml:"k" min:"0"`
	Better string `yaml:"better" required:"true" oneof:"higher,lower"`
}

var scoreParams = &spec.Params[Score]{
	Docs: spec.Docs{
		"k":      "cut-off of a ranking metric, or epoch of a curve; required if the metric exists for several",
		"better": "whether higher or lower values are better",
	},
	Nested: []spec.Described{selectorParams},
}

// isBetter compares two values of the score.
func (s Score) isBetter(a, b float64) bool {
	if s.Better == "lower" {
		return a < b
	}
	return a > b
}

// A WithinLayout is the condition that a candidate is hardly worse than another row of its table.
type WithinLayout struct {
	Score
	Of string  `yaml:"of" required:"true"`
	By float64 `yaml:"by" required:"true" min:"0"`
}

var withinParams = &spec.Params[WithinLayout]{
	Docs: spec.Docs{
		"of": "row of the same table to compare with; with per, its cells at the same value, such as the same fold",
		"by": "how much worse a candidate may be, as a share of that row's value: 0.02 is 2 percent",
	},
	Nested: []spec.Described{scoreParams},
}

// check reports errors of a rule that do not depend on the cells.
func (s *SelectLayout) check(l *Layout, t *TableLayout, row RowLayout, path string, report spec.Reporter) {
	seen := map[string]bool{}
	for i, axis := range s.Among {
		where := path + at(".among", i)
		_, fixed := row.Where[axis]
		switch {
		case fixed:
			report(where, "axis %q has a value in where, so candidates cannot differ in it", axis)
		case slices.Contains(l.Over, axis):
			report(where, "axis %q is averaged over (see over), so candidates cannot differ in it", axis)
		case seen[axis]:
			report(where, "axis %q occurs twice", axis)
		}
		seen[axis] = true
	}
	for i, exclusion := range s.Exclude {
		where := path + at(".exclude", i)
		if len(exclusion) == 0 {
			report(where, "an empty map would exclude every candidate; name an axis")
		}
		for _, axis := range sortedNames(exclusion) {
			if !slices.Contains(s.Among, axis) {
				report(where+"."+axis, "axis %q is not in among%s", axis, spec.Suggestion(axis, s.Among))
			}
			for _, v := range listed(exclusion[axis]) {
				checkAxisValue(v, where+"."+axis, report)
			}
		}
	}
	if s.Per != "" {
		_, fixed := row.Where[s.Per]
		switch {
		case !slices.Contains(l.Over, s.Per):
			report(path+".per", "axis %q is not averaged over; per names an axis of over%s", s.Per, spec.Suggestion(s.Per, l.Over))
		case fixed:
			report(path+".per", "axis %q has a value in where, so there is nothing to choose for each of its values", s.Per)
		}
	}
	s.checkTest(s.Best.series(s.Best.K), path+".best.split", report)
	s.checkShown(s.Best, l, path+".best", report)
	if w := s.Within; w != nil {
		s.checkShown(w.Score, l, path+".within", report)
		s.checkTest(w.series(w.K), path+".within.split", report)
		w.check(t, row, s.Per, path+".within.of", report)
	}
}

func (w *WithinLayout) check(t *TableLayout, row RowLayout, per, path string, report spec.Reporter) {
	var names []string
	for _, r := range t.Rows {
		if r.Name != row.Name {
			names = append(names, r.Name)
		}
	}
	i := slices.IndexFunc(t.Rows, func(r RowLayout) bool { return r.Name == w.Of })
	switch {
	case w.Of == row.Name:
		report(path, "a candidate cannot be compared with the row that it is chosen for; name another row")
	case i < 0:
		report(path, "the table has no row %q%s", w.Of, spec.Suggestion(w.Of, names))
	case t.Rows[i].Select != nil:
		report(path, "the cells of row %q are chosen by a rule, too; name a row without select", w.Of)
	default:
		if _, fixed := t.Rows[i].Where[per]; fixed {
			report(path, "row %q has a single value of axis %q, and the rule chooses for each value; name a row with all of them", w.Of, per)
		}
	}
}

// checkTest refuses a rule that looks at test data. Its row would show the best of several test
// values, as if it were a test of one model.
func (s *SelectLayout) checkTest(id series, path string, report spec.Reporter) {
	if isTest(id) && !s.AllowTest {
		report(path, "%s", chosenByTest)
	}
}

// checkShown refuses a rule that chooses by what a column shows, where nothing tells that these are
// not test data: metrics of other programs often have no split.
func (s *SelectLayout) checkShown(score Score, l *Layout, path string, report spec.Reporter) {
	for _, c := range l.Columns {
		if score.Split == "" && c.From == score.From && c.series(c.K) == score.series(score.K) && !s.AllowTest {
			report(path, "the rule would choose by the numbers that column %q shows, which would be too good then; name a split, such as validation, "+
				"or set allow_test: true", clean(c.Title))
			return
		}
	}
}

const chosenByTest = "a rule must not choose by test data, because the chosen numbers would be too good; use split: validation, or set allow_test: true"

func isTest(id series) bool { return id.Split == "test" }

// listed are the values that a value or a list of values stands for.
func listed(v spec.Value) []spec.Value {
	if v.Type == spec.List {
		return v.List
	}
	return []spec.Value{v}
}

// excludes reports whether the rule leaves a candidate out.
func (s *SelectLayout) excludes(candidate []Axis) bool {
	return slices.ContainsFunc(s.Exclude, func(e map[string]spec.Value) bool {
		for axis, values := range e {
			v, ok := value(candidate, axis)
			if !ok || !slices.ContainsFunc(listed(values), v.Equal) {
				return false
			}
		}
		return true
	})
}
