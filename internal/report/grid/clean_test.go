package grid

import (
	"reflect"
	"strings"
	"testing"
)

// fill sets every text of a value, with one element in every list.
func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text)
	}
}

// texts lists the texts of a value.
func texts(v reflect.Value) (all []string) {
	switch v.Kind() {
	case reflect.String:
		return []string{v.String()}
	case reflect.Pointer:
		return texts(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			all = append(all, texts(v.Field(i))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, texts(v.Index(i))...)
		}
	}
	return all
}

func TestEveryTextIsCleaned(t *testing.T) {
	var r Report
	fill(reflect.ValueOf(&r).Elem(), "\x1b[31mnd\u202ecg\x1b[0m\n\x1b]0;x\a2")
	r.Clean()
	all := texts(reflect.ValueOf(r))
	if len(all) < 40 {
		t.Fatalf("only %d texts", len(all))
	}
	for _, text := range all {
		if text != "ndcg 2" {
			t.Errorf("%q", text)
		}
	}
	if title := r.Figures[0].Chart.Title; strings.ContainsRune(title, '\x1b') {
		t.Errorf("the title of a drawing is %q", title)
	}
}
