package spec

import "slices"

// An Exclusion leaves out the cells of a stage that lie on one of the values of
// each of its axes.
type Exclusion struct {
	Pos  Pos
	Axes []Axis // in file order; at least one
}

// exclusions reads `exclude`: a list of maps, axis: value or list of values.
func (p *problems) exclusions(v Value) (out []Exclusion) {
	switch v.Type {
	case invalid, Null:
		return nil
	case List:
	default:
		p.at(v.Pos, "exclude has to be a list of maps with axes, not %s", describe(v))
		return nil
	}
	for _, e := range v.List {
		if e.Type != Map || len(e.Map) == 0 {
			if e.Type != invalid {
				p.at(e.Pos, "an exclusion has to be a map with an axis at least, not %s", describe(e))
			}
			continue
		}
		lists := Value{Pos: e.Pos, Type: Map, Map: slices.Clone(e.Map)} // what stands there may be a var's
		for i, f := range lists.Map {
			if f.Value.isScalar() && f.Value.Type != Null {
				lists.Map[i].Value = Value{Type: List, Pos: f.Value.Pos, List: []Value{f.Value}}
			}
		}
		if axes := p.matrix(lists); len(axes) == len(e.Map) {
			out = append(out, Exclusion{Pos: e.Pos, Axes: axes})
		}
	}
	return out
}
