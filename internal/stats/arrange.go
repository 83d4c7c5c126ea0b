package stats

import (
	"cmp"
	"encoding/binary"
	"maps"
	"math"
	"slices"
)

// A cell is the values of one unit in one class. All statistics here follow from the sums of the
// cells: if every unit has one value, a cell is a value.
type cell struct {
	unit  int // index among the units that are not missing, in rising order
	class int
	n     float64 // values
}

// A design is what remains of a sample without its values. Samples with the same design share their
// random draws.
type design struct {
	n       int // values
	units   int
	cells   []cell    // by class, then by unit
	first   []int     // the first cell of each class, and the number of cells
	size    []float64 // values in each class
	members []int     // units in each class
	classes []int32   // the caller's numbers of the classes, rising
	strata  [][]int   // units that can replace each other
}

// An arranged sample has its values in an order that does not depend on the order of the caller.
type arranged struct {
	*design
	rows    []row
	sum     []float64 // of each cell
	means   []float64 // of each class
	mean    float64
	largest float64 // magnitude of a value
}

// A row is a value that is not missing.
type row struct {
	value              float64
	unit, block, class int32
	cell               int
}

// row is a value with its place. Without units, each value is a unit.
func (s Sample) row(i int) row {
	r := row{value: s.Values[i], unit: int32(i)}
	if s.Unit != nil {
		r.unit = s.Unit[i]
	}
	if s.Block != nil {
		r.block = s.Block[i]
	}
	if s.Class != nil {
		r.class = s.Class[i]
	}
	return r
}

// unequal reports whether the slices of the sample differ in length.
func (s Sample) unequal() bool {
	n := len(s.Values)
	return s.Unit != nil && len(s.Unit) != n || s.Block != nil && len(s.Block) != n || s.Class != nil && len(s.Class) != n
}

// arrange sorts the values by unit and block. The reason says why there is no mean.
func arrange(s Sample) (*arranged, string) {
	n := len(s.Values)
	if s.unequal() {
		panic("stats: the slices of a sample differ in length")
	}
	rows := make([]row, 0, n)
	for i, v := range s.Values {
		if math.IsNaN(v) {
			continue
		}
		if math.IsInf(v, 0) {
			return nil, reasonInfinite
		}
		r := s.row(i)
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return nil, reasonEmpty
	}
	order := func(a, b row) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.unit, b.unit), cmp.Compare(a.block, b.block), cmp.Compare(a.value, b.value))
	}
	if !slices.IsSortedFunc(rows, order) {
		rows = byClass(rows)
	}
	if !slices.IsSortedFunc(rows, order) {
		slices.SortFunc(rows, order)
	}
	a := &arranged{design: newDesign(rows), rows: rows}
	a.sum = make([]float64, len(a.cells))
	var total float64
	for _, r := range rows {
		a.sum[r.cell] += r.value
		total += math.Abs(r.value)
		a.largest = max(a.largest, math.Abs(r.value))
	}
	if math.IsInf(total, 0) {
		return nil, reasonLarge
	}
	for c := range a.size {
		a.means = append(a.means, a.classMean(c))
		a.mean += a.means[c] / float64(len(a.size))
	}
	return a, ""
}

// byClass puts the rows of each class together and leaves their order as it is. Samples often have
// their units in order and lack nothing else.
func byClass(rows []row) []row {
	count := map[int32]int{}
	for _, r := range rows {
		count[r.class]++
	}
	at, next := make(map[int32]int, len(count)), 0
	for _, class := range slices.Sorted(maps.Keys(count)) {
		at[class] = next
		next += count[class]
	}
	placed := make([]row, len(rows))
	for _, r := range rows {
		placed[at[r.class]] = r
		at[r.class]++
	}
	return placed
}

// classMean is the mean in a class. The second pass keeps the digits that the sum loses.
func (a *arranged) classMean(class int) float64 {
	var sum float64
	for k := a.first[class]; k < a.first[class+1]; k++ {
		sum += a.sum[k]
	}
	mean := sum / a.size[class]
	var rest float64
	for k := a.first[class]; k < a.first[class+1]; k++ {
		rest += a.sum[k] - float64(a.cells[k].n*mean) // the conversion forbids a fused step
	}
	return mean + rest/a.size[class]
}

// newDesign numbers the units and fills in the cell of each row. The rows are sorted by class and
// unit.
func newDesign(rows []row) *design {
	units := make([]int32, len(rows))
	for i, r := range rows {
		units[i] = r.unit
	}
	if !slices.IsSorted(units) {
		slices.Sort(units)
	}
	units = slices.Compact(units)
	d := &design{n: len(rows), units: len(units), cells: make([]cell, 0, len(units))}
	at := 0
	for i := range rows {
		r := &rows[i]
		newClass := i == 0 || r.class != rows[i-1].class
		if newClass {
			d.first = append(d.first, len(d.cells))
			d.size = append(d.size, 0)
			d.members = append(d.members, 0)
			d.classes = append(d.classes, r.class)
			at = 0
		}
		class := len(d.size) - 1
		if newClass || r.unit != rows[i-1].unit {
			for units[at] != r.unit {
				at++
			}
			d.cells = append(d.cells, cell{unit: at, class: class})
			d.members[class]++
		}
		r.cell = len(d.cells) - 1
		d.cells[r.cell].n++
		d.size[class]++
	}
	d.first = append(d.first, len(d.cells))
	d.strata = strata(rows, d)
	return d
}

// strata groups the units that can replace each other: those of one fold if each unit is tested in
// one fold, and all units if each is tested with every seed. Blocks that share a unit are one
// stratum.
func strata(rows []row, d *design) [][]int {
	index := map[int32]int{} // of blocks
	var above []int          // a forest over blocks: the root names the stratum
	root := func(b int) int {
		for above[b] != b {
			above[b] = above[above[b]]
			b = above[b]
		}
		return b
	}
	blockOf := make([]int, d.units) // a block of each unit
	for i := range blockOf {
		blockOf[i] = -1
	}
	b := 0
	for i, r := range rows {
		if i == 0 || r.block != rows[i-1].block {
			known, ok := index[r.block]
			if !ok {
				known = len(above)
				index[r.block] = known
				above = append(above, known)
			}
			b = known
		}
		unit := d.cells[r.cell].unit
		if blockOf[unit] < 0 {
			blockOf[unit] = b
		} else {
			above[root(b)] = root(blockOf[unit])
		}
	}
	members := make([]int, len(above)) // by root
	for i, b := range blockOf {
		blockOf[i] = root(b)
		members[blockOf[i]]++
	}
	number := slices.Repeat([]int{-1}, len(above)) // by root
	var list [][]int
	for unit, r := range blockOf { // units rise, so the order of the strata is fixed
		if number[r] < 0 {
			number[r] = len(list)
			list = append(list, make([]int, 0, members[r]))
		}
		list[number[r]] = append(list[number[r]], unit)
	}
	return list
}

// key is equal for equal designs.
func (d *design) key() string {
	b := make([]byte, 0, 12*len(d.cells)+4*d.units)
	for _, c := range d.cells {
		b = binary.LittleEndian.AppendUint32(b, uint32(c.unit))
		b = binary.LittleEndian.AppendUint32(b, uint32(c.class))
		b = binary.LittleEndian.AppendUint32(b, uint32(c.n))
	}
	for _, s := range d.strata {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(s)))
		for _, unit := range s {
			b = binary.LittleEndian.AppendUint32(b, uint32(unit))
		}
	}
	return string(b)
}

// weight is what a value of the class counts in the mean.
func (d *design) weight(class int) float64 {
	return 1 / (d.size[class] * float64(len(d.size)))
}

// estimate is the mean without an interval.
func (a *arranged) estimate() Estimate {
	return Estimate{Value: a.mean, Low: math.NaN(), High: math.NaN(), N: a.n, Units: a.units}
}

// alone says why nothing is known of the spread between units if there is only one.
func (a *arranged) alone() string {
	switch {
	case a.n < 2:
		return reasonValue
	case a.units < 2:
		return reasonUnit
	}
	return ""
}

// alike says why nothing is known of the spread between units if they do not differ. What rounding
// makes of equal units is no difference.
func (a *arranged) alike() string {
	const rounding = 1e-14
	for k, c := range a.cells {
		mean := a.means[c.class]
		if math.Abs(a.sum[k]/c.n-mean) > rounding*max(a.largest, math.Abs(mean)) {
			return ""
		}
	}
	if len(a.size) > 1 {
		return reasonAlike
	}
	return reasonEqual
}

// zero reports whether the values of every unit add up to nothing.
func (a *arranged) zero() bool {
	return !slices.ContainsFunc(a.sum, func(v float64) bool { return v != 0 })
}
