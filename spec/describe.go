package spec

import "reflect"

// Describe lists the parameters of a kind from the struct that holds their
// defaults, in the order of the struct. A nil struct has none.
func Describe(params any) []FieldInfo {
	rv := reflect.ValueOf(params)
	for rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	}
	if !rv.IsValid() {
		return nil
	}
	return describeFields(rv)
}

func describeFields(rv reflect.Value) []FieldInfo {
	var infos []FieldInfo
	for _, f := range fieldsOf(rv.Type()) {
		v := rv.FieldByIndex(f.index)
		info := f.FieldInfo
		if object, ok := innerObject(v); ok {
			info.Fields = describeFields(object)
		}
		if !info.Required && info.Type != "object" {
			info.Default = defaultText(v)
		}
		infos = append(infos, info)
	}
	return infos
}

// innerObject finds the struct in a parameter: it itself, or a new element of
// its list or map.
func innerObject(v reflect.Value) (reflect.Value, bool) {
	if v.Type() == valueType {
		return v, false
	}
	switch v.Kind() {
	case reflect.Struct:
		return v, true
	case reflect.Pointer:
		if !v.IsNil() {
			return innerObject(v.Elem())
		}
		return innerObject(newElement(v.Type().Elem()))
	case reflect.Slice, reflect.Map:
		return innerObject(newElement(v.Type().Elem()))
	}
	return v, false
}

// defaultText writes a default as in a spec; an empty one needs no words.
func defaultText(v reflect.Value) string {
	d := encode(v, false)
	empty := d.Type == Null || d.Type == String && d.Str == "" || !d.isScalar() && len(d.List)+len(d.Map) == 0
	if empty {
		return ""
	}
	return d.String()
}
