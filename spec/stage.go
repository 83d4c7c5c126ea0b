package spec

import (
	"fmt"
	"slices"
)

// stageFields are the fields of a stage.
var stageFields = append([]string{"uses", "needs", "gather", "matrix", "exclude", "with", "seed"}, resourceFields...)

// stage reads one entry of `stages`.
func (p *problems) stage(f Field, scope *scope) *Stage {
	s := &Stage{Name: f.Name, Pos: f.NamePos}
	checkName(p, "stage", f.Name, f.NamePos)
	v := f.Value
	if v.Type != Map {
		if v.Type != invalid {
			p.at(v.Pos, "stage %q must be a map with uses, not %s", f.Name, describe(v))
		}
		return s
	}
	p.checkFields(v, "a stage", stageFields)

	if uses, ok := p.required(v, "uses", fmt.Sprintf("stage %q", f.Name)); ok {
		s.UsesPos = uses.Pos
		uses = scope.resolve(uses)
		s.Uses = p.text(uses, "uses")
		if uses.Type == String && uses.Str == "" {
			p.at(uses.Pos, "uses must name a kind, such as split/user-kfold")
		}
	}
	// Each of these maps may be given as one expression.
	resolved := Value{Pos: v.Pos, Type: Map}
	for _, g := range v.Map {
		switch g.Name {
		case "needs", "gather", "matrix", "exclude":
			g.Value = scope.resolve(g.Value)
		case "with", "seed":
			g.Value = scope.resolveForCell(g.Value)
		default:
			continue
		}
		resolved.Map = append(resolved.Map, g)
	}
	s.Needs = p.needs(p.mapField(resolved, "needs"))
	s.Gather = p.needs(p.mapField(resolved, "gather"))
	s.Matrix = p.matrix(p.mapField(resolved, "matrix"))
	if exclude, ok := resolved.Get("exclude"); ok {
		s.Exclude = p.exclusions(exclude)
	}
	s.With = p.mapField(resolved, "with")
	if seed, ok := resolved.Get("seed"); ok && seed.Type != Null {
		s.Seed = p.stageSeed(seed)
	}
	s.Resources = p.resources(v, scope)
	return s
}

// stageSeed reads a seed that may be one ${matrix.*} expression.
func (p *problems) stageSeed(v Value) *Value {
	if v.Type != String {
		p.seed(v)
		return &v
	}
	parts, _ := splitExpressions(v.Str)
	if len(parts) != 1 || parts[0].expr == nil {
		p.at(v.Pos, "seed must be a whole number or ${matrix.AXIS}, not %s", describe(v))
	}
	return &v
}

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
