package erase

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"foil/internal/artifact"
	"foil/spec"
)

// An Attribute is an attribute to erase.
type Attribute struct {
	Attribute string `yaml:"attribute" required:"true"`
	Classes   bool   `yaml:"classes"`
}

var attributeParams = &spec.Params[Attribute]{
	Docs: spec.Docs{
		"attribute": "column of the users' table, such as gender or age. " +
			"Users without a value count as average ones: nothing is erased of whether a value is missing",
		"classes": "erase a numeric attribute as classes, one for each value: afterwards the users of all values have the same mean. " +
			"As a number, only what a linear function of the vectors tells of the value is erased. " +
			"Categorical attributes are always erased as classes.",
	},
}

// maxClasses bounds the memory: a class is a column of the concept matrix.
const maxClasses = 1000

// concepts is the concept matrix of the given users: a column for each class of a categorical
// attribute, which holds 1 for its users and 0 for others, and a column for each number, in standard
// deviations. In both, a missing value is the mean of the known ones. So the covariance with any
// vectors is, up to a factor, that of the users with known values.
func concepts(list []Attribute, users *artifact.Users, of []int32) (*mat.Dense, error) {
	var columns [][]float64
	for _, a := range list {
		column, err := users.Attribute(a.Attribute)
		if err != nil {
			return nil, err
		}
		var added [][]float64
		switch {
		case !column.IsNumeric() && a.Classes:
			err = errors.New("it is categorical, so it is erased as classes anyway; remove classes")
		case !column.IsNumeric():
			added, err = classColumns(column.Category, of, func(c string) bool { return c != "" })
		case a.Classes:
			added, err = classColumns(column.Number, of, func(v float32) bool { return v == v })
		default:
			added, err = numberColumn(column.Number, of)
		}
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", a.Attribute, err)
		}
		columns = append(columns, added...)
	}
	z := mat.NewDense(len(of), len(columns), nil)
	for j, c := range columns {
		z.SetCol(j, c)
	}
	return z, nil
}

// classColumns has a column for each class of the users.
func classColumns[T string | float32](values []T, of []int32, known func(T) bool) ([][]float64, error) {
	count, total := map[T]int{}, 0
	for _, u := range of {
		if known(values[u]) {
			count[values[u]]++
			total++
		}
	}
	switch {
	case len(count) < 2:
		return nil, tooFew(len(count))
	case len(count) > maxClasses:
		return nil, fmt.Errorf("the training users have %d different values; at most %d can be erased as classes", len(count), maxClasses)
	}
	var columns [][]float64
	for _, class := range slices.Sorted(maps.Keys(count)) {
		column := make([]float64, len(of))
		for i, u := range of {
			switch {
			case values[u] == class:
				column[i] = 1
			case !known(values[u]):
				column[i] = float64(count[class]) / float64(total)
			}
		}
		columns = append(columns, column)
	}
	return columns, nil
}

func numberColumn(values []float32, of []int32) ([][]float64, error) {
	var known []float64
	different := map[float32]bool{}
	for _, u := range of {
		v := values[u]
		if math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("user %d has the value %g; a number to erase must be finite", u, v)
		}
		if v == v {
			known = append(known, float64(v))
			different[v] = true
		}
	}
	if len(different) < 2 {
		return nil, tooFew(len(different))
	}
	mean, deviation := stat.PopMeanStdDev(known, nil)
	column := make([]float64, len(of))
	for i, u := range of {
		if v := float64(values[u]); !math.IsNaN(v) {
			column[i] = (v - mean) / deviation
		}
	}
	return [][]float64{column}, nil
}

// tooFew is the error for an attribute that tells nobody apart.
func tooFew(values int) error {
	if values == 0 {
		return errors.New("it is missing for all training users; remove it from attributes")
	}
	return errors.New("all training users with a known value have the same one, so there is nothing to erase; remove it from attributes")
}
