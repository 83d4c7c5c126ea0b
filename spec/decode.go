package spec

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
)

// Decode puts a map into the struct that `into` points to and that holds the
// defaults. The struct's tags say what is allowed:
//
//	yaml:"name"      the name of the parameter
//	doc:"..."        its meaning
//	unit:"epochs"    its unit
//	min:"0" max:"1"  bounds of a number or of the numbers in a list
//	above:"0"        the same, and the bound itself is not allowed
//	oneof:"a,b"      the texts that are allowed, also in a list
//	required:"true"  it has no default
//	nonempty:"true"  the list holds something
//	key:"-"          it cannot change the output
//
// A new element of a list or map is asked for its defaults (SetDefaults), and
// every struct that is read for what is wrong with it as a whole (Check). The
// error is Errors: everything that is wrong. `into` is then of no use.
func Decode(v Value, into any) error {
	rv := reflect.ValueOf(into)
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("spec: Decode needs a pointer to a struct, not %T", into))
	}
	if v.Type == Null {
		v = Value{Pos: v.Pos, Type: Map}
	}
	d := &decoder{}
	d.object(v, rv.Elem(), "")
	return d.err()
}

type decoder struct{ problems }

// fail reports what is wrong with the parameter at a path.
func (d *decoder) fail(pos Pos, path, format string, args ...any) {
	if path != "" {
		path += ": "
	}
	d.at(pos, "%s%s", path, fmt.Sprintf(format, args...))
}

func (d *decoder) object(v Value, into reflect.Value, path string) {
	if v.Type != Map {
		d.fail(v.Pos, path, "has to be a map, not %s", describe(v))
		return
	}
	before := len(d.list)
	fields := fieldsOf(into.Type())
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	known := map[string]bool{}
	for _, f := range fields {
		known[f.Name] = true
		given, ok := v.Get(f.Name)
		if !ok {
			d.missing(v, into.FieldByIndex(f.index), f, path)
			continue
		}
		d.value(given, into.FieldByIndex(f.index), &f.FieldInfo, join(path, f.Name))
	}
	for _, f := range v.Map {
		if !known[f.Name] {
			d.fail(f.NamePos, path, "unknown field %q%s", f.Name, Suggestion(f.Name, names))
		}
	}
	if len(d.list) == before {
		d.check(v, into, path)
	}
}

func (d *decoder) missing(v Value, into reflect.Value, f field, path string) {
	switch {
	case f.Required:
		d.fail(v.Pos, join(path, f.Name), "is missing, and has no default")
	case f.NonEmpty && into.Len() == 0:
		d.fail(v.Pos, join(path, f.Name), "is missing; it needs an element at least")
	}
}

// value reads a parameter of any type.
func (d *decoder) value(v Value, into reflect.Value, f *FieldInfo, path string) {
	if into.Type() == valueType {
		into.Set(reflect.ValueOf(v))
		return
	}
	switch kind := into.Kind(); {
	case kind == reflect.Pointer:
		d.pointer(v, into, f, path)
	case kind == reflect.Struct:
		d.object(v, into, path)
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

func (d *decoder) pointer(v Value, into reflect.Value, f *FieldInfo, path string) {
	if v.Type == Null {
		into.SetZero()
		return
	}
	target := newElement(into.Type().Elem())
	if !into.IsNil() {
		target.Set(into.Elem())
	}
	d.value(v, target, f, path)
	into.Set(target.Addr())
}

func (d *decoder) slice(v Value, into reflect.Value, f *FieldInfo, path string) {
	if v.Type != List {
		hint := ""
		if v.isScalar() && v.Type != Null {
			hint = fmt.Sprintf("; write [%v]", v)
		}
		d.fail(v.Pos, path, "has to be a list, not %s%s", describe(v), hint)
		return
	}
	if f.NonEmpty && len(v.List) == 0 {
		d.fail(v.Pos, path, "is empty; it needs an element at least")
	}
	list := reflect.MakeSlice(into.Type(), 0, len(v.List))
	for i, e := range v.List {
		target := newElement(into.Type().Elem())
		d.value(e, target, f, path+"["+strconv.Itoa(i)+"]")
		list = reflect.Append(list, target)
	}
	into.Set(list)
}

func (d *decoder) mapping(v Value, into reflect.Value, f *FieldInfo, path string) {
	if v.Type != Map {
		d.fail(v.Pos, path, "has to be a map, not %s", describe(v))
		return
	}
	m := reflect.MakeMap(into.Type())
	for _, field := range v.Map {
		target := newElement(into.Type().Elem())
		d.value(field.Value, target, f, join(path, field.Name))
		m.SetMapIndex(reflect.ValueOf(field.Name).Convert(into.Type().Key()), target)
	}
	into.Set(m)
}

// newElement makes an element of a list or map, with its defaults.
func newElement(t reflect.Type) reflect.Value {
	p := reflect.New(t)
	if d, ok := p.Interface().(interface{ SetDefaults() }); ok {
		d.SetDefaults()
	}
	return p.Elem()
}

func (d *decoder) boolean(v Value, into reflect.Value, path string) {
	if v.Type != Bool {
		d.fail(v.Pos, path, "has to be true or false, not %s", describe(v))
		return
	}
	into.SetBool(v.Bool)
}

func (d *decoder) string(v Value, into reflect.Value, f *FieldInfo, path string) {
	if v.Type != String {
		hint := ""
		if v.isScalar() && v.Type != Null {
			hint = "; put it in quotes"
		}
		d.fail(v.Pos, path, "has to be text, not %s%s", describe(v), hint)
		return
	}
	d.checkChoice(v, f, path)
	into.SetString(v.Str)
}

func (d *decoder) float(v Value, into reflect.Value, f *FieldInfo, path string) {
	number := v.Float
	switch {
	case v.Type == Int:
		number = float64(v.Int)
	case v.Type != Float:
		d.fail(v.Pos, path, "has to be a number, not %s", describe(v))
		return
	case math.IsNaN(number) || math.IsInf(number, 0):
		d.fail(v.Pos, path, "has to be a finite number, not %s", formatNumber(v))
		return
	}
	if into.OverflowFloat(number) {
		d.fail(v.Pos, path, "%s is too large", formatNumber(v))
		return
	}
	d.checkBounds(v, number, f, path)
	into.SetFloat(number)
}

func (d *decoder) int(v Value, into reflect.Value, f *FieldInfo, path string) {
	if v.Type != Int {
		text, hint := describe(v), ""
		if i, ok := whole(v.Float); ok && v.Type == Float {
			text, hint = "a number with a fraction or an exponent", fmt.Sprintf("; write %d", i)
		}
		d.fail(v.Pos, path, "has to be a whole number, not %s%s", text, hint)
		return
	}
	before := len(d.list)
	d.checkBounds(v, float64(v.Int), f, path)
	switch {
	case len(d.list) > before:
	case isUint(into.Type()) && v.Int < 0:
		d.fail(v.Pos, path, "has to be at least 0, not %d", v.Int)
	case isUint(into.Type()) && into.OverflowUint(uint64(v.Int)), isInt(into.Type()) && into.OverflowInt(v.Int):
		d.fail(v.Pos, path, "%d is too large", v.Int)
	case isUint(into.Type()):
		into.SetUint(uint64(v.Int))
	default:
		into.SetInt(v.Int)
	}
}

// join makes the path of a field.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
