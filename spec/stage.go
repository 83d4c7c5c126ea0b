package spec

import (
	"fmt"
	"slices"
	"strings"
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
		s.Broken = true
		return s
	}
	before := len(p.list)
	p.checkFields(v, "a stage", stageFields) // an unknown field may be meant to be one of those below
	s.Broken = len(p.list) > before

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
			s.Broken = s.Broken || g.Value.Incomplete()
		case "with", "seed":
			g.Value = scope.resolveForCell(g.Value)
		default:
			continue
		}
		resolved.Map = append(resolved.Map, g)
	}
	before = len(p.list)
	s.Needs = p.needs(p.mapField(resolved, "needs"))
	s.Gather = p.needs(p.mapField(resolved, "gather"))
	s.Matrix = p.matrix(p.mapField(resolved, "matrix"))
	if exclude, ok := resolved.Get("exclude"); ok {
		s.Exclude = p.exclusions(exclude)
	}
	s.Broken = s.Broken || len(p.list) > before
	s.With = p.mapField(resolved, "with")
	before = len(p.list)
	if seed, ok := resolved.Get("seed"); ok && seed.Type != Null {
		s.Seed = p.stageSeed(seed)
	}
	if len(p.list) > before {
		s.Seed = nil
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

// matrix reads `matrix`: an axis is a list of scalars, or a map from names to values of any type.
func (p *problems) matrix(m Value) []Axis {
	var axes []Axis
	for _, f := range m.Map {
		checkName(p, "axis", f.Name, f.NamePos)
		a := Axis{Name: f.Name, Pos: f.NamePos}
		switch v := f.Value; {
		case v.Type == invalid:
			continue
		case v.Type != List && v.Type != Map:
			p.at(v.Pos, "axis %q must be a list, or a map of named values, not %s", f.Name, describe(v))
			continue
		case len(v.List)+len(v.Map) == 0:
			p.at(v.Pos, "axis %q must not be empty", f.Name)
			continue
		case v.Type == List:
			a.Values = v.List
		default:
			for _, named := range v.Map {
				if strings.TrimSpace(named.Name) == "" {
					p.at(named.NamePos, "axis %q has a value without a name", f.Name)
				}
				a.Values = append(a.Values, Value{Type: String, Str: named.Name, Pos: named.NamePos})
				a.Settings = append(a.Settings, named.Value)
			}
		}
		p.checkAxis(a)
		axes = append(axes, a)
	}
	return axes
}

func (p *problems) checkAxis(a Axis) {
	first := map[string]Value{} // by canonical text, which equal scalars share
	alike := map[string]Value{} // by the text without quotes
	for _, v := range a.Values {
		switch {
		case v.Type == invalid:
		case v.Type == List || v.Type == Map:
			p.at(v.Pos, "axis %q takes numbers, texts, true and false, not %s; give such values names: %s: {%s: %s, ...}",
				a.Name, describe(v), a.Name, nameFor(v), v)
		case v.Type == Null:
			p.at(v.Pos, "axis %q takes numbers, texts, true and false, not null; give the value a name: %s: {none: null, ...}", a.Name, a.Name)
		default:
			text := v.Canonical()
			switch same, ok := first[text]; {
			case !ok:
				first[text] = v
				if other, ok := alike[v.plain()]; ok {
					p.at(v.Pos, "axis %q has two values that read alike, %s (at %v) and %s; cells, tables and --only could not tell them apart", a.Name, describe(other), other.Pos, describe(v))
				}
				alike[v.plain()] = v
			case same.String() == v.String():
				p.at(v.Pos, "axis %q has the value %s twice; first at %v", a.Name, v, same.Pos)
			default:
				p.at(v.Pos, "axis %q has the same value twice, as %s (at %v) and as %s; if they are texts, put both in quotes", a.Name, same, same.Pos, v)
			}
		}
	}
}

// nameFor suggests a name for a value that has none: 30-60 for the list [30, 60].
func nameFor(v Value) string {
	const long = 20
	var words []string
	for _, e := range v.List {
		if e.isScalar() {
			words = append(words, e.plain())
		}
	}
	if name := strings.Join(words, "-"); name != "" && len(name) <= long && bareText.MatchString(name) {
		return name
	}
	return "first"
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
		for _, f := range lists.Map {
			if f.Value.Type == Map {
				p.at(f.Value.Pos, "an exclusion takes values of axis %q, or their names, not %s", f.Name, describe(f.Value))
				lists.Map = nil
				break
			}
		}
		if axes := p.matrix(lists); len(axes) == len(e.Map) {
			out = append(out, Exclusion{Pos: e.Pos, Axes: axes})
		}
	}
	return out
}
