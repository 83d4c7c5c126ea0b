package spec

import (
	"fmt"
	"strings"
)

// A part of a string is text or an expression. Before a brace, $$ stands for one dollar: $${x} is
// the text ${x}.
type part struct {
	text string
	expr *expression // nil for text
}

// An expression is ${vars.NAME}, ${seed} or ${matrix.AXIS}. A path may follow the name of a var or
// an axis.
type expression struct {
	text string // as written
	path []step
}

// root is the first name of the expression: vars, seed or matrix.
func (e *expression) root() string { return e.path[0].name }

var roots = []string{"vars", "seed", "matrix"}

// An exprError is an error in an expression, with the text of the expression.
type exprError struct{ text, msg string }

// splitExpressions splits a string into its parts.
func splitExpressions(s string) ([]part, []exprError) {
	var parts []part
	var errs []exprError
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			parts = append(parts, part{text: text.String()})
			text.Reset()
		}
	}
	for {
		open := strings.Index(s, "${")
		if open < 0 {
			text.WriteString(s)
			flush()
			return parts, errs
		}
		before := strings.TrimRight(s[:open], "$")
		dollars := open + 1 - len(before)
		text.WriteString(before + strings.Repeat("$", dollars/2))
		s = s[open+1:] // goes on with the brace
		if dollars%2 == 0 {
			continue
		}
		flush()
		end := closingBrace(s)
		if end < 0 {
			errs = append(errs, exprError{"$" + s, "this ${ is not closed; write $${ for these characters themselves"})
			return parts, errs
		}
		e := &expression{text: "$" + s[:end+1]}
		if msg := e.parse(s[1:end]); msg != "" {
			errs = append(errs, exprError{e.text, msg})
		} else {
			parts = append(parts, part{expr: e})
		}
		s = s[end+1:]
	}
}

// closingBrace returns the position of the brace that closes the one at the start of s. Expressions
// cannot be nested, but the error about that names all of them.
func closingBrace(s string) int {
	depth := 0
	for i := range len(s) {
		switch {
		case s[i] == '{' && (i == 0 || s[i-1] == '$'):
			depth++
		case s[i] == '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return strings.IndexByte(s, '}') // an inner one is not closed
}

// parse reads the text between the braces and returns an error message, or "".
func (e *expression) parse(inner string) (problem string) {
	if strings.Contains(inner, "${") {
		return fmt.Sprintf("%s: an expression cannot hold another one; give the values of the axis names, "+
			"such as matrix: {model: {small: {width: 8}, large: {width: 32}}}, and write ${matrix.model.width}", e.text)
	}
	path, _, err := parsePath(strings.Trim(inner, " "))
	if err != nil {
		return fmt.Sprintf("%s: %v", e.text, err)
	}
	e.path = path
	switch root := e.root(); root {
	case "seed":
		if len(path) > 1 {
			return fmt.Sprintf("%s: seed is a number and has no fields", e.text)
		}
	case "vars":
		if len(path) == 1 || path[1].isIndex() {
			return fmt.Sprintf("%s: a name is missing; write ${vars.NAME}", e.text)
		}
	case "matrix":
		if len(path) == 1 || path[1].isIndex() {
			return fmt.Sprintf("%s: a name is missing; write ${matrix.AXIS}", e.text)
		}
	default:
		return fmt.Sprintf("%s: unknown name %q%s", e.text, root, Suggestion(root, roots))
	}
	return ""
}

// joinParts joins the parts of a string. With escaped set, it is the reverse of splitExpressions;
// otherwise escapes are resolved.
func joinParts(parts []part, escaped bool) string {
	var all, text strings.Builder
	flush := func(beforeExpression bool) {
		if escaped {
			all.WriteString(escape(text.String(), beforeExpression))
		} else {
			all.WriteString(text.String())
		}
		text.Reset()
	}
	for _, p := range parts {
		if p.expr == nil {
			text.WriteString(p.text)
			continue
		}
		flush(true)
		all.WriteString(p.expr.text)
	}
	flush(false)
	return all.String()
}

// escape doubles the dollars before a brace, and the dollars at the end if an expression follows.
func escape(text string, beforeExpression bool) string {
	var b strings.Builder
	dollars := 0
	for i := range len(text) {
		if text[i] == '{' {
			b.WriteString(strings.Repeat("$", dollars))
		}
		if text[i] == '$' {
			dollars++
		} else {
			dollars = 0
		}
		b.WriteByte(text[i])
	}
	if beforeExpression {
		b.WriteString(strings.Repeat("$", dollars))
	}
	return b.String()
}

// escapeAll escapes every text in a value.
func escapeAll(v Value) Value {
	return mapStrings(v, func(s Value) Value {
		s.Str = escape(s.Str, false)
		return s
	})
}

// mapStrings returns v with every string in it replaced by f's result.
func mapStrings(v Value, f func(Value) Value) Value {
	return mapScalars(v, func(s Value) Value {
		if s.Type == String {
			return f(s)
		}
		return s
	})
}

// mapScalars returns v with every scalar in it replaced by f's result.
func mapScalars(v Value, f func(Value) Value) Value {
	switch v.Type {
	case List:
		list := make([]Value, len(v.List))
		for i, e := range v.List {
			list[i] = mapScalars(e, f)
		}
		v.List = list
	case Map:
		fields := make([]Field, len(v.Map))
		for i, field := range v.Map {
			field.Value = mapScalars(field.Value, f)
			fields[i] = field
		}
		v.Map = fields
	default:
		return f(v)
	}
	return v
}
