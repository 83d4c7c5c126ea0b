package grid

import (
	"reflect"

	"foil/internal/clean"
)

// Clean removes escapes, control characters and line ends from every text of a report. Names of
// metrics come from programs, and titles from specs, so they can hold anything. A form adds its
// own line ends and markup.
func (r *Report) Clean() { cleanTexts(reflect.ValueOf(r)) }

func cleanTexts(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if text := v.String(); v.CanSet() {
			v.SetString(clean.Line(text))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			cleanTexts(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			cleanTexts(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			cleanTexts(v.Index(i))
		}
	}
}
