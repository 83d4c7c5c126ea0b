package spec

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// A FieldInfo describes one parameter.
type FieldInfo struct {
	Name    string
	Type    string // int, float, bool, string, text, any, object, list of TYPE, map of TYPE
	Doc     string
	Unit    string
	Default string // as in a spec; empty without a default

	Required bool
	NonEmpty bool // of a list
	Nullable bool // null is allowed
	OutOfKey bool // cannot change the output
	KeyIfSet bool // part of the key only where it is not empty

	Min, Max, Above *float64 // of numbers, also in lists; nil: no bound
	OneOf           []string // of strings, also in lists; nil: any

	Fields []FieldInfo // of an object, also in lists
	Short  string      // of an object: the field that a text instead of a map stands for
}

// A field is a struct field that holds a parameter.
type field struct {
	FieldInfo
	index []int
	inner *structure // of the struct in it, also in lists; nil: none
}

// A Text is a parameter that is text wherever it is used, such as an argument of a program. A spec
// may write it as a number, true or false, without quotes. It has the spelling of the spec: 1.0,
// 12.10, True.
type Text string

var (
	valueType = reflect.TypeFor[Value]()
	textType  = reflect.TypeFor[Text]()
)

// knownFields caches the results of fieldsOf by reflect.Type, because a stage may have thousands of
// cells.
var knownFields sync.Map

// fieldsOf reads the tags of a struct. The fields of an embedded struct count as its own. The list
// is shared and must not be changed.
func fieldsOf(t reflect.Type) []field {
	if known, ok := knownFields.Load(t); ok {
		return known.([]field)
	}
	var fields []field
	for i := range t.NumField() {
		if sf := t.Field(i); isEmbedded(sf) {
			for _, f := range fieldsOf(sf.Type) {
				f.index = append([]int{i}, f.index...)
				fields = append(fields, f)
			}
		} else if f, ok := taggedField(t, i); ok {
			fields = append(fields, f)
		}
	}
	knownFields.Store(t, fields)
	return fields
}

func isEmbedded(sf reflect.StructField) bool {
	return sf.Anonymous && sf.Tag.Get("yaml") == "" && sf.Type.Kind() == reflect.Struct
}

// taggedField reads the tags of a field. ok is false for an unexported field. An invalid tag is a
// mistake in the program, so it panics.
func taggedField(t reflect.Type, i int) (f field, ok bool) {
	sf := t.Field(i)
	name := sf.Tag.Get("yaml")
	switch {
	case !sf.IsExported():
		return f, false
	case name == "":
		panic(fmt.Sprintf("spec: %v.%s has no yaml tag", t, sf.Name))
	}
	return field{index: []int{i}, FieldInfo: FieldInfo{
		Name:     name,
		Type:     typeName(sf.Type),
		Unit:     sf.Tag.Get("unit"),
		Required: sf.Tag.Get("required") == "true",
		NonEmpty: sf.Tag.Get("nonempty") == "true",
		Nullable: sf.Type.Kind() == reflect.Pointer,
		OutOfKey: sf.Tag.Get("key") == "-",
		KeyIfSet: sf.Tag.Get("key") == "omitempty",
		Min:      bound(sf, "min"),
		Max:      bound(sf, "max"),
		Above:    bound(sf, "above"),
		OneOf:    choices(sf),
	}}, true
}

func bound(sf reflect.StructField, tag string) *float64 {
	text, ok := sf.Tag.Lookup(tag)
	if !ok {
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(fmt.Sprintf("spec: field %s: %s:%q is not a number", sf.Name, tag, text))
	}
	return &f
}

func choices(sf reflect.StructField) []string {
	text, ok := sf.Tag.Lookup("oneof")
	if !ok {
		return nil
	}
	return strings.Split(text, ",")
}

func typeName(t reflect.Type) string {
	switch t {
	case valueType:
		return "any"
	case textType:
		return "text"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Bool:
		return "bool"
	case reflect.String:
		return "string"
	case reflect.Float32, reflect.Float64:
		return "float"
	case reflect.Struct:
		return "object"
	case reflect.Slice:
		return "list of " + typeName(t.Elem())
	case reflect.Map:
		if t.Key().Kind() == reflect.String {
			return "map of " + typeName(t.Elem())
		}
	}
	if isInt(t) || isUint(t) {
		return "int"
	}
	panic(fmt.Sprintf("spec: a parameter cannot have the type %v", t))
}

func isInt(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64
}

func isUint(t reflect.Type) bool {
	return t.Kind() >= reflect.Uint && t.Kind() <= reflect.Uint64
}
