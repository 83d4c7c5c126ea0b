package report

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"foil/spec"
)

// The index of a stage finds the cells that a comparison with every cell finds.
func TestPickFindsTheCellsThatAgree(t *testing.T) {
	values := []spec.Value{
		{Type: spec.Int, Int: 0}, {Type: spec.Int, Int: 1}, {Type: spec.Int, Int: 1 << 60}, {Type: spec.Float, Float: 1 << 60},
		{Type: spec.Float, Float: 1}, {Type: spec.Float, Float: 0.5}, {Type: spec.String, Str: "1"}, {Type: spec.String, Str: "true"},
		{Type: spec.Bool, Bool: true}, {Type: spec.String, Str: "a\nb"}, {Type: spec.String, Str: ""},
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		draw := func(names ...string) (axes []Axis) {
			for _, name := range names {
				axes = append(axes, Axis{name, values[r.IntN(len(values))]})
			}
			return axes
		}
		var cells []Cell
		for range r.IntN(40) {
			cells = append(cells, Cell{Axes: draw("x", "y")})
		}
		s := &stage{cells: cells, axes: axesOfCells(cells)}
		for _, where := range [][]Axis{draw("x"), draw("y", "z"), draw("x", "y"), draw("z"), nil} {
			want := filter(cells, func(c Cell) bool {
				for _, w := range where {
					if v, ok := value(c.Axes, w.Name); ok && !v.Equal(w.Value) {
						return false
					}
				}
				return true
			})
			if got := s.pick(where); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
				t.Fatalf("where %v: %v, want %v", where, got, want)
			}
		}
	}
}
