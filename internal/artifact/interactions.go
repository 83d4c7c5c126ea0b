package artifact

import (
	"fmt"
	"io"
	"iter"
	"math"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
)

// Interactions are pairs of a user and an item, as row numbers of the users' and the items' tables.
// They are sorted by user, then item, without repetitions. What else is known of each pair is nil if
// the data does not have it.
type Interactions struct {
	User, Item []int32
	Rating     []float64
	Time       []int64 // microseconds since 1970, UTC
	Weight     []float64
}

// The columns of interactions.
const (
	userColumn   = "user"
	itemColumn   = "item"
	RatingColumn = "rating"
	TimeColumn   = "timestamp"
	WeightColumn = "weight"
)

// optionalColumns are the columns that interactions may have, in their order in a file.
var optionalColumns = []string{RatingColumn, TimeColumn, WeightColumn}

// timeType reads as a date and time in pandas, Polars, DuckDB and R.
var timeType = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}

// Len is the number of pairs.
func (x Interactions) Len() int { return len(x.User) }

// Numbers returns the column RatingColumn or WeightColumn; nil: the data does not have it.
func (x Interactions) Numbers(column string) []float64 {
	if column == RatingColumn {
		return x.Rating
	}
	return x.Weight
}

// Where returns the pairs that keep reports true for, with all that is known of them.
func (x Interactions) Where(keep func(i int) bool) (out Interactions) {
	var rows []int32
	for i := range x.User {
		if keep(i) {
			rows = append(rows, int32(i))
		}
	}
	return x.Select(rows)
}

// Select returns the pairs of the given rows, in that order, with all that is known of them.
func (x Interactions) Select(rows []int32) Interactions {
	out := Interactions{User: pick(x.User, rows), Item: pick(x.Item, rows)}
	if x.Rating != nil {
		out.Rating = pick(x.Rating, rows)
	}
	if x.Time != nil {
		out.Time = pick(x.Time, rows)
	}
	if x.Weight != nil {
		out.Weight = pick(x.Weight, rows)
	}
	return out
}

// WriteInteractions checks the order of x and writes it.
func WriteInteractions(w io.Writer, x Interactions) error {
	if err := x.check(math.MaxInt32, math.MaxInt32); err != nil {
		return err
	}
	columns := []column{int32Column(userColumn, x.User), int32Column(itemColumn, x.Item)}
	if x.Rating != nil {
		columns = append(columns, float64Column(RatingColumn, x.Rating))
	}
	if x.Time != nil {
		columns = append(columns, plainColumn(TimeColumn, timeType, len(x.Time), arrow.Int64Traits.CastToBytes(x.Time)))
	}
	if x.Weight != nil {
		columns = append(columns, float64Column(WeightColumn, x.Weight))
	}
	return encode(w, columns...)
}

// ReadInteractions reads and checks the file at path. The slices share its bytes.
func ReadInteractions(path string) (x Interactions, err error) {
	return readInteractions(path, math.MaxInt32, math.MaxInt32)
}

func readInteractions(path string, users, items int) (x Interactions, err error) {
	err = readTable(path, func(t *table) (err error) {
		x, err = t.interactions(users, items)
		return err
	})
	return x, err
}

func (t *table) interactions(users, items int) (x Interactions, err error) {
	want := []string{userColumn, itemColumn}
	for _, name := range optionalColumns {
		if t.has(name) {
			want = append(want, name)
		}
	}
	if err := t.expect(want...); err != nil {
		return x, err
	}
	if x.User, err = t.int32(0); err != nil {
		return x, err
	}
	if x.Item, err = t.int32(1); err != nil {
		return x, err
	}
	for i, name := range want[2:] {
		switch i += 2; name {
		case RatingColumn:
			x.Rating, err = t.float64(i)
		case TimeColumn:
			x.Time, err = t.times(i)
		case WeightColumn:
			x.Weight, err = t.float64(i)
		}
		if err != nil {
			return x, err
		}
	}
	return x, x.check(users, items)
}

// has reports whether the table has a column.
func (t *table) has(name string) bool {
	for _, f := range t.fields {
		if f.Name == name {
			return true
		}
	}
	return false
}

// times returns microseconds since 1970.
func (t *table) times(i int) ([]int64, error) {
	if err := t.check(i, arrow.TIMESTAMP, false); err != nil {
		return nil, err
	}
	if typ := t.fields[i].Type; !arrow.TypeEqual(typ, timeType) {
		return nil, fmt.Errorf("column %q is %s; it must be %s", t.fields[i].Name, typ, timeType)
	}
	values := make([]int64, 0, t.rows)
	for _, b := range t.batches {
		for _, v := range b.Column(i).(*array.Timestamp).TimestampValues() {
			values = append(values, int64(v))
		}
	}
	return values, nil
}

// check looks at order and bounds: 0 <= user < users, 0 <= item < items. Numbers are finite.
func (x Interactions) check(users, items int) error {
	if len(x.User) != len(x.Item) {
		return fmt.Errorf("%d users but %d items; there must be one of each per pair", len(x.User), len(x.Item))
	}
	before := int64(-1)
	for i, u := range x.User {
		v := x.Item[i]
		if u < 0 || int(u) >= users {
			return fmt.Errorf("column %q, row %d: %d is outside 0..%d", userColumn, i, u, users-1)
		}
		if v < 0 || int(v) >= items {
			return fmt.Errorf("column %q, row %d: %d is outside 0..%d", itemColumn, i, v, items-1)
		}
		pair := int64(u)<<32 | int64(v)
		if pair <= before {
			return fmt.Errorf("row %d: the pair (%d, %d) is not after the previous one; rows must be sorted by user, then item, without repetitions", i, u, v)
		}
		before = pair
	}
	for _, name := range []string{RatingColumn, WeightColumn} {
		for i, v := range x.Numbers(name) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("column %q, row %d: %v is not a finite number", name, i, v)
			}
		}
	}
	return nil
}

// PerUser yields the rows of each user. The caller may reorder them until the next user.
func (x Interactions) PerUser() iter.Seq[[]int32] {
	return func(yield func([]int32) bool) {
		var rows []int32
		for i, u := range x.User {
			if i > 0 && u != x.User[i-1] {
				if !yield(rows) {
					return
				}
				rows = rows[:0]
			}
			rows = append(rows, int32(i))
		}
		if len(rows) > 0 {
			yield(rows)
		}
	}
}
