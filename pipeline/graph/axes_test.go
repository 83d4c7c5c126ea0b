package graph

import (
	"strconv"
	"testing"

	"foil/pipeline"
	"foil/spec"
)

func numbersUpTo(n int) []spec.Value {
	values := make([]spec.Value, n)
	for i := range values {
		values[i] = spec.Value{Type: spec.Int, Int: int64(i)}
	}
	return values
}

// A comparison of all pairs of ten thousand axis values took most of the time of a plan.
func TestAxesAreComparedInProportionToTheirLength(t *testing.T) {
	const n = 2000
	a, b := numbersUpTo(n), numbersUpTo(n)
	for name, compare := range map[string]func(){
		"alikeValues": func() { alikeValues(a, b) },
		"sameValues":  func() { sameValues(a, b) },
	} {
		if got := testing.AllocsPerRun(1, compare); got > 20*n {
			t.Errorf("%s: %.0f allocations for %d values", name, got, n)
		}
	}
}

func TestValuesThatReadTheSameAndAreNotAreFoundWhereverTheyStand(t *testing.T) {
	const n = 50
	for at := range n {
		a, b := numbersUpTo(n), numbersUpTo(n)
		b[n-1-at] = spec.Value{Type: spec.String, Str: strconv.Itoa(at)}
		v, w, ok := alikeValues(a, b)
		if !ok || v.Int != int64(at) || w.Str != strconv.Itoa(at) {
			t.Errorf("%d: found %v and %v (%v)", at, v, w, ok)
		}
		if sameValues(a, b) {
			t.Errorf("%d: a number and a text are taken for the same", at)
		}
	}
}

// Coordinates are merged in the order of their names. What both lists have keeps the spelling of the
// first one, because it is part of names of cells.
func TestMerge(t *testing.T) {
	at := func(pairs ...string) (axes []pipeline.AxisValue) {
		for i := 0; i < len(pairs); i += 2 {
			v, err := spec.ParseValue("value", pairs[i+1])
			if err != nil {
				t.Fatal(err)
			}
			axes = append(axes, pipeline.AxisValue{Axis: pairs[i], Value: v})
		}
		return axes
	}
	for _, c := range []struct {
		a, b []pipeline.AxisValue
		want string
	}{
		{nil, nil, ""},
		{nil, at("x", "1"), "[x=1]"},
		{at("x", "1"), nil, "[x=1]"},
		{at("a", "1", "c", "3"), at("b", "2", "d", "4"), "[a=1,b=2,c=3,d=4]"},
		{at("b", "0.50"), at("a", "1", "b", "0.5"), "[a=1,b=0.50]"},
		{at("b", "0.50"), at("b", "0.5"), "[b=0.50]"},
		{at("a", "1", "b", "0.5"), at("b", "0.50", "c", "3"), "[a=1,b=0.5,c=3]"},
	} {
		before := pipeline.AxesText(c.a) + pipeline.AxesText(c.b)
		if got := pipeline.AxesText(merge(c.a, c.b)); got != c.want {
			t.Errorf("%s and %s: %s, want %s", pipeline.AxesText(c.a), pipeline.AxesText(c.b), got, c.want)
		}
		if after := pipeline.AxesText(c.a) + pipeline.AxesText(c.b); after != before {
			t.Errorf("merging changed %s to %s", before, after)
		}
	}
}
