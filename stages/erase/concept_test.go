package erase

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"foil/internal/artifact"
)

// Columns are of the given users only: user 4 is a test user with a class and a value of its own.
func TestConceptMatrix(t *testing.T) {
	nan := float32(math.NaN())
	users := &artifact.Users{Attributes: []artifact.Attribute{
		{Name: "gender", Category: []string{"m", "f", "", "m", "x", "m"}},
		{Name: "age", Number: []float32{1, 3, 3, nan, 50, 1}},
	}}
	of := []int32{0, 1, 2, 3, 5}
	for _, c := range []struct {
		list []Attribute
		want *mat.Dense
	}{
		{[]Attribute{{Attribute: "gender"}}, mat.NewDense(5, 2, []float64{ // f, m
			0, 1,
			1, 0,
			0.25, 0.75,
			0, 1,
			0, 1,
		})},
		{[]Attribute{{Attribute: "age"}}, mat.NewDense(5, 1, []float64{-1, 1, 1, 0, -1})},
		{[]Attribute{{Attribute: "age", Classes: true}, {Attribute: "age"}, {Attribute: "gender"}}, mat.NewDense(5, 5, []float64{
			1, 0, -1, 0, 1,
			0, 1, 1, 1, 0,
			0, 1, 1, 0.25, 0.75,
			0.5, 0.5, 0, 0, 1,
			1, 0, -1, 0, 1,
		})},
	} {
		got, err := concepts(c.list, users, of)
		if err != nil {
			t.Errorf("%v: %v", c.list, err)
		} else if !mat.EqualApprox(got, c.want, 1e-12) {
			t.Errorf("%v:\n%v\nwant\n%v", c.list, mat.Formatted(got), mat.Formatted(c.want))
		}
	}
}

func TestTooManyClassesAreRefused(t *testing.T) {
	a := artifact.Attribute{Name: "age"}
	word := artifact.Attribute{Name: "word"}
	var of []int32
	for i := range maxClasses + 1 {
		a.Number = append(a.Number, float32(i))
		word.Category = append(word.Category, "w"+strconv.Itoa(i))
		of = append(of, int32(i))
	}
	users := &artifact.Users{Attributes: []artifact.Attribute{a, word}}
	for _, list := range [][]Attribute{{{Attribute: "age", Classes: true}}, {{Attribute: "word"}}} {
		if _, err := concepts(list, users, of); err == nil || !strings.Contains(err.Error(), "1001 different values") {
			t.Errorf("%v: error %v", list, err)
		}
		if _, err := concepts(list, users, of[1:]); err != nil {
			t.Errorf("%v: %v", list, err)
		}
	}
}
