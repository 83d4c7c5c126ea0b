package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/spec"
)

// A Cell is one cell of a gathered stage.
type Cell struct {
	Axes    []Axis // sorted by name
	Digest  digest.Digest
	Metrics []artifact.Metric
	Notes   []string // sentences about the metrics that captions must tell

	// Outcomes reads the results of each user or image that the metrics are made of. Nil: the cell
	// has none.
	Outcomes func() (*artifact.Outcomes, error)
}

// An Axis is one coordinate of a cell or of a row.
type Axis struct {
	Name  string
	Value spec.Value
}

// sources are the gathered stages, and those of them that a report uses.
type sources struct {
	gathered map[string][]Cell
	stages   []*stage // in order of first use

	identities identities // of the units in all stages
	kept       sharedUnits
	groups     groups // of the units in all stages
}

// A stage is one gathered stage: its cells and the axes they have.
type stage struct {
	name  string
	axes  []string
	cells []Cell

	at map[string]map[string][]Cell // cells by the names of some axes, then by their values

	needed   []series                           // whose units are asked for
	outcomes map[digest.Digest]map[series]units // as far as they have been read

	ahead readAhead

	identities *identities // of all stages
	kept       *sharedUnits
	groups     *groups // of all stages
	gaps       map[series]*gapFound
}

// stage returns the one that is gathered under a name.
func (s *sources) stage(name string) (*stage, error) {
	if i := slices.IndexFunc(s.stages, func(have *stage) bool { return have.name == name }); i >= 0 {
		return s.stages[i], nil
	}
	cells, ok := s.gathered[name]
	if !ok {
		names := sortedNames(s.gathered)
		return nil, fmt.Errorf("nothing is gathered as %q%s; there is %s", name, didYouMean(name, names), strings.Join(names, ", "))
	}
	made := &stage{name: name, cells: cells, axes: axesOfCells(cells), identities: &s.identities, kept: &s.kept, groups: &s.groups}
	s.stages = append(s.stages, made)
	return made, nil
}

// pick returns the cells that agree with where. An axis that the stage does not have does not
// restrict it: its cells are the same for all values.
func (s *stage) pick(where []Axis) []Cell {
	where = filter(where, func(a Axis) bool { return slices.Contains(s.axes, a.Name) })
	if len(where) == 0 {
		return s.cells
	}
	names := make([]string, len(where))
	for i, a := range where {
		names[i] = a.Name
	}
	id := strings.Join(names, "\n")
	if s.at[id] == nil {
		if s.at == nil {
			s.at = map[string]map[string][]Cell{}
		}
		at := map[string][]Cell{}
		for _, c := range s.cells {
			p := point(c.Axes, names)
			at[p] = append(at[p], c)
		}
		s.at[id] = at
	}
	return s.at[id][point(where, names)]
}

// point is the text of some coordinates. Only equal values have the same text.
func point(axes []Axis, names []string) string {
	var b strings.Builder
	for _, name := range names {
		v, _ := value(axes, name)
		b.WriteString(valueKey(v))
		b.WriteByte('\n')
	}
	return b.String()
}

// valueKey is the same text for equal values: 1 and 1.0 are equal, "1" is another value.
func valueKey(v spec.Value) string {
	switch {
	case v.Type == spec.Float && v.Float == math.Trunc(v.Float) && math.Abs(v.Float) < 1<<63:
		return strconv.FormatInt(int64(v.Float), 10)
	case v.Type == spec.Float:
		return shortest(v.Float)
	case v.Type == spec.Int:
		return strconv.FormatInt(v.Int, 10)
	}
	return quoted(v)
}

// distinct are the different values, in the order in which they come first.
func distinct(all []spec.Value) []spec.Value {
	seen := map[string]bool{}
	return filter(all, func(v spec.Value) bool {
		key := valueKey(v)
		known := seen[key]
		seen[key] = true
		return !known
	})
}

// valuesOf are the values of the cells on an axis.
func valuesOf(cells []Cell, axis string) []spec.Value {
	var values []spec.Value
	for _, c := range cells {
		if v, ok := value(c.Axes, axis); ok {
			values = append(values, v)
		}
	}
	return values
}

// shared counts the axes of where that the stage has.
func (s *stage) shared(where []Axis) int {
	return len(filter(where, func(a Axis) bool { return slices.Contains(s.axes, a.Name) }))
}

// checkMeanable returns an error with a remedy if the cells of one entry differ in an axis that is
// neither fixed nor averaged over.
func (s *stage) checkMeanable(picked []Cell, where []Axis, over []string, remedy string) error {
	for _, axis := range s.axes {
		if _, fixed := value(where, axis); fixed || slices.Contains(over, axis) {
			continue
		}
		if seen := distinct(valuesOf(picked, axis)); len(seen) > 1 {
			return fmt.Errorf("the cells of %s differ in axis %s (%s): %s",
				s.name, axis, listValues(seen), remedy)
		}
	}
	return nil
}

// checkAxis returns an error for an axis that none of the stages has.
func checkAxis(stages []*stage, path, axis string) error {
	have := axesOf(stages)
	if slices.Contains(have, axis) {
		return nil
	}
	there := "; the cells have " + strings.Join(have, ", ")
	if len(have) == 0 {
		there = "; the cells have no axes"
	}
	return fmt.Errorf("%s: unknown axis %q%s%s", path, axis, didYouMean(axis, have), there)
}

// checkPoint returns an error for axes that none of the stages has, and for values that an axis
// can never have.
func checkPoint(stages []*stage, path string, where map[string]spec.Value) error {
	var errs []error
	for _, axis := range sortedNames(where) {
		err := checkAxis(stages, path, axis)
		if err == nil {
			if err = checkType(stages, axis, where[axis]); err != nil {
				err = fmt.Errorf("%s.%s: %w", path, axis, err)
			}
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// checkType returns an error for a value that cannot be one of the axis: the string "400" is not
// the number 400.
func checkType(stages []*stage, axis string, want spec.Value) error {
	values := axisValues(stages, axis)
	for _, v := range values {
		if v.Type == want.Type || isNumber(v) && isNumber(want) {
			return nil
		}
	}
	return fmt.Errorf("%s is %s, the values of the axis are %s (%s)", quoted(want), typeName(want),
		listValues(values), typeName(values[0]))
}

// describeAxes tells which axes and values the cells have.
func describeAxes(stages []*stage) string {
	var parts []string
	for _, axis := range axesOf(stages) {
		parts = append(parts, clean(axis)+" is "+listValues(axisValues(stages, axis)))
	}
	if len(parts) == 0 {
		return "its cells have no axes"
	}
	return "in its cells " + strings.Join(parts, "; ")
}

// axesOf are the names of all axes that some stages have.
func axesOf(stages []*stage) []string {
	var cells []Cell
	for _, s := range stages {
		cells = append(cells, s.cells...)
	}
	return axesOfCells(cells)
}

func axesOfCells(cells []Cell) []string {
	names := map[string]bool{}
	for _, c := range cells {
		for _, a := range c.Axes {
			names[a.Name] = true
		}
	}
	return sortedNames(names)
}

// axisValues lists the distinct values of an axis: numbers in numerical order, anything else in the
// order of the cells.
func axisValues(stages []*stage, name string) []spec.Value {
	var values []spec.Value
	for _, s := range stages {
		values = append(values, valuesOf(s.cells, name)...)
	}
	values = distinct(values)
	if !slices.ContainsFunc(values, func(v spec.Value) bool { return !isNumber(v) }) {
		slices.SortStableFunc(values, func(a, b spec.Value) int { return cmp.Compare(number(a), number(b)) })
	}
	return values
}

func isNumber(v spec.Value) bool { return v.Type == spec.Int || v.Type == spec.Float }

func number(v spec.Value) float64 {
	if v.Type == spec.Int {
		return float64(v.Int)
	}
	return v.Float
}

// value returns the coordinate called name.
func value(axes []Axis, name string) (spec.Value, bool) {
	for _, a := range axes {
		if a.Name == name {
			return a.Value, true
		}
	}
	return spec.Value{}, false
}

// sharedAxes are the values of those axes on which all cells that have them agree.
func sharedAxes(cells []Cell, names []string) []Axis {
	var axes []Axis
	for _, name := range names {
		if v, ok := common(cells, name); ok {
			axes = append(axes, Axis{name, v})
		}
	}
	return axes
}

// common is the value that all cells which have the axis share.
func common(cells []Cell, axis string) (spec.Value, bool) {
	var shared spec.Value
	found := false
	for _, c := range cells {
		v, ok := value(c.Axes, axis)
		switch {
		case !ok:
		case found && !shared.Equal(v):
			return spec.Value{}, false
		default:
			shared, found = v, true
		}
	}
	return shared, found
}

func sortedAxes(where map[string]spec.Value) []Axis {
	var axes []Axis
	for _, name := range sortedNames(where) {
		axes = append(axes, Axis{name, where[name]})
	}
	return axes
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func filter[T any](all []T, keep func(T) bool) []T {
	var kept []T
	for _, x := range all {
		if keep(x) {
			kept = append(kept, x)
		}
	}
	return kept
}

// bracketed writes axes as cells are written everywhere: [age=200,gender=400].
func bracketed(axes []Axis) string { return "[" + joined(axes, ",") + "]" }

func joined(axes []Axis, sep string) string {
	parts := make([]string, len(axes))
	for i, a := range axes {
		parts[i] = clean(a.Name) + "=" + clean(a.Value.String())
	}
	return strings.Join(parts, sep)
}

// axisTexts are the values on axes, as a table shows them; empty for an axis that is absent.
func axisTexts(axes []Axis, names []string) []string {
	texts := make([]string, len(names))
	for i, name := range names {
		if v, ok := value(axes, name); ok {
			texts[i] = display(v)
		}
	}
	return texts
}

// display is a value as a table shows it: a string without quotes.
func display(v spec.Value) string {
	if v.Type == spec.String {
		return clean(v.Str)
	}
	return clean(v.String())
}

func quoted(v spec.Value) string {
	if v.Type == spec.String {
		return fmt.Sprintf("%q", v.Str)
	}
	return v.String()
}

func typeName(v spec.Value) string {
	switch v.Type {
	case spec.String:
		return "a string"
	case spec.Bool:
		return "true or false"
	}
	return "a number"
}

func listValues(values []spec.Value) string {
	const most = 8
	var parts []string
	for i, v := range values {
		if i == most {
			parts = append(parts, "...")
			break
		}
		parts = append(parts, clean(v.String()))
	}
	return strings.Join(parts, ", ")
}

func didYouMean(name string, candidates []string) string {
	if near := spec.Nearest(name, candidates); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// clean puts text of a spec on one line without control characters, which could otherwise steer
// the reader's terminal.
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
