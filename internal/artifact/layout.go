package artifact

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A layout says where the values of a file lie in it. Arrow's reader copies
// them twice, which is nothing for numbers but too much for images.
type layout struct {
	bigEndian bool
	columns   []physicalColumn
	batches   []physicalBatch
}

// A physicalColumn is what all batches have in common.
type physicalColumn struct {
	buffer int // number of its first buffer, which tells nulls apart; values are in the next
	width  int // bytes of a value, for fixed-size binary
}

// A physicalBatch is a record batch in place.
type physicalBatch struct {
	rows   int
	header flatTable // nodes (a column's rows and nulls), buffers (offset and length)
	body   []byte
}

const pair = 16 // bytes of two int64: of a node, and of a buffer

func newBatch(header flatTable, body []byte) (b physicalBatch, err error) {
	if header.has(3) {
		return b, errors.New("is compressed; write the file uncompressed")
	}
	b = physicalBatch{rows: int(header.int64(0)), header: header, body: body}
	if b.rows < 0 {
		return b, fmt.Errorf("has %d rows", b.rows)
	}
	return b, nil
}

// node returns the rows and nulls of column i.
func (b physicalBatch) node(i int) (rows, nulls int) {
	if i >= b.header.length(1) {
		panic(fmt.Sprintf("column %d has no rows", i))
	}
	return b.header.pair(b.header.vector(1) + i*pair)
}

// buffer returns the bytes of buffer i, which are the file's.
func (b physicalBatch) buffer(i int) []byte {
	if i >= b.header.length(2) {
		panic(fmt.Sprintf("buffer %d is absent", i))
	}
	offset, length := b.header.pair(b.header.vector(2) + i*pair)
	if length == 0 {
		return nil
	}
	return b.body[offset:][:length:length]
}

// checkFixed holds the values of fixed size against the rows that need them.
func (l *layout) checkFixed(b physicalBatch) error {
	for i, c := range l.columns {
		if c.width == 0 {
			continue
		}
		rows, _ := b.node(i)
		if rows != b.rows {
			return fmt.Errorf("has %d rows, but column %d has %d", b.rows, i, rows)
		}
		if have := len(b.buffer(c.buffer + 1)); rows > have/c.width {
			return fmt.Errorf("has %d values of %d bytes in column %d, but only %d bytes for them", rows, c.width, i, have)
		}
	}
	return nil
}

// values returns the bytes of column i, width to a row, without nulls. They are
// the file's own where there is one batch.
func (l *layout) values(i, width int) ([]byte, error) {
	var all []byte
	for n, b := range l.batches {
		rows, nulls := b.node(i)
		if nulls != 0 {
			return nil, fmt.Errorf("column %d holds nulls; a value is needed in every row", i)
		}
		values := b.buffer(l.columns[i].buffer + 1)
		if rows != b.rows || rows > len(values)/width {
			return nil, fmt.Errorf("batch %d has %d rows, but column %d has %d in %d bytes", n, b.rows, i, rows, len(values))
		}
		if values = values[:rows*width]; len(l.batches) == 1 {
			return values, nil
		}
		all = append(all, values...)
	}
	return all, nil
}

// int32s returns the numbers of column i.
func (l *layout) int32s(i int) ([]int32, error) {
	raw, err := l.values(i, 4)
	if err != nil {
		return nil, err
	}
	numbers := make([]int32, len(raw)/4)
	for j := range numbers {
		numbers[j] = int32(binary.LittleEndian.Uint32(raw[4*j:]))
	}
	return numbers, nil
}
