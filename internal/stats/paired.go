package stats

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Paired is the differences a-b by unit and block, sorted by unit and block. Both samples must have
// the same units in the same blocks, each once, with the same classes; otherwise the error says
// which units differ. A pair with a missing value stays, as a missing difference.
func Paired(a, b Sample) (Sample, error) {
	left, err := pairs(a, "first")
	if err != nil {
		return Sample{}, err
	}
	right, err := pairs(b, "second")
	if err != nil {
		return Sample{}, err
	}
	if (a.Class == nil) != (b.Class == nil) {
		return Sample{}, fmt.Errorf("one sample has classes and the other has none")
	}
	if err := sameUnits(left, right); err != nil {
		return Sample{}, err
	}
	d := Sample{
		Values: make([]float64, len(left)),
		Unit:   make([]int32, len(left)),
		Block:  make([]int32, len(left)),
	}
	if a.Class != nil {
		d.Class = make([]int32, len(left))
	}
	var odd []row
	for i, l := range left {
		r := right[i]
		if l.class != r.class {
			odd = append(odd, l)
		}
		d.Values[i], d.Unit[i], d.Block[i] = l.value-r.value, l.unit, l.block
		if d.Class != nil {
			d.Class[i] = l.class
		}
	}
	if len(odd) > 0 {
		return Sample{}, fmt.Errorf("the samples disagree on the class of %s", names(odd))
	}
	return d, nil
}

// pairs is the rows of a sample by unit and block, with missing values.
func pairs(s Sample, which string) ([]row, error) {
	n := len(s.Values)
	if s.unequal() {
		return nil, fmt.Errorf("the slices of the %s sample differ in length", which)
	}
	rows := make([]row, n)
	var infinite, twice []row
	for i, v := range s.Values {
		r := s.row(i)
		if math.IsInf(v, 0) {
			infinite = append(infinite, r)
		}
		rows[i] = r
	}
	if !slices.IsSortedFunc(rows, byUnit) {
		slices.SortFunc(rows, byUnit)
	}
	for i := 1; i < n; i++ {
		if byUnit(rows[i-1], rows[i]) == 0 && (len(twice) == 0 || byUnit(twice[len(twice)-1], rows[i]) != 0) {
			twice = append(twice, rows[i])
		}
	}
	if len(twice) > 0 {
		return nil, fmt.Errorf("the %s sample has more than one value for %s", which, names(twice))
	}
	if len(infinite) > 0 {
		return nil, fmt.Errorf("the %s sample has an infinite value for %s", which, names(infinite))
	}
	return rows, nil
}

func byUnit(a, b row) int {
	return cmp.Or(cmp.Compare(a.unit, b.unit), cmp.Compare(a.block, b.block))
}

// sameUnits checks that two sorted lists have the same units in the same blocks.
func sameUnits(left, right []row) error {
	var first, second []row
	for i, j := 0, 0; i < len(left) || j < len(right); {
		switch {
		case j == len(right) || i < len(left) && byUnit(left[i], right[j]) < 0:
			first = append(first, left[i])
			i++
		case i == len(left) || byUnit(left[i], right[j]) > 0:
			second = append(second, right[j])
			j++
		default:
			i++
			j++
		}
	}
	var parts []string
	if len(first) > 0 {
		parts = append(parts, "only the first has "+names(first))
	}
	if len(second) > 0 {
		parts = append(parts, "only the second has "+names(second))
	}
	if len(parts) > 0 {
		return fmt.Errorf("the samples have different units: %s", strings.Join(parts, "; "))
	}
	return nil
}

// names lists a few units, with their blocks if there are several.
func names(rows []row) string {
	const most = 3
	blocks := slices.ContainsFunc(rows, func(r row) bool { return r.block != rows[0].block })
	var list []string
	for _, r := range rows[:min(most, len(rows))] {
		name := strconv.Itoa(int(r.unit))
		if blocks || r.block != 0 {
			name += " in block " + strconv.Itoa(int(r.block))
		}
		list = append(list, name)
	}
	text := strings.Join(list, ", ")
	if len(rows) > most {
		return fmt.Sprintf("units %s and %d more", text, len(rows)-most)
	}
	if len(rows) == 1 {
		return "unit " + text
	}
	return "units " + text
}
