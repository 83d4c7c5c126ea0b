package artifact

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// A column is a named, typed list of values on its way into a file.
type column struct {
	name     string
	nullable bool
	values   arrow.Array
	metadata map[string]string
}

// encode writes the columns as one record batch of an Arrow IPC file.
func encode(w io.Writer, columns ...column) error {
	rows := columns[0].values.Len()
	fields := make([]arrow.Field, len(columns))
	arrays := make([]arrow.Array, len(columns))
	for i, c := range columns {
		if n := c.values.Len(); n != rows {
			return fmt.Errorf("column %q has %d rows, column %q has %d", c.name, n, columns[0].name, rows)
		}
		fields[i] = arrow.Field{Name: c.name, Type: c.values.DataType(), Nullable: c.nullable, Metadata: arrow.MetadataFrom(c.metadata)}
		arrays[i] = c.values
	}
	schema := arrow.NewSchema(fields, nil)

	buffered := bufio.NewWriterSize(w, 64<<10) // large values bypass the buffer
	fw, err := ipc.NewFileWriter(&counted{w: buffered}, ipc.WithSchema(schema))
	if err != nil {
		return err
	}
	if err := fw.Write(array.NewRecord(schema, arrays, int64(rows))); err != nil {
		return err
	}
	if err := fw.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}

// counted is a file that is being written. Arrow's writer calls Seek only for the current position.
type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

func (c *counted) Seek(offset int64, whence int) (int64, error) {
	if offset != 0 || whence != io.SeekCurrent {
		return 0, errors.New("a table is written from start to end")
	}
	return c.n, nil
}

func int32Column(name string, values []int32) column {
	return plainColumn(name, arrow.PrimitiveTypes.Int32, len(values), arrow.Int32Traits.CastToBytes(values))
}

func float64Column(name string, values []float64) column {
	return plainColumn(name, arrow.PrimitiveTypes.Float64, len(values), arrow.Float64Traits.CastToBytes(values))
}

// plainColumn shares the caller's memory: nothing is copied before the write.
func plainColumn(name string, typ arrow.DataType, n int, raw []byte) column {
	data := array.NewData(typ, n, []*memory.Buffer{nil, memory.NewBufferBytes(raw)}, nil, 0, 0)
	return column{name: name, values: array.MakeFromData(data)}
}

// fixedColumn writes values of width bytes each; it shares the caller's memory.
func fixedColumn(name string, raw []byte, width int) column {
	return plainColumn(name, &arrow.FixedSizeBinaryType{ByteWidth: width}, len(raw)/width, raw)
}

// float32Column writes NaN as null.
func float32Column(name string, values []float32) column {
	b := array.NewFloat32Builder(memory.DefaultAllocator)
	b.Reserve(len(values))
	for _, v := range values {
		if math.IsNaN(float64(v)) {
			b.AppendNull()
		} else {
			b.Append(v)
		}
	}
	return column{name: name, nullable: true, values: b.NewArray()}
}

// textColumn writes utf8; with nullable set, "" is written as null.
func textColumn(name string, values []string, nullable bool) (column, error) {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.Reserve(len(values))
	for i, v := range values {
		switch {
		case nullable && v == "":
			b.AppendNull()
		case !utf8.ValidString(v):
			return column{}, fmt.Errorf("column %q, row %d: %q is not UTF-8", name, i, v)
		default:
			b.Append(v)
		}
	}
	return column{name: name, nullable: nullable, values: b.NewArray()}, nil
}
