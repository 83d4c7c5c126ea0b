package tabular

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"foil/internal/artifact"
)

func openArrow(raw []byte) (*Table, error) {
	fields, chunks, err := artifact.Foreign(raw)
	if err != nil {
		return nil, err
	}
	t := &Table{Form: "Arrow IPC"}
	for _, f := range fields {
		t.Columns = append(t.Columns, f.Name)
	}
	t.read = func(columns []int) (out []*Column, err error) {
		for _, i := range columns {
			b := newBuilder()
			for _, a := range chunks[i] {
				for row := range a.Len() {
					if err := b.addArrow(a, row); err != nil {
						return nil, fmt.Errorf("row %d, column %q: %w", b.n+1, fields[i].Name, err)
					}
				}
			}
			out = append(out, b.column())
		}
		return out, nil
	}
	return t, nil
}

// addArrow adds a value of an Arrow column.
func (b *builder) addArrow(a arrow.Array, i int) error {
	if a.IsNull(i) {
		b.addNull()
		return nil
	}
	switch a := a.(type) {
	case *array.Dictionary:
		return b.addArrow(a.Dictionary(), a.GetValueIndex(i))
	case *array.String:
		return b.addText(a.Value(i))
	case *array.LargeString:
		return b.addText(a.Value(i))
	case *array.StringView:
		return b.addText(a.Value(i))
	case *array.Boolean:
		return b.addText(strconv.FormatBool(a.Value(i)))
	case *array.Int8:
		b.addInt(int64(a.Value(i)))
	case *array.Int16:
		b.addInt(int64(a.Value(i)))
	case *array.Int32:
		b.addInt(int64(a.Value(i)))
	case *array.Int64:
		b.addInt(a.Value(i))
	case *array.Uint8:
		b.addInt(int64(a.Value(i)))
	case *array.Uint16:
		b.addInt(int64(a.Value(i)))
	case *array.Uint32:
		b.addInt(int64(a.Value(i)))
	case *array.Uint64:
		return b.addUint(a.Value(i))
	case *array.Float16:
		b.addFloat(float64(a.Value(i).Float32()))
	case *array.Float32:
		b.addFloat(float64(a.Value(i)))
	case *array.Float64:
		b.addFloat(a.Value(i))
	case *array.Date32:
		b.addTime(int64(a.Value(i)) * 86400e6)
	case *array.Date64:
		return b.addScaled(int64(a.Value(i)), 1e3)
	case *array.Timestamp:
		switch a.DataType().(*arrow.TimestampType).Unit {
		case arrow.Second:
			return b.addScaled(int64(a.Value(i)), 1e6)
		case arrow.Millisecond:
			return b.addScaled(int64(a.Value(i)), 1e3)
		case arrow.Nanosecond:
			b.addTime(int64(a.Value(i)) / 1e3)
		default:
			b.addTime(int64(a.Value(i)))
		}
	case *array.Null:
		b.addNull()
	default:
		return fmt.Errorf("its type is %s; it must be text, a number or a time", a.DataType())
	}
	return nil
}

// A builder makes a column of values of one type.
type builder struct {
	c    Column
	null []bool
	n    int
	any  bool // a value is null
}

func newBuilder() *builder { return &builder{} }

func (b *builder) added(null bool) {
	b.null = append(b.null, null)
	b.any = b.any || null
	b.n++
}

// addNull waits for the type of the column: column fills in what comes before the first value.
func (b *builder) addNull() {
	switch c := &b.c; {
	case c.Text != nil:
		c.Text = append(c.Text, "")
	case c.Int != nil:
		c.Int = append(c.Int, 0)
	case c.Float != nil:
		c.Float = append(c.Float, math.NaN())
	case c.Time != nil:
		c.Time = append(c.Time, 0)
	}
	b.added(true)
}

// start makes the list of the column's type, with places for the nulls before the first value.
func start[T any](b *builder, list *[]T) {
	if *list == nil {
		*list = make([]T, b.n, b.n+1024)
	}
}

func (b *builder) addText(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%q is not UTF-8", clip(s))
	}
	start(b, &b.c.Text)
	b.c.Text = append(b.c.Text, s)
	b.added(false)
	return nil
}

func (b *builder) addInt(v int64) {
	start(b, &b.c.Int)
	b.c.Int = append(b.c.Int, v)
	b.added(false)
}

func (b *builder) addUint(v uint64) error {
	if v > math.MaxInt64 {
		return fmt.Errorf("%d is too large; cast the column to text", v)
	}
	b.addInt(int64(v))
	return nil
}

func (b *builder) addFloat(v float64) {
	start(b, &b.c.Float)
	b.c.Float = append(b.c.Float, v)
	b.added(false)
}

func (b *builder) addTime(us int64) {
	start(b, &b.c.Time)
	b.c.Time = append(b.c.Time, us)
	b.added(false)
}

func (b *builder) addScaled(v, per int64) error {
	if us := v * per; us/per == v {
		b.addTime(us)
		return nil
	}
	return fmt.Errorf("the time %d is too far from 1970", v)
}

func (b *builder) column() *Column {
	c := b.c
	if c.Text == nil && c.Int == nil && c.Float == nil && c.Time == nil {
		c.Text = make([]string, b.n) // all are null
	}
	if b.any {
		c.null = b.null
	}
	c.place = func(row int) string { return fmt.Sprintf("row %d", row+1) }
	return &c
}
