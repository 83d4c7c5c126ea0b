package spec

import (
	"regexp"
	"strconv"
	"strings"
)

// String writes the value on one line of YAML: 0.5, abc, [1, 2], {k: 10}. The text reads back as an
// equal value.
func (v Value) String() string {
	var b strings.Builder
	v.write(&b)
	return b.String()
}

func (v Value) write(b *strings.Builder) {
	switch v.Type {
	case List:
		b.WriteByte('[')
		for i, e := range v.List {
			if i > 0 {
				b.WriteString(", ")
			}
			e.write(b)
		}
		b.WriteByte(']')
	case Map:
		b.WriteByte('{')
		for i, f := range v.Map {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(quoteIfNeeded(f.Name))
			b.WriteString(": ")
			f.Value.write(b)
		}
		b.WriteByte('}')
	case String:
		b.WriteString(quoteIfNeeded(v.Str))
	default:
		b.WriteString(v.plain())
	}
}

// plain is the text of a scalar for use in a longer text.
func (v Value) plain() string {
	switch v.Type {
	case Bool:
		return strconv.FormatBool(v.Bool)
	case Int, Float:
		return formatNumber(v)
	case String:
		return v.Str
	}
	return "null"
}

// bareText matches text that needs no quotes in any context, unless it is a number, true or null.
var bareText = regexp.MustCompile(`^[\pL_0-9/]([\pL\pN_ ./@%+-]*[\pL\pN_./@%+-])?$`)

func quoteIfNeeded(s string) string {
	if v, err := plainScalar(s); err == nil && v.Type == String && bareText.MatchString(s) {
		return s
	}
	return strconv.Quote(s)
}

// describe describes a value for an error: its type, and its text if that is short.
func describe(v Value) string {
	text := v.String()
	if r := []rune(text); len(r) > 40 {
		text = string(r[:40]) + "..."
	}
	switch v.Type {
	case String:
		if !strings.HasPrefix(text, `"`) {
			text = strconv.Quote(text)
		}
		return "the text " + text
	case List:
		return "the list " + text
	case Map:
		return "the map " + text
	case Int, Float:
		return "the number " + text
	}
	return text
}
