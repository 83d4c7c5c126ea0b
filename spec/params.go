package spec

import (
	"fmt"
	"reflect"
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

	// Docs documents every parameter of P. Those of other structs in P are documented
	// where these are described.
	Docs Docs

	// OneOf lists the texts that parameters allow, where a table has them.
	OneOf OneOf

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
