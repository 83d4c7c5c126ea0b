package spec

import (
	"fmt"
	"reflect"
	"slices"
)

// checkBounds holds a number against min, max and above.
func (d *decoder) checkBounds(v Value, number float64, f *FieldInfo, path string) {
	switch {
	case f.Min != nil && number < *f.Min:
		d.fail(v.Pos, path, "has to be at least %s, not %s", formatFloat(*f.Min), formatNumber(v))
	case f.Above != nil && number <= *f.Above:
		d.fail(v.Pos, path, "has to be greater than %s, not %s", formatFloat(*f.Above), formatNumber(v))
	case f.Max != nil && number > *f.Max:
		d.fail(v.Pos, path, "has to be at most %s, not %s", formatFloat(*f.Max), formatNumber(v))
	}
}

func formatFloat(f float64) string { return formatNumber(Value{Type: Float, Float: f}) }

// checkChoice holds a text against oneof.
func (d *decoder) checkChoice(v Value, f *FieldInfo, path string) {
	if f.OneOf != nil && !slices.Contains(f.OneOf, v.Str) {
		d.fail(v.Pos, path, "%q is not allowed%s", v.Str, Suggestion(v.Str, f.OneOf))
	}
}

// check asks a struct what is wrong with it beyond its tags. Paths are
// relative to the struct; what is wrong with a default stands at the nearest
// thing that was written.
func (d *decoder) check(v Value, into reflect.Value, path string) {
	c, ok := into.Addr().Interface().(interface {
		Check(report func(path, format string, args ...any))
	})
	if !ok {
		return
	}
	c.Check(func(at, format string, args ...any) {
		d.fail(v.At(at), joinPaths(path, at), "%s", fmt.Sprintf(format, args...))
	})
}

// At is the position of what stands at a path such as "columns[1].from", or of
// the last thing on the way to it.
func (v Value) At(path string) Pos {
	steps, _, err := parsePath(path)
	if err != nil {
		return v.Pos
	}
	for _, s := range steps {
		next, err := v.follow(s, "")
		if err != nil {
			break
		}
		v = next
	}
	return v.Pos
}

func joinPaths(path, at string) string {
	if at == "" {
		return path
	}
	return join(path, at)
}
