package spec

import (
	"regexp"
	"slices"
	"strings"
)

// A Spec is one experiment, parsed and checked as far as possible without the kinds. ${vars.*} and
// ${seed} have been replaced. With and Seed may still hold ${matrix.*} expressions, which are
// replaced for each cell.
type Spec struct {
	File   string // as given to Parse
	Name   string // names results/NAME
	Title  string
	Cites  string
	Mode   string // the defaults that the kinds use; empty: the usual ones
	Seed   int64
	Vars   Value // a map, resolved
	Stages []*Stage
	Slurm  Slurm
	Varied bool // the spec extends another one, or was changed by Options.Sets

	ModePos Pos // of the value

	sources sources // for the snippets of later errors
}

// A Stage is a named step of a spec.
type Stage struct {
	Name    string
	Pos     Pos // of the name
	Uses    string
	UsesPos Pos
	Needs   []Need // in file order
	Gather  []Need // in file order
	Matrix  []Axis // own axes, in file order; package graph adds inherited axes
	Exclude []Exclusion
	With    Value  // a map (empty when not given)
	Seed    *Value // the stage's own seed, if given; an Int or a ${matrix.*} expression
	Broken  bool   // Parse has reported an error in the wiring or the axes, so that they may be wrong

	Resources Resources
}

// A Need wires the output of a stage to a named input.
type Need struct {
	Name     string // of the input
	Pos      Pos    // of the name
	Stage    string // whose output
	StagePos Pos
}

// An Axis is a named list of values that a stage is multiplied by.
type Axis struct {
	Name   string
	Pos    Pos
	Values []Value // at least one, scalars, no two equal

	// Settings are what ${matrix.NAME} stands for, one for each value, if the spec gives the values
	// names: {short: [30, 60], long: [90]}. Then Values are the names. Nil: the values themselves.
	Settings []Value
}

// Options are the parts of a spec outside its file.
type Options struct {
	// Sets are changes in the form PATH=VALUE, such as "stages.model.with.epochs=5". They are
	// applied in this order before the spec is interpreted.
	Sets []string

	// Open reads the spec that another spec extends. The name is a path relative to the file given
	// to Parse, or the name of an experiment, as written after `extend:`. Nil: `extend:` is an
	// error.
	Open func(name string) ([]byte, error)
}

// Parse reads a spec. The error is Errors: all mistakes, each with its position. Parse does not
// check kinds, their parameters and inherited axes.
//
// Parse may return a Spec together with an error, so that the caller can do the remaining checks
// and report all errors at once. Parameters with errors are left out of With: see Value.Incomplete.
func Parse(file string, src []byte, opts Options) (*Spec, error) {
	p := &problems{sources: sources{}}
	l := &loader{problems: p, open: opts.Open}
	root, ok := l.load(file, "", src)
	if !ok {
		return nil, p.err()
	}
	for _, set := range opts.Sets {
		applySet(p, &root, set)
	}
	s := interpret(p, file, root)
	s.Varied = len(l.chain) > 1 || len(opts.Sets) > 0
	return s, p.err()
}

// ParseValue reads one value in the form of Value.String. The error is Errors.
func ParseValue(file, text string) (Value, error) {
	p := &problems{sources: sources{file: splitLines(text)}}
	v, _ := parseTree(p, file, text)
	return v, p.err()
}

// specFields are the fields of a spec. `extend` is removed before a tree is interpreted.
var specFields = []string{"name", "title", "cites", "mode", "seed", "vars", "stages", "slurm", "extend"}

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
	seed := Value{Type: Int}
	if v, ok := root.Get("seed"); ok && v.Type != Null {
		s.Seed = p.seed(v)
		seed.Int, seed.Spelling = s.Seed, v.Spelling
	}
	scope := newScope(p, seed, p.mapField(root, "vars"))
	s.Vars = scope.all()
	s.Title = p.optionalText(root, "title", scope)
	s.Cites = p.optionalText(root, "cites", scope)
	s.Mode = p.optionalText(root, "mode", scope)
	if v, ok := root.Get("mode"); ok {
		s.ModePos = v.Pos
		if v.Type == String && v.Str == "" {
			p.at(v.Pos, "mode must name a mode, such as published; without mode, the kinds use their usual defaults")
		}
	}
	s.Slurm = p.slurm(root, scope)

	stages, ok := p.required(root, "stages", "the spec")
	if !ok {
		return s
	}
	stages = p.mapOrNothing(stages, "stages")
	if stages.Type == Map && len(stages.Map) == 0 {
		p.at(stages.Pos, "the spec has no stages")
	}
	for _, f := range stages.Map {
		s.Stages = append(s.Stages, p.stage(f, scope))
	}
	p.checkNeeds(s.Stages)
	return s
}

var namePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]*$`)

// IsName reports whether a text may be the name of an experiment, also without quotes.
func IsName(name string) bool {
	v, err := ParseValue("name", name)
	return err == nil && v.Type == String && namePattern.MatchString(name)
}

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
