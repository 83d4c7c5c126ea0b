package spec

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// fieldInfos lists the parameters of a struct that holds their defaults.
func fieldInfos(rv reflect.Value, s *structure) []FieldInfo {
	var infos []FieldInfo
	for _, f := range s.fields {
		v := rv.FieldByIndex(f.index)
		info := f.FieldInfo
		if f.inner != nil {
			info.Fields = fieldInfos(innerDefaults(v, f.inner), f.inner)
			info.Short = f.inner.short
		}
		if !info.Required && info.Type != "object" {
			info.Default = defaultText(v)
		}
		infos = append(infos, info)
	}
	return infos
}

// innerDefaults are the defaults of the struct in a parameter: the value itself, the value behind a
// pointer, or a new element of a list or map.
func innerDefaults(v reflect.Value, inner *structure) reflect.Value {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Type() == inner.of {
		return v
	}
	return inner.defaults()
}

// defaultText writes a default as in a spec. An empty default has no text.
func defaultText(v reflect.Value) string {
	d := encode(v, false)
	empty := d.Type == Null || d.Type == String && d.Str == "" || !d.isScalar() && len(d.List)+len(d.Map) == 0
	if empty {
		return ""
	}
	return d.String()
}

// Limits of documentation, in characters.
const (
	longestDoc      = 280
	longestSentence = 160
)

func (p *Params[P]) Problems() []string {
	var problems []string
	seen := map[*structure]bool{}
	var visit func(s *structure)
	visit = func(s *structure) {
		if seen[s] {
			return
		}
		seen[s] = true
		problems = append(problems, s.problems()...)
		for _, inner := range s.used {
			visit(inner)
		}
	}
	visit(p.structure())
	return problems
}

// problems lists the mistakes in the description of one struct.
func (s *structure) problems() []string {
	var problems []string
	add := func(format string, args ...any) {
		problems = append(problems, fmt.Sprintf("%v: ", s.of)+fmt.Sprintf(format, args...))
	}
	names := map[string]bool{}
	for _, f := range s.fields {
		if len(f.index) > 1 {
			continue // belongs to an embedded struct
		}
		names[f.Name] = true
		switch longest := longestOf(f.Doc); {
		case f.Doc == "":
			add("parameter %q has no documentation", f.Name)
		case len(f.Doc) > longestDoc:
			add("the documentation of %q has %d characters; at most %d are allowed", f.Name, len(f.Doc), longestDoc)
		case longest > longestSentence:
			add("the documentation of %q has a sentence of %d characters; at most %d are allowed", f.Name, longest, longestSentence)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.docs)) {
		if !names[name] {
			add("documentation of %q, which is not a parameter", name)
		}
	}
	for _, method := range s.unused() {
		add("method %s is never called; name it in spec.Params", method)
	}
	return problems
}

// longestOf returns the length of the longest sentence or clause.
func longestOf(text string) int {
	longest := 0
	for sentence := range strings.SplitSeq(text, ". ") {
		longest = max(longest, len(sentence))
	}
	return longest
}

var reporterType = reflect.TypeFor[Reporter]()

// unused lists the methods of a struct that are named like a function of Params that Params does
// not set. Methods of embedded structs do not count.
func (s *structure) unused() []string {
	set := map[string]bool{"Check": s.check != nil, "Settle": s.settle != nil, "Defaults": s.defaultsSet, "SetDefaults": false}
	var methods []string
	t := reflect.PointerTo(s.of)
	for i := range t.NumMethod() {
		m := t.Method(i)
		like := Nearest(m.Name, slices.Sorted(maps.Keys(set)))
		if m.Type.NumIn() == 2 && m.Type.In(1) == reporterType {
			like = "Check"
		}
		if like != "" && !set[like] && !s.embedsMethod(m.Name) {
			methods = append(methods, m.Name)
		}
	}
	return methods
}
