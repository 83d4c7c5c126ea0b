package spec

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
)

// Decode puts a map into the struct that `into` points to and that holds the defaults. It
// is for structs that are not described by Params: documentation stands in the tag doc,
// and methods SetDefaults and Check are found by their names.
func Decode(v Value, into any) error {
	rv := reflect.ValueOf(into)
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("spec: Decode needs a pointer to a struct, not %T", into))
	}
	return decode(v, rv.Elem(), structureOf(rv.Elem().Type()))
}

// Describe lists the parameters in such a struct, which holds their defaults.
func Describe(params any) []FieldInfo {
	rv := reflect.ValueOf(params)
	for rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	}
	if !rv.IsValid() {
		return nil
	}
	return fieldInfos(rv, structureOf(rv.Type()))
}

var knownStructures sync.Map // by reflect.Type

func structureOf(t reflect.Type) *structure {
	if known, ok := knownStructures.Load(t); ok {
		return known.(*structure)
	}
	s := &structure{of: t, fields: slices.Clone(fieldsOf(t))}
	for i, f := range s.fields {
		if inner := innerStruct(t.FieldByIndex(f.index).Type); inner != nil {
			s.fields[i].inner = structureOf(inner)
		}
	}
	s.defaults = func() reflect.Value {
		p := reflect.New(t)
		if d, ok := p.Interface().(interface{ SetDefaults() }); ok {
			d.SetDefaults()
		}
		return p.Elem()
	}
	s.check = func(v reflect.Value, report Reporter) {
		if c, ok := v.Addr().Interface().(interface{ Check(Reporter) }); ok {
			c.Check(report)
		}
	}
	knownStructures.Store(t, s)
	return s
}
