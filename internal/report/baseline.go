package report

import (
	"slices"
	"strings"
)

// A standIn is a baseline's values in cells that agree on them. Baselines
// depend on the data, not on the model: as a rule all rows of a table are in one.
type standIn struct {
	rows   []int
	cells  []Cell
	values map[string]float64 // by the axes that are averaged over
}

// baselines makes the rows that stand under the models. Columns whose
// baselines have the same name share a row; where the rows of a table do not agree
// on a baseline (another data set, say) there is one for each that differs.
func (b *builder) baselines(models []Row, axes []string) ([]Row, error) {
	var rows []Row
	for i, c := range b.layout.Columns {
		for j, baseline := range c.Baselines {
			groups, err := b.standIns(models, i, b.base[i][j])
			if err != nil {
				return nil, err
			}
			for _, g := range groups {
				name := baseline.label()
				if len(groups) > 1 {
					name += " (" + distinguish(models, g.rows, axes) + ")"
				}
				e, err := b.of[i].entry(g.cells, b.base[i][j])
				if err != nil {
					return nil, err
				}
				rows = put(rows, clean(name), i, len(b.series), e)
			}
		}
	}
	return rows, nil
}

// standIns groups the model rows by agreeing values of a baseline, each fold
// counted once however many models were held against it.
func (b *builder) standIns(models []Row, column int, id series) ([]*standIn, error) {
	var groups []*standIn
	s := b.of[column]
	for r, model := range models {
		values := map[string]float64{}
		var cells []Cell
		for _, o := range model.Entries[column].Origins {
			v, ok, err := s.get(o.Cell, id)
			if err != nil {
				return nil, err
			}
			if ok {
				values[b.overKey(o.Cell)] = v
				cells = append(cells, o.Cell)
			}
		}
		if len(cells) == 0 {
			continue
		}
		i := slices.IndexFunc(groups, func(g *standIn) bool { return g.agrees(values) })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &standIn{values: map[string]float64{}})
		}
		g := groups[i]
		g.rows = append(g.rows, r)
		for _, c := range cells {
			key := b.overKey(c)
			if _, ok := g.values[key]; !ok {
				g.values[key] = values[key]
				g.cells = append(g.cells, c)
			}
		}
	}
	return groups, nil
}

func (g *standIn) agrees(values map[string]float64) bool {
	for key, v := range values {
		if w, ok := g.values[key]; ok && w != v {
			return false
		}
	}
	return true
}

func (b *builder) overKey(c Cell) string {
	var over []Axis
	for _, name := range b.layout.Over {
		if v, ok := value(c.Axes, name); ok {
			over = append(over, Axis{name, v})
		}
	}
	texts := make([]string, len(over))
	for i, a := range over {
		texts[i] = a.Name + "=" + quoted(a.Value)
	}
	return strings.Join(texts, ",")
}

// distinguish names rows by the axes on which they agree among themselves but
// not with all the others.
func distinguish(models []Row, rows []int, axes []string) string {
	var named []Axis
	for _, axis := range axes {
		first, ok := value(models[rows[0]].Axes, axis)
		if !ok {
			continue
		}
		differs := func(r int) bool {
			v, ok := value(models[r].Axes, axis)
			return !ok || !v.Equal(first)
		}
		all := false
		for r := range models {
			all = all || differs(r)
		}
		if all && !slices.ContainsFunc(rows, differs) {
			named = append(named, Axis{axis, first})
		}
	}
	if len(named) > 0 {
		return joined(named, ", ")
	}
	if len(rows) > 1 {
		return models[rows[0]].Name + " and others"
	}
	return models[rows[0]].Name
}

// put sets the entry of a column in the row called name, made if need be.
func put(rows []Row, name string, column, columns int, e Entry) []Row {
	i := slices.IndexFunc(rows, func(r Row) bool { return r.Name == name && r.Entries[column].N == 0 })
	if i < 0 {
		i = len(rows)
		rows = append(rows, Row{Name: name, Entries: make([]Entry, columns)})
	}
	rows[i].Entries[column] = e
	return rows
}
