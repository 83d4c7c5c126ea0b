package graph

import (
	"strconv"
	"testing"

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
