package spec

import (
	"fmt"
	"maps"
	"slices"
)

// Resolve returns v with every ${matrix.AXIS} replaced by the cell's value of that axis, and with
// $${ turned into ${. A string that consists of one expression becomes the value with its type. The
// error is Errors.
//
// Call it on With and Seed of every stage, even without axes.
func (v Value) Resolve(matrix map[string]Value) (Value, error) {
	p := &problems{}
	axes := slices.Sorted(maps.Keys(matrix))
	resolved := mapStrings(v, func(s Value) Value {
		return p.substitute(s, func(e *expression) (Value, error) {
			if e.root() != "matrix" {
				return Value{}, fmt.Errorf("only ${matrix.AXIS} is allowed here")
			}
			axis := e.path[1].name
			value, ok := matrix[axis]
			if !ok {
				return Value{}, fmt.Errorf("no axis %q here%s", axis, Suggestion(axis, axes))
			}
			return value, nil
		}, false)
	})
	if err := p.err(); err != nil {
		return Value{}, err
	}
	return resolved, nil
}

// substitute replaces the expressions of a string by their values. With forCell set, it leaves
// ${matrix.*} and escapes to Value.Resolve.
func (p *problems) substitute(s Value, lookup func(*expression) (Value, error), forCell bool) Value {
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
	if v.holdsInvalid() {
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
