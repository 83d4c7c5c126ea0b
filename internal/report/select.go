package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"foil/spec"
)

// A Selection is how a rule chose the cells of a row.
type Selection struct {
	Row      string
	Rule     *SelectLayout // with K, Split and Checkpoint of its metrics as found
	Averaged []string      // axes that the compared means are over
	Choices  []Choice      // one for each value of the axis per; without it, a single one
}

// A Choice is one use of the rule.
type Choice struct {
	At         []Axis // the value of the axis per; without it, nothing
	Candidates []Candidate
	Reference  Entry  // of the row that candidates are compared with; without within, zero
	Chosen     int    // index of the candidate; -1: none
	Why        string // no candidate could be chosen
	Absent     bool   // that is because cells are not part of this run
}

// A Candidate is one combination of values, and how the rule judged it.
type Candidate struct {
	Values  []Axis // in the order of SelectLayout.Among
	Best    Entry
	Within  Entry // without within, zero
	Verdict Verdict
}

// A Verdict is the result of the rule for a candidate.
type Verdict string

const (
	IsChosen      Verdict = "chosen"
	IsEqual       Verdict = "equal" // as good as the chosen one, and later in the order of the axes
	IsWorse       Verdict = "worse"
	IsOutside     Verdict = "not within"
	IsIncomplete  Verdict = "incomplete" // another candidate has more values: their means are over other cells
	IsNotFinite   Verdict = "not finite"
	HasNoValue    Verdict = "no value"
	IsNotCompared Verdict = "not compared" // the reference has no usable value
)

// choose applies the rule of a row. points are the coordinates of the chosen cells, one for each
// choice that chose.
func (b *builder) choose(table *TableLayout, row RowLayout) (s Selection, points [][]Axis, err error) {
	rule := *row.Select
	r := &chooser{builder: b, rule: &rule, where: sortedAxes(row.Where)}
	if r.best, err = b.score(&rule.Best, "best"); err != nil {
		return s, nil, err
	}
	if rule.Within != nil {
		within := *rule.Within
		rule.Within = &within
		if err := r.compareWith(table); err != nil {
			return s, nil, err
		}
	}
	if err := errors.Join(rule.checkFound(), rule.checkStages(r.best.stage, stagesOf(b.columnsOfRow(row)))); err != nil {
		return s, nil, err
	}
	s = Selection{Row: clean(row.Name), Rule: &rule}
	for _, axis := range b.layout.Over {
		if axis != rule.Per && slices.Contains(r.best.stage.axes, axis) {
			s.Averaged = append(s.Averaged, axis)
		}
	}
	places := [][]Axis{nil}
	if rule.Per != "" {
		places = nil
		for _, v := range axisValues([]*stage{{cells: r.best.stage.pick(r.where)}}, rule.Per) {
			places = append(places, []Axis{{rule.Per, v}})
		}
	}
	candidates := r.candidates()
	for _, at := range places {
		c, err := r.choice(at, candidates)
		if err != nil {
			return s, nil, err
		}
		s.Choices = append(s.Choices, c)
		if c.Chosen >= 0 {
			points = append(points, slices.Concat(r.where, at, c.Candidates[c.Chosen].Values))
		}
	}
	if len(places) == 0 {
		s.Choices = []Choice{{Chosen: -1, Absent: true, Why: noCandidate}}
	}
	return s, points, nil
}

const noCandidate = "no candidate has cells in this run"

// A chooser applies a rule.
type chooser struct {
	*builder
	rule         *SelectLayout
	where        []Axis // of the row
	best, within columnSource
	of           []Axis       // where of the reference row
	ofSource     columnSource // of the reference row
}

// score finds the metric of a score, and completes the score with what was found.
func (b *builder) score(s *Score, name string) (columnSource, error) {
	stage, err := b.stage(s.From)
	if err != nil {
		return columnSource{}, fmt.Errorf("select.%s: %w", name, err)
	}
	id, err := stage.find(s.Selector, s.K)
	if err != nil {
		return columnSource{}, fmt.Errorf("select.%s: %w", name, err)
	}
	if err := stage.checkGap(id); err != nil {
		return columnSource{}, fmt.Errorf("select.%s: %w", name, err)
	}
	s.K, s.Split, s.Checkpoint = id.K, id.Split, id.Checkpoint
	return columnSource{stage: stage, series: id}, nil
}

// compareWith finds the metric of the condition, and the row to compare with. A row that has the
// metrics of another stage is compared by that stage.
func (r *chooser) compareWith(table *TableLayout) (err error) {
	w := r.rule.Within
	if r.within, err = r.score(&w.Score, "within"); err != nil {
		return err
	}
	i := slices.IndexFunc(table.Rows, func(row RowLayout) bool { return row.Name == w.Of })
	if i < 0 {
		return fmt.Errorf("select.within.of: the table has no row %q", w.Of)
	}
	reference := table.Rows[i]
	r.of, r.ofSource = sortedAxes(reference.Where), r.within
	if reference.From != "" {
		own := w.Score
		own.From = reference.From
		r.ofSource, err = r.score(&own, "within")
	}
	return err
}

// checkFound refuses a rule whose metrics turn out to be of test data.
func (s *SelectLayout) checkFound() error {
	var err error
	report := spec.ReportTo(func(path, message string) {
		if err == nil {
			err = fmt.Errorf("%s: %s", path, message)
		}
	})
	s.checkTest(s.Best.series(s.Best.K), "select.best", report)
	if s.Within != nil {
		s.checkTest(s.Within.series(s.Within.K), "select.within", report)
	}
	return err
}

// checkStages returns an error if the rule cannot choose among the cells of best, or if its choices
// cannot be shown.
func (s *SelectLayout) checkStages(best *stage, columns []*stage) error {
	has := func(st *stage, axis string) bool { return slices.Contains(st.axes, axis) }
	for i, axis := range s.Among {
		if !has(best, axis) {
			return fmt.Errorf("select%s: the cells of %s, which the rule chooses by, have no axis %q", at(".among", i), best.name, axis)
		}
	}
	if s.Per == "" {
		return nil
	}
	if !has(best, s.Per) {
		return fmt.Errorf("select.per: the cells of %s, which the rule chooses by, have no axis %q", best.name, s.Per)
	}
	for _, c := range columns {
		if !has(c, s.Per) && slices.ContainsFunc(s.Among, func(axis string) bool { return has(c, axis) }) {
			return fmt.Errorf("select.per: the cells of %s have no axis %q, so they cannot show a choice for each of its values", c.name, s.Per)
		}
	}
	return nil
}

// candidates are the combinations of values that the rule chooses among, in the order of the axes:
// the last axis runs fastest.
func (r *chooser) candidates() [][]Axis {
	var found [][]Axis
	seen := map[string]bool{}
	for _, c := range r.best.stage.pick(r.where) {
		values := make([]Axis, 0, len(r.rule.Among))
		for _, axis := range r.rule.Among {
			if v, ok := value(c.Axes, axis); ok {
				values = append(values, Axis{axis, v})
			}
		}
		id := point(values, r.rule.Among)
		if len(values) == len(r.rule.Among) && !seen[id] && !r.rule.excludes(values) {
			found = append(found, values)
		}
		seen[id] = true
	}
	place := map[string]int{}
	for _, axis := range r.rule.Among {
		for i, v := range axisValues([]*stage{r.best.stage}, axis) {
			place[axis+"\n"+valueKey(v)] = i
		}
	}
	slices.SortStableFunc(found, func(p, q []Axis) int {
		for i, a := range p {
			if d := cmp.Compare(place[a.Name+"\n"+valueKey(a.Value)], place[a.Name+"\n"+valueKey(q[i].Value)]); d != 0 {
				return d
			}
		}
		return 0
	})
	return found
}

// choice applies the rule at one value of the axis per, or over all.
func (r *chooser) choice(at []Axis, candidates [][]Axis) (Choice, error) {
	c := Choice{At: at, Chosen: -1}
	for _, values := range candidates {
		where := slices.Concat(r.where, at, values)
		candidate := Candidate{Values: values}
		var err error
		if candidate.Best, err = r.mean(r.best, where); err != nil {
			return c, err
		}
		if r.rule.Within != nil {
			if candidate.Within, err = r.mean(r.within, where); err != nil {
				return c, err
			}
		}
		c.Candidates = append(c.Candidates, candidate)
	}
	if r.rule.Within != nil {
		var err error
		if c.Reference, err = r.mean(r.ofSource, slices.Concat(r.of, at)); err != nil {
			return c, fmt.Errorf("the row of select.within: %w", err)
		}
	}
	r.decide(&c)
	return c, nil
}

func (r *chooser) mean(from columnSource, where []Axis) (Entry, error) {
	cells := from.stage.pick(where)
	if err := from.stage.checkMeanable(cells, where, r.layout.Over, "name it in among, in where or in over"); err != nil {
		return Entry{}, err
	}
	return from.stage.entry(cells, from.series)
}

// decide sets the verdicts, and the candidate that is chosen.
func (r *chooser) decide(c *Choice) {
	if len(c.Candidates) == 0 {
		c.Why, c.Absent = noCandidate, true
		return
	}
	best, within := map[string]bool{}, map[string]bool{}
	for _, k := range c.Candidates {
		maps.Copy(best, r.places(k.Best))
		maps.Copy(within, r.places(k.Within))
	}
	unusable := ""
	if r.rule.Within != nil {
		unusable, c.Absent = r.unusable(c.Reference, within)
	}
	for i := range c.Candidates {
		k := &c.Candidates[i]
		switch {
		case k.Best.count() == 0 || r.rule.Within != nil && k.Within.count() == 0:
			k.Verdict = HasNoValue
		case len(r.places(k.Best)) < len(best) || len(r.places(k.Within)) < len(within):
			k.Verdict = IsIncomplete
		case len(k.Best.NotFinite) > 0 || len(k.Within.NotFinite) > 0:
			k.Verdict = IsNotFinite
		case unusable != "":
			k.Verdict = IsNotCompared
		case r.rule.Within != nil && !r.rule.Within.allows(k.Within.Mean, c.Reference.Mean):
			k.Verdict = IsOutside
		case c.Chosen < 0 || r.rule.Best.isBetter(k.Best.Mean, c.Candidates[c.Chosen].Best.Mean):
			k.Verdict, c.Chosen = IsChosen, i
		}
	}
	for i := range c.Candidates {
		k := &c.Candidates[i]
		switch {
		case k.Verdict != IsChosen && k.Verdict != "" || i == c.Chosen:
		case k.Best.Mean == c.Candidates[c.Chosen].Best.Mean:
			k.Verdict = IsEqual
		default:
			k.Verdict = IsWorse
		}
	}
	if c.Chosen < 0 {
		c.Why = cmp.Or(unusable, r.whyNone(*c))
	}
}

// places tell the values of an entry apart: those of the same place can be compared.
func (r *chooser) places(e Entry) map[string]bool {
	places := map[string]bool{}
	for _, o := range e.Origins {
		places[r.overKey(o.Cell)] = true
	}
	return places
}

// unusable tells why candidates cannot be compared with the reference; empty: they can. Its mean
// must be over the same cells as theirs, unless its cells have other axes.
func (r *chooser) unusable(e Entry, candidates map[string]bool) (why string, absent bool) {
	row, id := clean(r.rule.Within.Of), r.ofSource.series
	switch {
	case len(r.ofSource.stage.pick(r.of)) == 0:
		return row + ", which candidates are compared with, is not in this run", true
	case e.count() == 0:
		return fmt.Sprintf("%s, which candidates are compared with, has no %s", row, id), false
	case len(e.NotFinite) > 0:
		return fmt.Sprintf("the %s of %s, which candidates are compared with, is not finite", id, row), false
	}
	sameAxes := slices.Equal(r.ofSource.stage.axes, r.within.stage.axes)
	if own := r.places(e); sameAxes && len(candidates) > 0 && !maps.Equal(own, candidates) {
		return fmt.Sprintf("the %s of %s, which candidates are compared with, is over other cells: %d instead of %d",
			id, row, len(own), len(candidates)), false
	}
	return "", false
}

// allows reports whether a value is hardly worse than that of the reference. The share is of the
// reference's absolute value. A value at the limit is allowed, also where rounding moved it by its
// last bits.
func (w *WithinLayout) allows(v, of float64) bool {
	const rounding = 1e-12
	limit := (w.By + rounding) * math.Abs(of)
	if w.Better == "lower" {
		return v <= of+limit
	}
	return v >= of-limit
}

// whyNone tells why no candidate could be chosen.
func (r *chooser) whyNone(c Choice) string {
	nearest := -1
	for i, k := range c.Candidates {
		if k.Verdict == IsOutside && (nearest < 0 || r.rule.Within.isBetter(k.Within.Mean, c.Candidates[nearest].Within.Mean)) {
			nearest = i
		}
	}
	if nearest < 0 {
		return "no candidate has finite and complete values"
	}
	k := c.Candidates[nearest]
	return fmt.Sprintf("the %s of no candidate is within %s of that of %s, %s; the nearest is %s at %s",
		r.within.series, percent(r.rule.Within.By), clean(r.rule.Within.Of), brief(c.Reference.Mean), brief(k.Within.Mean), joined(k.Values, ", "))
}

// percent writes a share: 0.02 is "2 %".
func percent(share float64) string { return brief(100*share) + " %" }

// describe is the rule in words.
func (s *Selection) describe() string {
	r := s.Rule
	low, worse := "highest", "lower"
	if r.Best.Better == "lower" {
		low = "lowest"
	}
	text := "among all values of " + clean(strings.Join(r.Among, " and "))
	for i, e := range r.Exclude {
		text += []string{" (without ", " and without "}[min(i, 1)] + describeExclusion(e)
	}
	if len(r.Exclude) > 0 {
		text += ")"
	}
	if w := r.Within; w != nil {
		if w.Better == "lower" {
			worse = "higher"
		}
		limit := "at most " + percent(w.By) + " " + worse + " than that of "
		if w.By == 0 {
			limit = "not " + worse + " than that of "
		}
		text += fmt.Sprintf(" whose %s is %s", w.Score.describe(), limit+clean(w.Of))
	}
	text += fmt.Sprintf(", the %s %s", low, r.Best.describe())
	if len(s.Averaged) > 0 {
		text += ", by means over " + clean(strings.Join(s.Averaged, ", "))
	}
	if r.Per != "" {
		return "for each " + clean(r.Per) + ", " + text
	}
	return text
}

// describeExclusion is such as "gender=0", or "gender=0 or 1 with age=0".
func describeExclusion(e map[string]spec.Value) string {
	var parts []string
	for _, axis := range sortedNames(e) {
		var values []string
		for _, v := range listed(e[axis]) {
			values = append(values, display(v))
		}
		parts = append(parts, clean(axis)+"="+strings.Join(values, " or "))
	}
	return strings.Join(parts, " with ")
}

// describe names the metric of a score.
func (s Score) describe() string { return s.series(s.K).String() + " (" + clean(s.From) + ")" }

// test reports whether the rule looked at test data, or at data of which that is not known although
// the rule allows it.
func (s *Selection) test() bool {
	looks := func(score Score) bool { return isTest(score.series(0)) || s.Rule.AllowTest && score.Split == "" }
	return looks(s.Rule.Best) || s.Rule.Within != nil && looks(s.Rule.Within.Score)
}

// failures are the choices that chose nothing.
func (s *Selection) failures() []Choice {
	return filter(s.Choices, func(c Choice) bool { return c.Chosen < 0 })
}

// pickAll returns the cells at some points, each cell once.
func (s *stage) pickAll(points [][]Axis, over []string) ([]Cell, error) {
	var all []Cell
	seen := map[string]bool{}
	for _, where := range points {
		cells := s.pick(where)
		if err := s.checkMeanable(cells, where, over, "fix it in where, or name it in grid or in over"); err != nil {
			return nil, err
		}
		if len(points) == 1 {
			return cells, nil
		}
		for _, c := range cells {
			if id := point(c.Axes, s.axes); !seen[id] {
				seen[id] = true
				all = append(all, c)
			}
		}
	}
	return all, nil
}

// valueAt is the value that all points have on an axis.
func valueAt(points [][]Axis, axis string) (v spec.Value, ok bool) {
	for i, p := range points {
		w, has := value(p, axis)
		if !has || i > 0 && !v.Equal(w) {
			return spec.Value{}, false
		}
		v = w
	}
	return v, len(points) > 0
}
