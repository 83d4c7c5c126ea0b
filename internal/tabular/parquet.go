package tabular

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"
)

// openParquet reads columns one after the other, without the goroutines of Arrow's own conversion: a
// panic about a damaged file in a goroutine would end the program.
func openParquet(raw []byte) (*Table, error) {
	r, err := file.NewParquetReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("not a valid Parquet file: %w", err)
	}
	t := &Table{Form: "Parquet"}
	s := r.MetaData().Schema
	for i := range s.NumColumns() {
		t.Columns = append(t.Columns, s.Column(i).Path())
	}
	// A run of one repeated value takes up few bytes, but 16 bytes a row as text.
	most := 256*len(raw) + 1<<20
	t.read = func(columns []int) (out []*Column, err error) {
		for _, i := range columns {
			c, err := parquetColumn(r, s.Column(i), i, most)
			if err != nil {
				return nil, fmt.Errorf("column %q: %w", t.Columns[i], err)
			}
			if len(out) > 0 && c.Len() != out[0].Len() {
				return nil, fmt.Errorf("not a valid Parquet file: columns have %d and %d rows", out[0].Len(), c.Len())
			}
			out = append(out, c)
		}
		return out, nil
	}
	return t, nil
}

func parquetColumn(r *file.Reader, c *schema.Column, number, most int) (*Column, error) {
	if c.MaxRepetitionLevel() > 0 || c.MaxDefinitionLevel() > 1 {
		return nil, errors.New("its values are lists or structs; they must be text, numbers or times")
	}
	add, err := parquetValue(c)
	if err != nil {
		return nil, err
	}
	b := newBuilder()
	for g := range r.NumRowGroups() {
		chunk, err := r.RowGroup(g).Column(number)
		if err != nil {
			return nil, err
		}
		if err := b.addChunk(chunk, c.MaxDefinitionLevel() == 1, add, most); err != nil {
			return nil, err
		}
		if err := chunk.Err(); err != nil {
			return nil, err
		}
	}
	return b.column(), nil
}

// addChunk adds a chunk of a column in batches.
func (b *builder) addChunk(chunk file.ColumnChunkReader, nullable bool, add func(*builder, any) error, most int) error {
	const batch = 1 << 13
	levels := make([]int16, batch)
	switch chunk := chunk.(type) {
	case *file.BooleanColumnChunkReader:
		return addBatches(b, chunk.ReadBatch, make([]bool, batch), levels, nullable, add, most)
	case *file.Int32ColumnChunkReader:
		return addBatches(b, chunk.ReadBatch, make([]int32, batch), levels, nullable, add, most)
	case *file.Int64ColumnChunkReader:
		return addBatches(b, chunk.ReadBatch, make([]int64, batch), levels, nullable, add, most)
	case *file.Int96ColumnChunkReader:
		return addBatches(b, chunk.ReadBatch, make([]parquet.Int96, batch), levels, nullable, add, most)
	case *file.Float32ColumnChunkReader:
		return addBatches(b, chunk.ReadBatch, make([]float32, batch), levels, nullable, add, most)
	case *file.Float64ColumnChunkReader:
		return addBatches(b, chunk.ReadBatch, make([]float64, batch), levels, nullable, add, most)
	case *file.ByteArrayColumnChunkReader:
		return addBatches(b, chunk.ReadBatch, make([]parquet.ByteArray, batch), levels, nullable, add, most)
	}
	return fmt.Errorf("its values are of type %s; they must be text, numbers or times", chunk.Type())
}

func addBatches[T any](b *builder, read func(int64, []T, []int16, []int16) (int64, int, error), values []T, levels []int16,
	nullable bool, add func(*builder, any) error, most int) error {
	if !nullable {
		levels = nil
	}
	for {
		rows, found, err := read(int64(len(values)), values, levels, nil)
		if err != nil {
			return err
		}
		if rows == 0 && found == 0 {
			return nil
		}
		if !nullable {
			rows = int64(found)
		}
		next := 0
		for i := range rows {
			if nullable && levels[i] == 0 {
				b.addNull()
				continue
			}
			if next >= found {
				return errors.New("not a valid Parquet file: values are missing")
			}
			if err := add(b, values[next]); err != nil {
				return fmt.Errorf("row %d: %w", b.n+1, err)
			}
			next++
		}
		if b.n > most {
			return fmt.Errorf("it has more than %d rows, which a file of this size cannot hold without repeating a few values", most)
		}
	}
}

// parquetValue returns the function that adds a value of a column.
func parquetValue(c *schema.Column) (func(b *builder, v any) error, error) {
	switch l := c.LogicalType().(type) {
	case schema.DecimalLogicalType, *schema.DecimalLogicalType, schema.TimeLogicalType, *schema.TimeLogicalType:
		return nil, fmt.Errorf("its type is %v; it must be text, a number or a time", l)
	case schema.DateLogicalType:
		return func(b *builder, v any) error {
			b.addTime(int64(v.(int32)) * 86400e6)
			return nil
		}, nil
	case schema.TimestampLogicalType:
		return timestampValue(l), nil
	case *schema.TimestampLogicalType:
		return timestampValue(*l), nil
	case *schema.IntLogicalType:
		if !l.IsSigned() {
			return unsignedValue, nil
		}
	case schema.IntLogicalType:
		if !l.IsSigned() {
			return unsignedValue, nil
		}
	}
	return plainValue, nil
}

func timestampValue(l schema.TimestampLogicalType) func(b *builder, v any) error {
	unit := l.TimeUnit()
	return func(b *builder, v any) error {
		n, ok := v.(int64)
		switch {
		case !ok:
			return errors.New("it is not a valid time")
		case unit == schema.TimeUnitMillis:
			return b.addScaled(n, 1e3)
		case unit == schema.TimeUnitNanos:
			n /= 1e3
		}
		b.addTime(n)
		return nil
	}
}

func unsignedValue(b *builder, v any) error {
	switch v := v.(type) {
	case int32:
		b.addInt(int64(uint32(v)))
		return nil
	case int64:
		return b.addUint(uint64(v))
	}
	return errors.New("it is not a valid number")
}

// The Julian day of 1970-01-01, from which old writers count days.
const julian1970 = 2440588

func plainValue(b *builder, v any) error {
	switch v := v.(type) {
	case bool:
		return b.addText(strconv.FormatBool(v))
	case int32:
		b.addInt(int64(v))
	case int64:
		b.addInt(v)
	case float32:
		b.addFloat(float64(v))
	case float64:
		b.addFloat(v)
	case parquet.ByteArray:
		return b.addText(string(v)) // a copy: the next page takes its memory
	case parquet.Int96:
		nanos, day := int64(binary.LittleEndian.Uint64(v[:8])), int64(binary.LittleEndian.Uint32(v[8:]))
		b.addTime((day-julian1970)*86400e6 + nanos/1e3)
	default:
		return fmt.Errorf("%T is not text, a number or a time", v)
	}
	return nil
}
