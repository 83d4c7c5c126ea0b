package spec

import "slices"

// A Value is a YAML value with its position: null, a scalar, a list or a map. Strings may hold
// ${...} expressions until Resolve replaces them.
type Value struct {
	Pos  Pos
	Type ValueType

	Bool  bool
	Int   int64
	Float float64
	Str   string
	List  []Value
	Map   []Field // in file order, names unique
}

// A Field is a named value in a map.
type Field struct {
	Name    string
	NamePos Pos
	Value   Value
}

// A ValueType is the type of a Value.
type ValueType int

const (
	Null ValueType = iota
	Bool
	Int
	Float
	String
	List
	Map

	// invalid marks a value of the tree whose error has been reported, so that it is not reported
	// again. No Spec holds one.
	invalid ValueType = -1
)

// Get returns the field called name of a map.
func (v Value) Get(name string) (Value, bool) {
	for _, f := range v.Map {
		if f.Name == name {
			return f.Value, true
		}
	}
	return Value{}, false
}

// Equal compares type and content, not positions: the number 1 is not the text
// "1", but 1 is 1.0. The order of a map's fields does not matter.
func (v Value) Equal(w Value) bool {
	if v.isNumber() && w.isNumber() {
		return equalNumbers(v, w)
	}
	if v.Type != w.Type {
		return false
	}
	switch v.Type {
	case Bool:
		return v.Bool == w.Bool
	case String:
		return v.Str == w.Str
	case List:
		return slices.EqualFunc(v.List, w.List, Value.Equal)
	case Map:
		return len(v.Map) == len(w.Map) && !slices.ContainsFunc(v.Map, func(f Field) bool {
			other, ok := w.Get(f.Name)
			return !ok || !f.Value.Equal(other)
		})
	}
	return true
}

func (v Value) isNumber() bool { return v.Type == Int || v.Type == Float }

func (v Value) isScalar() bool { return v.Type != List && v.Type != Map }

// holdsInvalid reports whether v contains a value whose error has been reported.
func (v Value) holdsInvalid() bool {
	return v.Type == invalid || slices.ContainsFunc(v.List, Value.holdsInvalid) ||
		slices.ContainsFunc(v.Map, func(f Field) bool { return f.Value.holdsInvalid() })
}

// names lists the names of a map's fields, in file order.
func (v Value) names() []string {
	names := make([]string, len(v.Map))
	for i, f := range v.Map {
		names[i] = f.Name
	}
	return names
}
