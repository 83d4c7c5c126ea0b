package spec

// matrix reads `matrix`: axis: list of scalars.
func (p *problems) matrix(m Value) []Axis {
	var axes []Axis
	for _, f := range m.Map {
		checkName(p, "axis", f.Name, f.NamePos)
		switch v := f.Value; {
		case v.Type == invalid:
		case v.Type != List:
			p.at(v.Pos, "axis %q has to be a list, not %s", f.Name, describe(v))
		case len(v.List) == 0:
			p.at(v.Pos, "axis %q is empty; it needs a value at least", f.Name)
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
