package spec

import (
	"fmt"
	"reflect"
	"slices"
)

// A structure describes a struct with parameters, independent of its Go type.
type structure struct {
	of       reflect.Type
	docs     Docs
	fields   []field // including the fields of embedded structs
	embedded []embedded
	used     []*structure // the methods of all embedded or nested structs

	defaultsSet bool                                   // defaults are not just zero
	defaults    func() reflect.Value                   // a new struct
	check       func(v reflect.Value, report Reporter) // nil: nothing to check
	settle      func(v reflect.Value)                  // nil: nothing to settle
}

// An embedded is an embedded struct.
type embedded struct {
	index int
	*structure
}

// compile sets the fields. It panics if the description does not fit the struct, which is a mistake
// in the program.
func (s *structure) compile(choices OneOf, nested []Described) {
	if s.of.Kind() != reflect.Struct {
		panic(fmt.Sprintf("spec: parameters are a struct, not %v", s.of))
	}
	described := map[reflect.Type]*structure{}
	for _, n := range nested {
		inner := n.structure()
		if described[inner.of] != nil {
			panic(fmt.Sprintf("spec: %v: Nested describes %v twice", s.of, inner.of))
		}
		described[inner.of] = inner
		s.used = append(s.used, inner)
	}
	needed := map[reflect.Type]bool{}
	find := func(t reflect.Type, name string) *structure {
		if described[t] == nil {
			panic(fmt.Sprintf("spec: %v.%s: Nested does not describe %v", s.of, name, t))
		}
		needed[t] = true
		return described[t]
	}
	own := map[string]bool{}
	for i := range s.of.NumField() {
		sf := s.of.Field(i)
		if isEmbedded(sf) {
			inner := find(sf.Type, sf.Name)
			if !sf.IsExported() && (inner.check != nil || inner.settle != nil) {
				panic(fmt.Sprintf("spec: %v is embedded and has a Check or Settle, so it must be exported", inner.of))
			}
			s.embedded = append(s.embedded, embedded{i, inner})
			for _, f := range inner.fields {
				f.index = append([]int{i}, f.index...)
				s.fields = append(s.fields, f)
			}
			continue
		}
		f, ok := taggedField(s.of, i)
		if !ok {
			continue
		}
		own[f.Name] = true
		f.Doc = s.docs[f.Name]
		if texts := choices[f.Name]; texts != nil {
			f.OneOf = texts
		}
		if t := innerStruct(sf.Type); t != nil {
			f.inner = find(t, sf.Name)
		}
		s.fields = append(s.fields, f)
	}
	for name := range choices {
		if !own[name] {
			panic(fmt.Sprintf("spec: %v has no parameter %q, but OneOf names it", s.of, name))
		}
	}
	for t := range described {
		if !needed[t] {
			panic(fmt.Sprintf("spec: %v has no %v, but Nested describes it", s.of, t))
		}
	}
}

// innerStruct finds the struct in the type of a parameter: the type itself, or the element type of
// a list, map or pointer. It returns nil if there is none.
func innerStruct(t reflect.Type) reflect.Type {
	if t == valueType {
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return t
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return innerStruct(t.Elem())
	}
	return nil
}

// newElement makes an element of a list or map, or the value behind a pointer, with its defaults.
func newElement(t reflect.Type, inner *structure) reflect.Value {
	if inner != nil && t == inner.of {
		return inner.defaults()
	}
	return reflect.New(t).Elem()
}

// checkAll calls the checks of a struct and of the structs embedded in it. Nested structs are
// checked when they are decoded.
func (s *structure) checkAll(v reflect.Value, report Reporter) {
	for _, e := range s.embedded {
		e.checkAll(v.Field(e.index), report)
	}
	if s.check != nil {
		s.check(v, report)
	}
}

// settleAll settles a struct and all structs in it.
func (s *structure) settleAll(v reflect.Value) {
	for _, e := range s.embedded {
		e.settleAll(v.Field(e.index))
	}
	for _, f := range s.fields {
		if f.inner != nil && len(f.index) == 1 { // not a field of an embedded struct
			settleIn(v.FieldByIndex(f.index), f.inner)
		}
	}
	if s.settle != nil {
		s.settle(v)
	}
}

// settleIn settles the structs in a parameter.
func settleIn(v reflect.Value, inner *structure) {
	switch v.Kind() {
	case reflect.Struct:
		inner.settleAll(v)
	case reflect.Pointer:
		if !v.IsNil() {
			settleIn(v.Elem(), inner)
		}
	case reflect.Slice:
		for i := range v.Len() {
			settleIn(v.Index(i), inner)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			element := reflect.New(v.Type().Elem()).Elem() // elements of a map cannot be changed in place
			element.Set(v.MapIndex(key))
			settleIn(element, inner)
			v.SetMapIndex(key, element)
		}
	}
}

// embedsMethod reports whether a struct that is embedded in s has a method.
func (s *structure) embedsMethod(name string) bool {
	return slices.ContainsFunc(s.embedded, func(e embedded) bool {
		_, has := reflect.PointerTo(e.of).MethodByName(name)
		return has
	})
}
