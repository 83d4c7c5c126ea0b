package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"foil/spec"
)

// sources are the gathered stages of a report, and of these the ones that it
// shows something of.
type sources struct {
	gathered map[string][]Cell
	stages   []*stage // in order of first use
}

// stage is the one that is gathered under a name.
func (s *sources) stage(name string) (*stage, error) {
	if i := slices.IndexFunc(s.stages, func(have *stage) bool { return have.name == name }); i >= 0 {
		return s.stages[i], nil
	}
	cells, ok := s.gathered[name]
	if !ok {
		names := sortedNames(s.gathered)
		return nil, fmt.Errorf("nothing is gathered as %q%s; there is %s", name, didYouMean(name, names), strings.Join(names, ", "))
	}
	made := newStage(name, cells)
	s.stages = append(s.stages, made)
	return made, nil
}

// axesOf are the names of all axes that the cells of some stages have.
func axesOf(stages []*stage) []string {
	var names []string
	for _, s := range stages {
		names = append(names, s.axes...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// checkAxis says no to an axis that none of the stages has.
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

// checkPoint says no to axes that none of the stages has, and to values that an
// axis can never have.
func checkPoint(stages []*stage, path string, where map[string]spec.Value) error {
	var errs []error
	for _, axis := range sortedNames(where) {
		err := checkAxis(stages, path, axis)
		if err == nil {
			err = checkType(stages, path+"."+axis, axis, where[axis])
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// checkType says no when a value cannot be one of the axis: "400" is no 400.
func checkType(stages []*stage, path, axis string, want spec.Value) error {
	values := axisValues(stages, axis)
	for _, v := range values {
		if v.Type == want.Type || isNumber(v) && isNumber(want) {
			return nil
		}
	}
	return fmt.Errorf("%s: %s is %s, the values of the axis are %s (%s)", path, quoted(want), typeName(want),
		listValues(values), typeName(values[0]))
}

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
