package report

import (
	"fmt"
	"slices"
	"strings"

	"foil/spec"
)

// A stage is one gathered stage: its cells and the axes they have.
type stage struct {
	name  string
	axes  []string
	cells []Cell
}

func newStage(name string, cells []Cell) *stage {
	s := &stage{name: name, cells: cells}
	for _, c := range cells {
		for _, a := range c.Axes {
			if !slices.Contains(s.axes, a.Name) {
				s.axes = append(s.axes, a.Name)
			}
		}
	}
	slices.Sort(s.axes)
	return s
}

// pick returns the cells that agree with where. An axis that the stage
// does not have does not restrict it: its cells are the same for all values.
func (s *stage) pick(where []Axis) []Cell {
	var picked []Cell
	for _, c := range s.cells {
		if agree(c.Axes, where) {
			picked = append(picked, c)
		}
	}
	return picked
}

func agree(cell, where []Axis) bool {
	for _, w := range where {
		if v, ok := value(cell, w.Name); ok && !v.Equal(w.Value) {
			return false
		}
	}
	return true
}

// checkMeanable says no, and what to do, when cells of one entry differ in an axis
// that is neither fixed nor averaged over.
func (s *stage) checkMeanable(picked []Cell, where []Axis, over []string, remedy string) error {
	for _, axis := range s.axes {
		if _, fixed := value(where, axis); fixed || slices.Contains(over, axis) {
			continue
		}
		var seen []spec.Value
		for _, c := range picked {
			if v, ok := value(c.Axes, axis); ok && !slices.ContainsFunc(seen, v.Equal) {
				seen = append(seen, v)
			}
		}
		if len(seen) > 1 {
			return fmt.Errorf("the cells of %s differ in axis %s (%s): %s",
				s.name, axis, listValues(seen), remedy)
		}
	}
	return nil
}

// shared counts the axes of where that the stage has.
func (s *stage) shared(where []Axis) int {
	n := 0
	for _, w := range where {
		if slices.Contains(s.axes, w.Name) {
			n++
		}
	}
	return n
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
