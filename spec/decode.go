package spec

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
)

// decode writes a map into a struct that holds the defaults. The error is Errors and lists all
// mistakes. After an error, the struct must not be used.
func decode(v Value, into reflect.Value, s *structure) error {
	if v.Type == Null {
		v = Value{Pos: v.Pos, Type: Map}
	}
	d := &decoder{}
	if v.Type == invalid {
		return nil
	}
	d.object(v, into, s, "")
	return d.err()
}

type decoder struct {
	problems
	holes int // values that were skipped: see Value.Incomplete
}

// fail reports an error of the parameter at a path.
func (d *decoder) fail(pos Pos, path, format string, args ...any) {
	if path != "" {
		path += ": "
	}
	d.at(pos, "%s%s", path, fmt.Sprintf(format, args...))
}

func (d *decoder) object(v Value, into reflect.Value, s *structure, path string) {
	if s.short != "" && v.isScalar() && v.Type != Null {
		v = Value{Pos: v.Pos, Type: Map, Map: []Field{{Name: s.short, NamePos: v.Pos, Value: v}}}
	}
	if v.Type != Map {
		or := ""
		if s.short != "" {
			or = "text or "
		}
		d.fail(v.Pos, path, "must be %sa map, not %s", or, describe(v))
		return
	}
	before := len(d.list) + d.holes
	names := make([]string, len(s.fields))
	for i := range s.fields {
		f := &s.fields[i]
		names[i] = f.Name
		given, ok := v.Get(f.Name)
		if !ok {
			d.missing(v, into.FieldByIndex(f.index), f, path)
			continue
		}
		d.value(given, into.FieldByIndex(f.index), f, join(path, f.Name))
	}
	for _, f := range v.Map {
		if !slices.Contains(names, f.Name) {
			d.fail(f.NamePos, path, "unknown field %q%s", f.Name, Suggestion(f.Name, names))
		}
	}
	if len(d.list)+d.holes == before {
		// What is wrong with a default stands at the nearest thing that was written.
		s.checkAll(into, ReportTo(func(at, message string) {
			d.fail(v.At(at), joinPaths(path, at), "%s", message)
		}))
	}
}

func (d *decoder) missing(v Value, into reflect.Value, f *field, path string) {
	switch {
	case f.Required:
		d.fail(v.Pos, join(path, f.Name), "is missing and has no default")
	case f.NonEmpty && into.Len() == 0:
		d.fail(v.Pos, join(path, f.Name), "is missing and must not be empty")
	}
}

// value reads a parameter of any type.
func (d *decoder) value(v Value, into reflect.Value, f *field, path string) {
	if v.Incomplete() && (v.Type == invalid || into.Type() == valueType) {
		d.holes++
		return
	}
	if into.Type() == valueType {
		into.Set(reflect.ValueOf(v.unspelled())) // a spelling is not part of the key
		return
	}
	switch kind := into.Kind(); {
	case into.Type() == textType:
		d.text(v, into, path)
	case kind == reflect.Pointer:
		d.pointer(v, into, f, path)
	case kind == reflect.Struct:
		d.object(v, into, f.inner, path)
	case kind == reflect.Slice:
		d.slice(v, into, f, path)
	case kind == reflect.Map:
		d.mapping(v, into, f, path)
	case kind == reflect.Bool:
		d.boolean(v, into, path)
	case kind == reflect.String:
		d.string(v, into, f, path)
	case kind == reflect.Float32 || kind == reflect.Float64:
		d.float(v, into, f, path)
	default:
		d.int(v, into, f, path)
	}
}

func (d *decoder) pointer(v Value, into reflect.Value, f *field, path string) {
	if v.Type == Null {
		into.SetZero()
		return
	}
	target := newElement(into.Type().Elem(), f.inner)
	if !into.IsNil() {
		target.Set(into.Elem())
	}
	d.value(v, target, f, path)
	into.Set(target.Addr())
}

func (d *decoder) slice(v Value, into reflect.Value, f *field, path string) {
	if v.Type != List {
		hint := ""
		if v.isScalar() && v.Type != Null {
			hint = fmt.Sprintf("; write [%v]", v)
		}
		d.fail(v.Pos, path, "must be a list, not %s%s", describe(v), hint)
		return
	}
	if f.NonEmpty && len(v.List) == 0 {
		d.fail(v.Pos, path, "must not be empty")
	}
	list := reflect.MakeSlice(into.Type(), 0, len(v.List))
	for i, e := range v.List {
		target := newElement(into.Type().Elem(), f.inner)
		d.value(e, target, f, path+"["+strconv.Itoa(i)+"]")
		list = reflect.Append(list, target)
	}
	into.Set(list)
}

func (d *decoder) mapping(v Value, into reflect.Value, f *field, path string) {
	if v.Type != Map {
		d.fail(v.Pos, path, "must be a map, not %s", describe(v))
		return
	}
	m := reflect.MakeMap(into.Type())
	for _, field := range v.Map {
		target := newElement(into.Type().Elem(), f.inner)
		d.value(field.Value, target, f, join(path, field.Name))
		m.SetMapIndex(reflect.ValueOf(field.Name).Convert(into.Type().Key()), target)
	}
	into.Set(m)
}

func (d *decoder) boolean(v Value, into reflect.Value, path string) {
	if v.Type != Bool {
		d.fail(v.Pos, path, "must be true or false, not %s", describe(v))
		return
	}
	into.SetBool(v.Bool)
}

func (d *decoder) string(v Value, into reflect.Value, f *field, path string) {
	if v.Type != String {
		hint := ""
		if v.isScalar() && v.Type != Null {
			hint = "; put it in quotes"
		}
		d.fail(v.Pos, path, "must be text, not %s%s", describe(v), hint)
		return
	}
	d.checkChoice(v, f, path)
	into.SetString(v.Str)
}

// text reads any scalar but null, with the spelling of the spec.
func (d *decoder) text(v Value, into reflect.Value, path string) {
	if !v.isScalar() || v.Type == Null {
		d.fail(v.Pos, path, "must be text or a number, not %s", describe(v))
		return
	}
	into.SetString(v.plain())
}

func (d *decoder) float(v Value, into reflect.Value, f *field, path string) {
	number := v.Float
	switch {
	case v.Type == Int:
		number = float64(v.Int)
	case v.Type != Float:
		d.fail(v.Pos, path, "must be a number, not %s", describe(v))
		return
	case math.IsNaN(number) || math.IsInf(number, 0):
		d.fail(v.Pos, path, "must be a finite number, not %s", v)
		return
	}
	if into.OverflowFloat(number) {
		d.fail(v.Pos, path, "%s is too large", v)
		return
	}
	d.checkBounds(v, number, f, path)
	into.SetFloat(number)
}

func (d *decoder) int(v Value, into reflect.Value, f *field, path string) {
	if v.Type != Int {
		text, hint := describe(v), ""
		if i, ok := whole(v.Float); ok && v.Type == Float {
			text, hint = "a number with a fraction or an exponent", fmt.Sprintf("; write %d", i)
		}
		d.fail(v.Pos, path, "must be a whole number, not %s%s", text, hint)
		return
	}
	before := len(d.list)
	d.checkBounds(v, float64(v.Int), f, path)
	switch {
	case len(d.list) > before:
	case isUint(into.Type()) && v.Int < 0:
		d.fail(v.Pos, path, "must be at least 0, not %d", v.Int)
	case isUint(into.Type()) && into.OverflowUint(uint64(v.Int)), isInt(into.Type()) && into.OverflowInt(v.Int):
		d.fail(v.Pos, path, "%d is too large", v.Int)
	case isUint(into.Type()):
		into.SetUint(uint64(v.Int))
	default:
		into.SetInt(v.Int)
	}
}

// checkBounds compares a number with min, max and above.
func (d *decoder) checkBounds(v Value, number float64, f *field, path string) {
	switch {
	case f.Min != nil && number < *f.Min:
		d.fail(v.Pos, path, "must be at least %s, not %s", formatFloat(*f.Min), v)
	case f.Above != nil && number <= *f.Above:
		d.fail(v.Pos, path, "must be greater than %s, not %s", formatFloat(*f.Above), v)
	case f.Max != nil && number > *f.Max:
		d.fail(v.Pos, path, "must be at most %s, not %s", formatFloat(*f.Max), v)
	}
}

func formatFloat(f float64) string { return formatNumber(Value{Type: Float, Float: f}) }

// checkChoice compares a text with the allowed values.
func (d *decoder) checkChoice(v Value, f *field, path string) {
	if f.OneOf != nil && !slices.Contains(f.OneOf, v.Str) {
		d.fail(v.Pos, path, "%q is not allowed%s", v.Str, Suggestion(v.Str, f.OneOf))
	}
}

// join makes the path of a field.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// joinPaths is join where the second path may be empty.
func joinPaths(path, at string) string {
	if at == "" {
		return path
	}
	return join(path, at)
}
