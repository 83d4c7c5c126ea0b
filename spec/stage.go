package spec

import "fmt"

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
