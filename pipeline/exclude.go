package pipeline

import (
	"slices"

	"foil/spec"
)

// exclude drops the rows that the stage leaves out.
func (b *builder) exclude(s *stageCells, rows []row) []row {
	for _, e := range s.stage.Exclude {
		if !b.knowsAxes(s, e) {
			continue
		}
		before := len(rows)
		rows = slices.DeleteFunc(rows, func(r row) bool { return excludes(e, r.axes) })
		switch {
		case len(rows) == 0:
			b.at(e.Pos, "nothing is left of stage %q: leave something in", s.stage.Name)
			return nil
		case len(rows) == before:
			b.at(e.Pos, "stage %q has no such cell, or an exclusion before has left them all out", s.stage.Name)
		}
	}
	return rows
}

// knowsAxes reports axes and values that a stage does not have.
func (b *builder) knowsAxes(s *stageCells, e spec.Exclusion) bool {
	before := len(b.errs)
	var names []string
	for _, a := range s.axes {
		names = append(names, a.name)
	}
	for _, x := range e.Axes {
		i := slices.Index(names, x.Name)
		if i < 0 {
			b.at(x.Pos, "stage %q has no axis %q%s", s.stage.Name, x.Name, spec.Suggestion(x.Name, names))
			continue
		}
		for _, v := range x.Values {
			if !slices.ContainsFunc(s.axes[i].values, v.Equal) {
				b.at(v.Pos, "axis %q has no value %s; it has %s", x.Name, v, valuesText(s.axes[i].values))
			}
		}
	}
	return len(b.errs) == before
}

func excludes(e spec.Exclusion, at []AxisValue) bool {
	for _, x := range e.Axes {
		i := slices.IndexFunc(at, func(v AxisValue) bool { return v.Axis == x.Name })
		if i < 0 || !slices.ContainsFunc(x.Values, at[i].Value.Equal) {
			return false
		}
	}
	return true
}
