package spec

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Canonical writes parameters as lines "path = value", sorted by name: the
// text that enters cache keys. The same meaning has the same text (400 and
// 400.0, nil and an empty list, fields in any order), and another meaning
// another text. Parameters tagged key:"-" are left out.
func Canonical(params any) string {
	v := encode(reflect.ValueOf(params), true)
	var b strings.Builder
	writeLines(&b, "", v)
	return b.String()
}

func writeLines(b *strings.Builder, path string, v Value) {
	switch {
	case v.Type == Map && (len(v.Map) > 0 || path == ""):
		for _, f := range v.Map {
			writeLines(b, join(path, canonicalName(f.Name)), f.Value)
		}
		return
	case v.Type == List && slices.ContainsFunc(v.List, func(e Value) bool { return !e.isScalar() }):
		for i, e := range v.List {
			writeLines(b, path+"["+strconv.Itoa(i)+"]", e)
		}
		return
	case v.Type == Null && path == "":
		return // no parameters
	}
	b.WriteString(path + " = " + canonicalValue(v) + "\n")
}

// canonicalValue writes what needs a line only: a scalar, a list of them, {}.
func canonicalValue(v Value) string {
	switch v.Type {
	case String:
		return strconv.Quote(v.Str)
	case List:
		texts := make([]string, len(v.List))
		for i, e := range v.List {
			texts[i] = canonicalValue(e)
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case Map:
		return "{}"
	}
	return v.plain()
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// canonicalName quotes a name that could be mistaken for a path.
func canonicalName(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return strconv.Quote(name)
}
