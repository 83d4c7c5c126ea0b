package spec

import (
	"cmp"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Canonical writes parameters as lines "path = value", sorted by name. This text enters cache keys.
// Values with the same meaning have the same text (400 and 400.0, nil and an empty list, fields in
// any order), and values with different meanings have different texts. Parameters that are not part
// of the key are left out.
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

// canonicalValue writes a value that fits on one line: a scalar, a list of scalars, or {}.
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

// CanonicalTexts reads a list of texts that Canonical wrote. It is nil if the value is another one.
func CanonicalTexts(value string) (texts []string) {
	rest, ok := strings.CutPrefix(value, "[")
	for ok && rest != "]" {
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return nil
		}
		text, _ := strconv.Unquote(quoted)
		texts = append(texts, text)
		rest = strings.TrimPrefix(rest[len(quoted):], ", ")
	}
	return texts
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// canonicalName quotes a name that could be mistaken for a path.
func canonicalName(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return strconv.Quote(name)
}

// encode is the reverse of Decode. It sorts maps and structs by name. With keyOnly set, it leaves
// out parameters that cannot change the output.
func encode(rv reflect.Value, keyOnly bool) Value {
	if !rv.IsValid() {
		return Value{}
	}
	if rv.Type() == valueType {
		return sorted(rv.Interface().(Value))
	}
	switch kind := rv.Kind(); {
	case kind == reflect.Pointer || kind == reflect.Interface:
		return encode(rv.Elem(), keyOnly)
	case kind == reflect.Bool:
		return Value{Type: Bool, Bool: rv.Bool()}
	case kind == reflect.String:
		return Value{Type: String, Str: rv.String()}
	case kind == reflect.Float32:
		return Value{Type: Float, Float: widen(float32(rv.Float()))}
	case kind == reflect.Float64:
		return Value{Type: Float, Float: rv.Float()}
	case isInt(rv.Type()):
		return Value{Type: Int, Int: rv.Int()}
	case isUint(rv.Type()) && rv.Uint() <= math.MaxInt64:
		return Value{Type: Int, Int: int64(rv.Uint())}
	case isUint(rv.Type()):
		return Value{Type: String, Str: strconv.FormatUint(rv.Uint(), 10)}
	case kind == reflect.Slice:
		v := Value{Type: List}
		for i := range rv.Len() {
			v.List = append(v.List, encode(rv.Index(i), keyOnly))
		}
		return v
	case kind == reflect.Map:
		v := Value{Type: Map}
		for it := rv.MapRange(); it.Next(); {
			v.Map = append(v.Map, Field{Name: it.Key().String(), Value: encode(it.Value(), keyOnly)})
		}
		return sortFields(v)
	}
	fields := fieldsOf(rv.Type())
	v := Value{Type: Map, Map: make([]Field, 0, len(fields))}
	for _, f := range fields {
		if !keyOnly || !f.OutOfKey && !(f.KeyIfSet && isEmpty(rv.FieldByIndex(f.index))) {
			v.Map = append(v.Map, Field{Name: f.Name, Value: encode(rv.FieldByIndex(f.index), keyOnly)})
		}
	}
	return sortFields(v)
}

// widen returns the float64 with the same decimal text as f: 0.1 stays 0.1.
func widen(f float32) float64 {
	wide, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	if err != nil {
		return float64(f)
	}
	return wide
}

// sorted returns v with the fields of all maps in it sorted by name.
func sorted(v Value) Value {
	v.List = slices.Clone(v.List)
	for i := range v.List {
		v.List[i] = sorted(v.List[i])
	}
	v.Map = slices.Clone(v.Map)
	for i := range v.Map {
		v.Map[i].Value = sorted(v.Map[i].Value)
	}
	return sortFields(v)
}

// sortFields sorts the fields of a map in place.
func sortFields(v Value) Value {
	slices.SortFunc(v.Map, func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
	return v
}

// isEmpty reports whether a parameter is zero, or a list or map without elements.
func isEmpty(v reflect.Value) bool {
	if k := v.Kind(); k == reflect.Slice || k == reflect.Map {
		return v.Len() == 0
	}
	return v.IsZero()
}
