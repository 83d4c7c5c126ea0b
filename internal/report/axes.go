package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"foil/spec"
)

// value returns the coordinate called name.
func value(axes []Axis, name string) (spec.Value, bool) {
	for _, a := range axes {
		if a.Name == name {
			return a.Value, true
		}
	}
	return spec.Value{}, false
}

// bracketed writes axes as cells are written everywhere: [age=200,gender=400].
func bracketed(axes []Axis) string {
	return "[" + joined(axes, ",") + "]"
}

func joined(axes []Axis, sep string) string {
	parts := make([]string, len(axes))
	for i, a := range axes {
		parts[i] = clean(a.Name) + "=" + clean(a.Value.String())
	}
	return strings.Join(parts, sep)
}

// display is a value as a table shows it: a string without quotes.
func display(v spec.Value) string {
	if v.Type == spec.String {
		return clean(v.Str)
	}
	return clean(v.String())
}

// axisTexts are the values on axes, as a table shows them; nothing for an axis that
// is not there.
func axisTexts(axes []Axis, names []string) []string {
	texts := make([]string, len(names))
	for i, name := range names {
		if v, ok := value(axes, name); ok {
			texts[i] = display(v)
		}
	}
	return texts
}

// axisValues lists the distinct values of an axis: numbers in numerical order,
// anything else as the cells come.
func axisValues(stages []*stage, name string) []spec.Value {
	var values []spec.Value
	numbers := true
	for _, s := range stages {
		for _, c := range s.cells {
			v, ok := value(c.Axes, name)
			if !ok || slices.ContainsFunc(values, v.Equal) {
				continue
			}
			values = append(values, v)
			numbers = numbers && isNumber(v)
		}
	}
	if numbers {
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

// combinations is the product of the values, the last axis running fastest.
func combinations(names []string, values [][]spec.Value) [][]Axis {
	points := [][]Axis{nil}
	for i, name := range names {
		var next [][]Axis
		for _, p := range points {
			for _, v := range values[i] {
				next = append(next, append(slices.Clone(p), Axis{name, v}))
			}
		}
		points = next
	}
	return points
}

func sortedNames[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
