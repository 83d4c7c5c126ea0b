package spec

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
)

// Params describes the parameters that a struct P holds: those of a kind, or those of a
// struct inside of them. What a machine checks field by field stands in tags:
//
//	yaml:"name"      the name of the parameter
//	unit:"epochs"    its unit
//	min:"0" max:"1"  bounds of a number, or of the numbers in a list
//	above:"0"        the same, and the bound itself is not allowed
//	oneof:"a,b"      the texts that are allowed, also in a list
//	required:"true"  it has no default
//	nonempty:"true"  the list must not be empty
//	key:"-"          it cannot change the output, so it is not part of the key
//	key:"omitempty"  it is not part of the key where it is empty: a later version of foil added it,
//	                 and cells without it keep their keys
//
// Everything else stands here, where the compiler sees it:
//
//	var coreParams = &spec.Params[Core]{
//		Defaults: func() Core { return Core{Users: 5} },
//		Docs:     spec.Docs{"users": "users with fewer interactions are dropped"},
//		Check:    (*Core).check,
//	}
type Params[P any] struct {
	// Defaults makes a struct with all its defaults, those of embedded and nested structs
	// included. Elements of lists and maps, and structs behind pointers, begin with the
	// defaults of their own type. Nil: everything is zero.
	Defaults func() P

	// Modes change the defaults, by the name of a mode, which a spec chooses for all of its stages.
	// Each is given a struct with the usual defaults.
	Modes map[string]func(p *P)

	// Docs documents every parameter of P. Those of other structs in P are documented
	// where these are described.
	Docs Docs

	// OneOf lists the texts that parameters allow, where a table has them.
	OneOf OneOf

	// Short names a parameter that can stand for all: where a spec has a text instead of a map,
	// it is the value of this parameter.
	Short string

	// Nested describes the other structs in P, embedded or as a type of a field or
	// element: one entry per type.
	Nested []Described

	// Check reports what no single field shows. It is called when all fields are right,
	// for embedded and nested structs first.
	Check func(p *P, report Reporter)

	// Settle fills in what follows from other parameters, and clears what has no effect
	// beside them, so that it is not part of the key. It is called when all of the
	// parameters are right, for embedded and nested structs first.
	Settle func(p *P)

	once     sync.Once
	compiled *structure
}

// Docs is the documentation of parameters, by their names in a spec.
type Docs map[string]string

// OneOf is the texts that parameters allow, by the parameters' names in a spec.
type OneOf map[string][]string

// A Reporter reports what is wrong with the parameter at a path such as
// "columns[1].from"; an empty path stands for all parameters together. Paths begin at the
// struct that is checked.
type Reporter func(path, format string, args ...any)

// ReportTo makes a Reporter that hands on what is reported.
func ReportTo(to func(path, message string)) Reporter {
	return func(path, format string, args ...any) { to(path, fmt.Sprintf(format, args...)) }
}

// Described is a *Params of any type.
type Described interface {
	// Fields lists the parameters in the order of the struct.
	Fields() []FieldInfo

	// ModeNames lists the modes that change defaults, sorted.
	ModeNames() []string

	// Problems lists what is wrong with the description itself, such as missing
	// documentation. A test shows them.
	Problems() []string

	structure() *structure
}

var _ Described = (*Params[struct{}])(nil)

// New makes a struct with its defaults, which are not settled.
func (p *Params[P]) New() *P {
	fresh := new(P)
	if p.Defaults != nil {
		*fresh = p.Defaults()
	}
	return fresh
}

// In describes the same parameters with the defaults of a mode. A mode that Modes does not have
// changes nothing.
func (p *Params[P]) In(mode string) *Params[P] {
	change := p.Modes[mode]
	if change == nil {
		return p
	}
	return &Params[P]{
		Defaults: func() P {
			params := p.New()
			change(params)
			return *params
		},
		Modes: p.Modes, Docs: p.Docs, OneOf: p.OneOf, Short: p.Short, Nested: p.Nested, Check: p.Check, Settle: p.Settle,
	}
}

func (p *Params[P]) ModeNames() []string { return slices.Sorted(maps.Keys(p.Modes)) }

// Decode reads parameters. The error is Errors: everything that is wrong.
func (p *Params[P]) Decode(with Value) (*P, error) {
	params := p.New()
	if err := decode(with, reflect.ValueOf(params).Elem(), p.structure()); err != nil {
		return nil, err
	}
	p.SettleAll(params)
	return params, nil
}

// SettleAll settles a struct and all structs in it, as Decode does at its end.
func (p *Params[P]) SettleAll(params *P) {
	p.structure().settleAll(reflect.ValueOf(params).Elem())
}

func (p *Params[P]) Fields() []FieldInfo {
	return fieldInfos(reflect.ValueOf(p.New()).Elem(), p.structure())
}

func (p *Params[P]) structure() *structure {
	p.once.Do(func() { p.compiled = p.compile() })
	return p.compiled
}

func (p *Params[P]) compile() *structure {
	s := &structure{
		of:          reflect.TypeFor[P](),
		docs:        p.Docs,
		short:       p.Short,
		defaultsSet: p.Defaults != nil,
		defaults:    func() reflect.Value { return reflect.ValueOf(p.New()).Elem() },
	}
	if p.Check != nil {
		s.check = func(v reflect.Value, report Reporter) { p.Check(v.Addr().Interface().(*P), report) }
	}
	if p.Settle != nil {
		s.settle = func(v reflect.Value) { p.Settle(v.Addr().Interface().(*P)) }
	}
	s.compile(p.OneOf, p.Nested)
	return s
}

// A structure describes a struct with parameters, independent of its Go type.
type structure struct {
	of       reflect.Type
	docs     Docs
	short    string  // parameter that a text stands for; empty: a map is needed
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
	if s.short != "" && !own[s.short] {
		panic(fmt.Sprintf("spec: %v has no parameter %q, but Short names it", s.of, s.short))
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
