package spec

import "slices"

// matrix reads `matrix`: axis: list of scalars.
func (p *problems) matrix(m Value) []Axis {
	var axes []Axis
	for _, f := range m.Map {
		checkName(p, "axis", f.Name, f.NamePos)
		switch v := f.Value; {
		case v.Type == invalid:
		case v.Type != List:
			p.at(v.Pos, "axis %q must be a list, not %s", f.Name, describe(v))
		case len(v.List) == 0:
			p.at(v.Pos, "axis %q must not be empty", f.Name)
		default:
			p.checkAxis(f.Name, v.List)
			axes = append(axes, Axis{Name: f.Name, Pos: f.NamePos, Values: v.List})
		}
	}
	return axes
}

func (p *problems) checkAxis(name string, values []Value) {
	first := map[string]Pos{} // equal scalars have the same text, and others another one
	for _, v := range values {
		switch {
		case v.Type == invalid:
		case !v.isScalar() || v.Type == Null:
			p.at(v.Pos, "axis %q takes numbers, texts, true and false, not %s", name, describe(v))
		default:
			text := v.String()
			if pos, ok := first[text]; ok {
				p.at(v.Pos, "axis %q has the value %s twice; first at %v", name, text, pos)
				continue
			}
			first[text] = v.Pos
		}
	}
}

// An Exclusion leaves out the cells of a stage that have, on each axis of the exclusion, one of the
// listed values.
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
		p.at(v.Pos, "exclude must be a list of maps with axes, not %s", describe(v))
		return nil
	}
	for _, e := range v.List {
		if e.Type != Map || len(e.Map) == 0 {
			if e.Type != invalid {
				p.at(e.Pos, "an exclusion must be a map with one axis or more, not %s", describe(e))
			}
			continue
		}
		lists := Value{Pos: e.Pos, Type: Map, Map: slices.Clone(e.Map)} // the value may come from a var
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
