package graph

import (
	"cmp"
	"slices"
	"strings"

	"foil/pipeline"
	"foil/spec"
)

// maxCells is the maximum number of cells of a stage. A larger number is a mistake in the axes, or
// needs another plan: see docs/scale.md.
const maxCells = 1_000_000

// A row is a cell while the cells of a stage are joined.
type row struct {
	axes []pipeline.AxisValue // sorted by name
	from []*Node              // by need, in the order of sortedNeeds
	rank []int                // position of each coordinate on its axis
}

// join makes the rows of a stage: the natural join of the cells of its needs, times its own axes.
// Rows are sorted by their axes in the order of the axis names, and on each axis by the order of
// its values. The order of stages and needs in the file does not matter.
func (b *builder) join(s *stageCells) []row {
	before := len(b.errs)
	b.checkAxes(s)
	if len(b.errs) > before {
		return nil
	}
	rows := []row{{}}
	for _, n := range sortedNeeds(s.stage.Needs) {
		from := b.stages[n.Stage]
		joined := joinNeed(rows, s.axes, from)
		switch {
		case len(joined) > maxCells:
			b.at(s.stage.Pos, "stage %q has more than %d cells", s.stage.Name, maxCells)
			return nil
		case len(joined) == 0:
			b.reportEmpty(s, n, from)
			return nil
		}
		rows = joined
		for _, a := range from.axes {
			s.addAxis(a)
		}
	}
	cells := len(rows)
	for _, a := range s.stage.Matrix {
		if cells *= len(a.Values); cells > maxCells {
			b.at(a.Pos, "with axis %q, stage %q has more than %d cells", a.Name, s.stage.Name, maxCells)
			return nil
		}
	}
	for _, a := range s.stage.Matrix {
		rows = multiply(rows, a)
		s.addAxis(newAxis(a))
	}
	if rows = b.exclude(s, rows); rows == nil {
		return nil
	}
	s.sort(rows)
	return rows
}

// joinNeed combines every row with the cells that have the same values on the shared axes. It stops
// at the maximum number of cells.
func joinNeed(rows []row, axes []axis, from *stageCells) []row {
	var shared []string
	for _, a := range axes {
		if slices.ContainsFunc(from.axes, func(x axis) bool { return x.name == a.name }) {
			shared = append(shared, a.name)
		}
	}
	byPoint := map[string][]*Node{}
	for _, n := range from.nodes {
		p := point(n.Axes, shared)
		byPoint[p] = append(byPoint[p], n)
	}
	var joined []row
	for _, r := range rows {
		for _, n := range byPoint[point(r.axes, shared)] {
			joined = append(joined, row{axes: merge(r.axes, n.Axes), from: append(slices.Clip(r.from), n)})
		}
		if len(joined) > maxCells {
			break
		}
	}
	return joined
}

// point is the text of some coordinates. Equal values have the same text.
func point(axes []pipeline.AxisValue, names []string) string {
	var b strings.Builder
	for _, a := range axes {
		if slices.Contains(names, a.Axis) {
			b.WriteString(a.Value.Canonical())
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// merge joins two lists of coordinates that agree. Both are sorted by name, and so is the result.
// What both have is taken from a, with its spelling. The result may be a or b, so nobody may change
// it.
func merge(a, b []pipeline.AxisValue) []pipeline.AxisValue {
	shared := 0
	for _, v := range b {
		if slices.ContainsFunc(a, func(w pipeline.AxisValue) bool { return w.Axis == v.Axis }) {
			shared++
		}
	}
	switch {
	case shared == len(b):
		return a
	case len(a) == 0:
		return b
	}
	merged := make([]pipeline.AxisValue, 0, len(a)+len(b)-shared)
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0].Axis, b[0].Axis); {
		case c < 0:
			merged, a = append(merged, a[0]), a[1:]
		case c > 0:
			merged, b = append(merged, b[0]), b[1:]
		default:
			merged, a, b = append(merged, a[0]), a[1:], b[1:]
		}
	}
	return append(append(merged, a...), b...)
}

func multiply(rows []row, a spec.Axis) []row {
	product := make([]row, 0, len(rows)*len(a.Values))
	for _, r := range rows {
		for _, v := range a.Values {
			product = append(product, row{axes: merge(r.axes, []pipeline.AxisValue{{Axis: a.Name, Value: v}}), from: r.from})
		}
	}
	return product
}

// addAxis adds an axis to the stage. If several needs share an axis, the first need gives the order
// of the values.
func (s *stageCells) addAxis(a axis) {
	i, found := slices.BinarySearchFunc(s.axes, a.name, func(x axis, name string) int { return strings.Compare(x.name, name) })
	if !found {
		s.axes = slices.Insert(s.axes, i, a)
	}
}

// sort sorts the rows, and drops axis values that no row has.
func (s *stageCells) sort(rows []row) {
	for i, a := range s.axes {
		place := map[string]int{}
		for j, v := range a.values {
			place[v.Canonical()] = j
		}
		used := make([]bool, len(a.values))
		for r := range rows {
			if rows[r].rank == nil {
				rows[r].rank = make([]int, 0, len(s.axes))
			}
			j := place[rows[r].axes[i].Value.Canonical()]
			rows[r].rank = append(rows[r].rank, j)
			used[j] = true
		}
		s.axes[i].values = nil
		for j, v := range a.values {
			if used[j] {
				s.axes[i].values = append(s.axes[i].values, v)
			}
		}
	}
	slices.SortFunc(rows, func(x, y row) int { return slices.Compare(x.rank, y.rank) })
}

// reportEmpty reports why a need has no cell in common with the needs before it.
func (b *builder) reportEmpty(s *stageCells, n spec.Need, from *stageCells) {
	for _, a := range s.axes {
		for _, other := range from.axes {
			if a.name == other.name && !slices.ContainsFunc(a.values, func(v spec.Value) bool { return slices.ContainsFunc(other.values, v.Equal) }) {
				b.at(n.StagePos, "the needs of %q have no cell in common: axis %q is %s in %q, and %s in the other needs",
					s.stage.Name, a.name, valuesText(other.values), n.Stage, valuesText(a.values))
				return
			}
		}
	}
	b.at(n.StagePos, "the needs of %q have no cell in common: no cell of %q has the same axis values as a cell of the other needs", s.stage.Name, n.Stage)
}

// valuesText lists the values of an axis, shortened.
func valuesText(values []spec.Value) string {
	const many = 8
	texts := make([]string, 0, many)
	for _, v := range values[:min(len(values), many)] {
		texts = append(texts, v.String())
	}
	if len(values) > many {
		texts = append(texts, "...")
	}
	return cmp.Or(strings.Join(texts, ", "), "nothing")
}

// exclude drops the rows that match `exclude`.
func (b *builder) exclude(s *stageCells, rows []row) []row {
	for _, e := range s.stage.Exclude {
		if !b.knowsAxes(s, e) {
			continue
		}
		before := len(rows)
		rows = slices.DeleteFunc(rows, func(r row) bool { return excludes(e, r.axes) })
		switch {
		case len(rows) == 0:
			b.at(e.Pos, "no cell of stage %q is left; exclude fewer cells", s.stage.Name)
			return nil
		case len(rows) == before:
			b.at(e.Pos, "stage %q has no cell that matches, or an earlier exclusion has removed all of them", s.stage.Name)
		}
	}
	return rows
}

// knowsAxes checks that a stage has the axes and values of an exclusion, and reports the unknown
// ones.
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

func excludes(e spec.Exclusion, at []pipeline.AxisValue) bool {
	for _, x := range e.Axes {
		i := slices.IndexFunc(at, func(v pipeline.AxisValue) bool { return v.Axis == x.Name })
		if i < 0 || !slices.ContainsFunc(x.Values, at[i].Value.Equal) {
			return false
		}
	}
	return true
}
