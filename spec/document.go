package spec

import (
	"regexp"
	"slices"
	"strings"
)

// specFields are the fields of a spec. `extend` is removed before a tree is interpreted.
var specFields = []string{"name", "title", "cites", "seed", "vars", "stages", "extend"}

// interpret turns a tree into a Spec.
func interpret(p *problems, file string, root Value) *Spec {
	s := &Spec{File: file, sources: p.sources}
	if root.Type != Map {
		if root.Type != invalid {
			p.at(root.Pos, "a spec is a map with name and stages, not %s", describe(root))
		}
		return s
	}
	p.checkFields(root, "a spec", specFields)

	if name, ok := p.required(root, "name", "the spec"); ok {
		s.Name = p.name("spec", name)
	}
	if seed, ok := root.Get("seed"); ok && seed.Type != Null {
		s.Seed = p.seed(seed)
	}
	scope := newScope(p, Value{Type: Int, Int: s.Seed}, p.mapField(root, "vars"))
	s.Vars = scope.all()
	s.Title = p.optionalText(root, "title", scope)
	s.Cites = p.optionalText(root, "cites", scope)

	stages, ok := p.required(root, "stages", "the spec")
	if !ok {
		return s
	}
	stages = p.mapOrNothing(stages, "stages")
	if stages.Type == Map && len(stages.Map) == 0 {
		p.at(stages.Pos, "the spec has no stages")
	}
	for _, f := range stages.Map {
		before := len(p.list)
		stage := p.stage(f, scope)
		stage.Broken = len(p.list) > before
		s.Stages = append(s.Stages, stage)
	}
	p.checkNeeds(s.Stages)
	return s
}

var namePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// checkName reports a name that cannot be part of a path or of a cell's name.
func checkName(p *problems, of, name string, pos Pos) bool {
	if namePattern.MatchString(name) {
		return true
	}
	p.at(pos, "%q cannot be the name of %s: a name is a letter, then letters, digits, - and _", name, article(of))
	return false
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

func (p *problems) name(of string, v Value) string {
	text := p.text(v, "name")
	if v.Type == String {
		checkName(p, of, text, v.Pos)
	}
	return text
}

// seed reads a literal seed.
func (p *problems) seed(v Value) int64 {
	switch {
	case v.Type == invalid:
	case v.Type != Int:
		p.at(v.Pos, "seed must be a whole number, not %s", describe(v))
	case v.Int < 0:
		p.at(v.Pos, "seed must be at least 0, not %d", v.Int)
	}
	return v.Int
}

// text reads a string.
func (p *problems) text(v Value, what string) string {
	switch {
	case v.Type == String || v.Type == invalid:
	case v.isScalar() && v.Type != Null:
		p.at(v.Pos, "%s must be text, not %s; put it in quotes", what, describe(v))
	default:
		p.at(v.Pos, "%s must be text, not %s", what, describe(v))
	}
	return v.Str
}

func (p *problems) optionalText(m Value, field string, scope *scope) string {
	v, ok := m.Get(field)
	if !ok || v.Type == Null {
		return ""
	}
	return p.text(scope.resolve(v), field)
}

// required returns a required field and reports if it is missing.
func (p *problems) required(m Value, field, of string) (Value, bool) {
	v, ok := m.Get(field)
	if !ok {
		p.at(m.Pos, "%s has no %s", of, field)
	}
	return v, ok && v.Type != invalid
}

// mapField returns a field that is a map, or an empty map if it is not given.
func (p *problems) mapField(m Value, field string) Value {
	v, ok := m.Get(field)
	if !ok {
		return Value{Pos: m.Pos, Type: Map}
	}
	return p.mapOrNothing(v, field)
}

// mapOrNothing reads a map. It reads null, a field without a value, as an empty map.
func (p *problems) mapOrNothing(v Value, what string) Value {
	switch v.Type {
	case Map, invalid:
		return v
	case Null:
	default:
		p.at(v.Pos, "%s must be a map, not %s", what, describe(v))
		return Value{Pos: v.Pos, Type: invalid}
	}
	return Value{Pos: v.Pos, Type: Map}
}

// checkFields reports unknown fields of a node of the language.
func (p *problems) checkFields(m Value, what string, valid []string) {
	for _, f := range m.Map {
		if !slices.Contains(valid, f.Name) {
			p.at(f.NamePos, "%s has no field %q%s", what, f.Name, Suggestion(f.Name, valid))
		}
	}
}
