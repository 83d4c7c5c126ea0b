package dataset

// maxID is the maximum id of users and movies; MovieLens 1M has 6040 and 3952.
const maxID = 999_999

// A rowIndex maps ids to rows.
type rowIndex struct {
	row []int32 // row+1 by id; 0 is no row
}

func newRowIndex[T any](rows []T, id func(T) int32) rowIndex {
	last := id(rows[len(rows)-1])
	x := rowIndex{row: make([]int32, last+1)}
	for i, r := range rows {
		x.row[id(r)] = int32(i) + 1
	}
	return x
}

// of returns the row of an id, or -1 if there is none.
func (x rowIndex) of(id uint32) int32 {
	if id >= uint32(len(x.row)) {
		return -1
	}
	return x.row[id] - 1
}
