package spec

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxExpanded limits the expanded expressions of a spec, in values and characters. Without it,
// nested vars could expand to more than the memory holds.
const maxExpanded = 1 << 20

// A scope holds the values of ${vars.*} and ${seed}.
type scope struct {
	*problems
	seed     Value
	vars     Value            // as written
	known    map[string]Value // resolved
	open     []string         // vars that are being resolved, to detect cycles
	expanded int
}

func newScope(p *problems, seed, vars Value) *scope {
	return &scope{problems: p, seed: seed, vars: vars, known: map[string]Value{}}
}

// all resolves every var.
func (s *scope) all() Value {
	v := Value{Pos: s.vars.Pos, Type: Map}
	for _, f := range s.vars.Map {
		checkName(s.problems, "var", f.Name, f.NamePos)
		f.Value, _ = s.lookupVar(f.Name)
		v.Map = append(v.Map, f)
	}
	return v
}

// resolve replaces ${vars.*} and ${seed} in v.
func (s *scope) resolve(v Value) Value {
	s.checkKeys(v)
	return mapStrings(v, func(str Value) Value { return s.substitute(str, s.lookup, false) })
}

// resolveForCell does the same, but leaves ${matrix.*} to Value.Resolve.
func (s *scope) resolveForCell(v Value) Value {
	s.checkKeys(v)
	return mapStrings(v, func(str Value) Value { return s.substitute(str, s.lookup, true) })
}

// checkKeys reports expressions in the names of fields.
func (s *scope) checkKeys(v Value) {
	for _, e := range v.List {
		s.checkKeys(e)
	}
	for _, f := range v.Map {
		if strings.Contains(f.Name, "${") {
			s.at(f.NamePos, "%q: an expression is allowed in a value, not in a name", f.Name)
		}
		s.checkKeys(f.Value)
	}
}

func (s *scope) lookup(e *expression) (Value, error) {
	v := s.seed
	switch e.root() {
	case "matrix":
		return Value{}, errors.New("an axis is allowed only in with and in a stage's seed")
	case "vars":
		var err error
		if v, err = s.lookupVar(e.path[1].name); err != nil {
			return Value{}, err
		}
		for i, step := range e.path[2:] {
			if v.Type == invalid {
				return v, nil
			}
			if v, err = v.follow(step, formatPath(e.path[:2+i])); err != nil {
				return Value{}, err
			}
		}
	}
	if s.expanded > maxExpanded {
		return Value{Type: invalid}, nil // the error is reported once
	}
	if s.expanded += size(v, maxExpanded); s.expanded > maxExpanded {
		return Value{}, fmt.Errorf("the expressions up to here expand to more than %d values and characters", maxExpanded)
	}
	return v, nil
}

func (s *scope) lookupVar(name string) (Value, error) {
	if v, ok := s.known[name]; ok {
		return v, nil
	}
	raw, ok := s.vars.Get(name)
	if !ok {
		return Value{}, fmt.Errorf("no var %q%s", name, Suggestion(name, s.vars.names()))
	}
	if i := slices.Index(s.open, name); i >= 0 {
		cycle := append(slices.Clone(s.open[i:]), name)
		return Value{}, fmt.Errorf("vars refer to each other in a cycle: %s", strings.Join(cycle, " -> "))
	}
	s.open = append(s.open, name)
	v := s.resolve(raw)
	s.open = s.open[:len(s.open)-1]
	s.known[name] = v
	return v, nil
}

// size counts the values and characters of v, up to a limit.
func size(v Value, limit int) int {
	n := 1 + len(v.Str)
	for _, e := range v.List {
		if n > limit {
			return n
		}
		n += size(e, limit-n)
	}
	for _, f := range v.Map {
		if n > limit {
			return n
		}
		n += len(f.Name) + size(f.Value, limit-n)
	}
	return n
}
