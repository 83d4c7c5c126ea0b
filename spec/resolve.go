package spec

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Resolve returns v with every ${matrix.AXIS} replaced by the cell's value of that axis, or by the
// settings that this value names, and with $${ turned into ${. A string that consists of one
// expression becomes the value with its type. The error is Errors. Then the result is Incomplete.
//
// Call it on With and Seed of every stage, even without axes.
func (v Value) Resolve(matrix map[string]Value) (Value, error) { return v.resolveAxes(matrix, true) }

// ResolveKnown is Resolve where some axes are not known, because of an error that has been reported.
// What depends on another axis makes the result Incomplete, without an error.
func (v Value) ResolveKnown(matrix map[string]Value) (Value, error) {
	return v.resolveAxes(matrix, false)
}

func (v Value) resolveAxes(matrix map[string]Value, all bool) (Value, error) {
	p := &problems{}
	resolved := mapStrings(v, func(s Value) Value {
		return p.substitute(s, func(e *expression) (Value, error) {
			if e.root() != "matrix" {
				return Value{}, fmt.Errorf("only ${matrix.AXIS} is allowed here")
			}
			axis := e.path[1].name
			value, ok := matrix[axis]
			switch {
			case !ok && all:
				return Value{}, fmt.Errorf("no axis %q here%s", axis, Suggestion(axis, slices.Sorted(maps.Keys(matrix))))
			case !ok:
				return Value{Type: invalid}, nil
			}
			return value.walk(e.path, 2)
		}, false)
	})
	return resolved, p.err()
}

// substitute replaces the expressions of a string by their values. With forCell set, it leaves
// ${matrix.*} and escapes to Value.Resolve.
func (p *problems) substitute(s Value, lookup func(*expression) (Value, error), forCell bool) Value {
	if !strings.Contains(s.Str, "${") { // most strings, for each of many cells
		return Value{Pos: s.Pos, Type: String, Str: s.Str}
	}
	parts, ok := p.split(s)
	if !ok {
		return Value{Pos: s.Pos, Type: invalid}
	}
	for i, part := range parts {
		if part.expr == nil || forCell && part.expr.root() == "matrix" {
			continue
		}
		v, err := lookup(part.expr)
		if err != nil {
			p.at(p.sources.find(s.Pos, part.expr.text), "%s: %v", part.expr.text, err)
			v.Type = invalid
		}
		if len(parts) == 1 {
			if v.Pos = s.Pos; forCell {
				v = escapeAll(v)
			}
			return v
		}
		ok = p.intoText(&parts[i], v, s.Pos) && ok
	}
	if !ok {
		return Value{Pos: s.Pos, Type: invalid}
	}
	return Value{Pos: s.Pos, Type: String, Str: joinParts(parts, forCell)}
}

// split splits a string into its parts and reports malformed expressions.
func (p *problems) split(s Value) ([]part, bool) {
	parts, errs := splitExpressions(s.Str)
	for _, e := range errs {
		p.at(p.sources.find(s.Pos, e.text), "%s", e.msg)
	}
	return parts, len(errs) == 0
}

// intoText inserts a value in place of an expression in a longer text.
func (p *problems) intoText(part *part, v Value, pos Pos) bool {
	if v.Incomplete() {
		return false
	}
	switch v.Type {
	case List, Map, Null:
		p.at(p.sources.find(pos, part.expr.text), "%s is %s, which cannot be put into a text", part.expr.text, describe(v))
		return false
	}
	part.text, part.expr = v.plain(), nil
	return true
}

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
		if v, err = v.walk(e.path, 2); err != nil || v.Type == invalid {
			return v, err
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

// walk follows the steps of a path from its step i.
func (v Value) walk(path []step, i int) (Value, error) {
	var err error
	for ; i < len(path) && err == nil && v.Type != invalid; i++ {
		v, err = v.follow(path[i], formatPath(path[:i]))
	}
	return v, err
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
