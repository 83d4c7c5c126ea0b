package artifact

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
)

// A table is a file that has been read: columns by name, in record batches.
type table struct {
	fields  []arrow.Field
	batches []arrow.Record
	rows    int
}

// readTable reads the file at path and hands its table to use. Every error
// names the file.
func readTable(path string, use func(*table) error) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := decode(raw, use); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// soundly is deferred and turns a panic about damaged bytes into an error.
func soundly(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("not a valid Arrow file: %v", r)
	}
}

func decode(raw []byte, use func(*table) error) (err error) {
	defer soundly(&err)
	if _, err := inspect(raw); err != nil {
		return fmt.Errorf("not a valid Arrow file: %w", err)
	}
	f, err := ipc.NewFileReader(bytes.NewReader(raw), ipc.WithAllocator(newBudget(len(raw))))
	if err != nil {
		return fmt.Errorf("not a valid Arrow file: %w", err)
	}
	t := &table{fields: f.Schema().Fields()}
	for i := range t.fields {
		for _, g := range t.fields[:i] {
			if g.Name == t.fields[i].Name {
				return fmt.Errorf("two columns are called %q", g.Name)
			}
		}
	}
	for i := range f.NumRecords() {
		batch, err := f.RecordAt(i)
		if err != nil {
			return fmt.Errorf("not a valid Arrow file: batch %d: %w", i, err)
		}
		if batch.NumCols() > 0 && batch.NumRows() < 0 {
			return fmt.Errorf("batch %d has %d rows", i, batch.NumRows())
		}
		t.batches = append(t.batches, batch)
		t.rows += int(batch.NumRows())
	}
	return use(t)
}

// expect checks that the file has exactly these columns, in this order.
func (t *table) expect(names ...string) error {
	have := make([]string, len(t.fields))
	for i, f := range t.fields {
		have[i] = f.Name
	}
	if !slices.Equal(have, names) {
		return fmt.Errorf("the columns are %s; they must be %s", quoted(have), quoted(names))
	}
	return nil
}

func (t *table) int32(i int) ([]int32, error) {
	if err := t.check(i, arrow.INT32, false); err != nil {
		return nil, err
	}
	if len(t.batches) == 1 {
		return t.batches[0].Column(i).(*array.Int32).Int32Values(), nil
	}
	values := []int32{}
	for _, b := range t.batches {
		values = append(values, b.Column(i).(*array.Int32).Int32Values()...)
	}
	return values, nil
}

func (t *table) float64(i int) ([]float64, error) {
	if err := t.check(i, arrow.FLOAT64, false); err != nil {
		return nil, err
	}
	values := []float64{}
	for _, b := range t.batches {
		values = append(values, b.Column(i).(*array.Float64).Float64Values()...)
	}
	return values, nil
}

// float32 returns NaN for null.
func (t *table) float32(i int) ([]float32, error) {
	if err := t.check(i, arrow.FLOAT32, true); err != nil {
		return nil, err
	}
	values := make([]float32, 0, t.rows)
	for _, b := range t.batches {
		c := b.Column(i).(*array.Float32)
		for j := range c.Len() {
			if c.IsNull(j) {
				values = append(values, float32(math.NaN()))
			} else {
				values = append(values, c.Value(j))
			}
		}
	}
	return values, nil
}

// text returns "" for null. The strings share the file's bytes.
func (t *table) text(i int, nullable bool) ([]string, error) {
	if err := t.check(i, arrow.STRING, nullable); err != nil {
		return nil, err
	}
	values := make([]string, 0, t.rows)
	for _, b := range t.batches {
		c := b.Column(i).(*array.String)
		for j := range c.Len() {
			var v string
			if c.IsValid(j) {
				v = c.Value(j)
			}
			if !utf8.ValidString(v) {
				return nil, fmt.Errorf("column %q, row %d: %q is not UTF-8", t.fields[i].Name, len(values), v)
			}
			values = append(values, v)
		}
	}
	return values, nil
}

// check looks at the type of column i, and at its nulls unless there may be some.
func (t *table) check(i int, want arrow.Type, nullable bool) error {
	f := t.fields[i]
	if f.Type.ID() != want {
		return fmt.Errorf("column %q is %s; it must be %s", f.Name, f.Type, strings.ToLower(want.String()))
	}
	for _, b := range t.batches {
		if n := b.Column(i).NullN(); n != 0 && !nullable {
			return fmt.Errorf("column %q holds nulls; every row must have a value", f.Name)
		}
	}
	return nil
}

func quoted(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return `"` + strings.Join(names, `", "`) + `"`
}

// A budget is an allocator for reading one file. It limits the memory to a small multiple of the
// file's size, so that wrong lengths in a damaged or hostile file do no harm. An intact file never
// needs more, because files are uncompressed.
type budget struct{ left int }

func newBudget(fileSize int) *budget { return &budget{left: 8*fileSize + 1<<20} }

func (b *budget) Allocate(size int) []byte {
	if size < 0 || size > b.left {
		panic(fmt.Sprintf("it asks for %d bytes, more than the file can hold (compressed files are not supported)", size))
	}
	b.left -= size
	return make([]byte, size)
}

func (b *budget) Reallocate(size int, old []byte) []byte {
	if size <= cap(old) && size >= 0 {
		return old[:size]
	}
	grown := b.Allocate(size)
	copy(grown, old)
	return grown
}

func (b *budget) Free([]byte) {}
