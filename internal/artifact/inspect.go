package artifact

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Numbers of Arrow's types in the schema.
const (
	typeNull, typeTimestamp = 1, 10 // between them: Int, FloatingPoint, Binary, Utf8, ...
	typeBinary, typeText    = 4, 5
	typeFixedSizeBinary     = 15
)

// inspect checks the parts of an Arrow file from which Arrow's reader computes the size of its
// buffers, before the reader runs. A damaged length there would end the program, because Go cannot
// recover from a lack of memory. inspect refuses features that foil's tables do not use: nested and
// dictionary columns, and compression. It panics on offsets outside the file, like the reader; see
// decode.
func inspect(raw []byte) (*layout, error) {
	const tail = 4 + 6 // length of the footer, "ARROW1"
	if len(raw) < 8+tail || string(raw[:6]) != "ARROW1" || string(raw[len(raw)-6:]) != "ARROW1" {
		return nil, errors.New("it does not begin and end with ARROW1 (truncated, or a different type of file)")
	}
	end := len(raw) - tail
	size := int(binary.LittleEndian.Uint32(raw[end:]))
	if size > end {
		return nil, fmt.Errorf("a footer of %d bytes in a file of %d", size, len(raw))
	}
	footer := flatRoot(raw[end-size : end])
	schema := footer.table(1)
	l := &layout{bigEndian: schema.byte(0) != 0}
	var err error
	if l.columns, err = checkFields(schema); err != nil {
		return nil, err
	}
	if n := footer.length(2); n != 0 {
		return nil, fmt.Errorf("%d dictionaries; columns are plain", n)
	}
	const block = 24 // offset int64, metadata int32, padding, body int64
	n := footer.length(3)
	if n > len(raw)/block {
		return nil, fmt.Errorf("%d batches in a file of %d bytes", n, len(raw))
	}
	places := make([][2]int, 0, n) // the beginning and the end of each batch
	for i := range n {
		at := footer.vector(3) + i*block
		offset := int(binary.LittleEndian.Uint64(footer.bytes[at:]))
		length := int(int32(binary.LittleEndian.Uint32(footer.bytes[at+8:])))
		message := raw[offset : offset+length]
		if binary.LittleEndian.Uint32(message) != 0xFFFFFFFF {
			return nil, fmt.Errorf("batch %d does not start where the footer says", i)
		}
		body := int(binary.LittleEndian.Uint64(footer.bytes[at+16:]))
		places = append(places, [2]int{offset, offset + length + body})
		b, err := newBatch(flatRoot(message[8:]).table(2), raw[offset+length:][:body])
		if err == nil {
			err = b.checkBuffers()
		}
		if err == nil {
			err = l.checkFixed(b)
		}
		if err != nil {
			return nil, fmt.Errorf("batch %d %w", i, err)
		}
		l.batches = append(l.batches, b)
	}
	// The rows of batches that share bytes would take up a multiple of the file's size.
	slices.SortFunc(places, func(a, b [2]int) int { return cmp.Compare(a[0], b[0]) })
	for i := 1; i < len(places); i++ {
		if places[i][0] < places[i-1][1] {
			return nil, fmt.Errorf("two batches overlap at byte %d", places[i][0])
		}
	}
	return l, nil
}

// What a schema may hold.
const maxColumns, maxMetadata = 1000, 100

// checkFields looks at the columns of a schema and at all metadata in it.
func checkFields(schema flatTable) ([]physicalColumn, error) {
	n := schema.length(1)
	if n > maxColumns {
		return nil, fmt.Errorf("%d columns; at most %d are allowed", n, maxColumns)
	}
	metadata := schema.length(2)
	columns := make([]physicalColumn, n)
	buffer := 0
	for i := range n {
		f := schema.element(1, i)
		if f.has(4) || f.length(5) != 0 {
			return nil, fmt.Errorf("column %d is nested or has a dictionary; columns are plain", i)
		}
		t := f.byte(2)
		c := physicalColumn{buffer: buffer}
		switch {
		case t == typeFixedSizeBinary:
			if c.width = int(f.table(3).int32(0)); c.width < 1 || c.width > maxImageBytes {
				return nil, fmt.Errorf("column %d has values of %d bytes; 1 to %d are allowed", i, c.width, maxImageBytes)
			}
		case t < typeNull || t > typeTimestamp:
			return nil, fmt.Errorf("column %d is of a nested or unknown type (number %d of Arrow's types)", i, t)
		}
		buffer += buffersOf(t)
		columns[i] = c
		metadata += f.length(6)
	}
	if metadata > maxMetadata {
		return nil, fmt.Errorf("%d pieces of metadata; at most %d are allowed", metadata, maxMetadata)
	}
	return columns, nil
}

// buffersOf is the number of buffers of a column of a type in every batch.
func buffersOf(t byte) int {
	switch t {
	case typeNull:
		return 0
	case typeBinary, typeText:
		return 3 // validity, offsets, values
	}
	return 2 // validity, values
}

// A layout holds the positions of the values in a file. Arrow's reader copies values twice, which
// is cheap for numbers but too expensive for images.
type layout struct {
	bigEndian bool
	columns   []physicalColumn
	batches   []physicalBatch
}

// A physicalColumn describes a column in all batches.
type physicalColumn struct {
	buffer int // number of its first buffer, the null bitmap; the values are in the next one
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

// checkBuffers refuses buffers that share bytes. Their values would take up a multiple of the
// file's size.
func (b physicalBatch) checkBuffers() error {
	left := len(b.body)
	for i := range b.header.length(2) {
		_, length := b.header.pair(b.header.vector(2) + i*pair)
		if length < 0 || length > left {
			return errors.New("has buffers that overlap, or lie outside its body")
		}
		left -= length
	}
	return nil
}

// checkFixed compares the size of the values of a column with its number of rows.
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

// values returns the bytes of column i without nulls, width bytes per row. With one batch, they
// share the bytes of the file.
func (l *layout) values(i, width int) ([]byte, error) {
	var all []byte
	for n, b := range l.batches {
		rows, nulls := b.node(i)
		if nulls != 0 {
			return nil, fmt.Errorf("column %d holds nulls; every row must have a value", i)
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

// A flatTable is a table in a FlatBuffer, whose fields are numbered.
type flatTable struct {
	bytes []byte
	at    int
}

func flatRoot(b []byte) flatTable {
	return flatTable{b, int(binary.LittleEndian.Uint32(b))}
}

// field returns the position of field i, or 0 if it is absent.
func (t flatTable) field(i int) int {
	vtable := t.at - int(int32(binary.LittleEndian.Uint32(t.bytes[t.at:])))
	slot := 4 + 2*i
	if slot >= int(binary.LittleEndian.Uint16(t.bytes[vtable:])) {
		return 0
	}
	offset := int(binary.LittleEndian.Uint16(t.bytes[vtable+slot:]))
	if offset == 0 {
		return 0
	}
	return t.at + offset
}

func (t flatTable) has(i int) bool { return t.field(i) != 0 }

func (t flatTable) byte(i int) byte {
	if at := t.field(i); at != 0 {
		return t.bytes[at]
	}
	return 0
}

func (t flatTable) int32(i int) int32 {
	if at := t.field(i); at != 0 {
		return int32(binary.LittleEndian.Uint32(t.bytes[at:]))
	}
	return 0
}

func (t flatTable) int64(i int) int64 {
	if at := t.field(i); at != 0 {
		return int64(binary.LittleEndian.Uint64(t.bytes[at:]))
	}
	return 0
}

// pair reads a struct of two int64.
func (t flatTable) pair(at int) (a, b int) {
	return int(binary.LittleEndian.Uint64(t.bytes[at:])), int(binary.LittleEndian.Uint64(t.bytes[at+8:]))
}

// follow returns the target of the offset at a position.
func (t flatTable) follow(at int) int {
	return at + int(binary.LittleEndian.Uint32(t.bytes[at:]))
}

func (t flatTable) table(i int) flatTable {
	at := t.field(i)
	if at == 0 {
		panic(fmt.Sprintf("part %d is absent", i))
	}
	return flatTable{t.bytes, t.follow(at)}
}

// length is the number of elements of the vector in field i.
func (t flatTable) length(i int) int {
	if !t.has(i) {
		return 0
	}
	return int(binary.LittleEndian.Uint32(t.bytes[t.vector(i)-4:]))
}

// vector returns the position of the first element of the vector in field i.
func (t flatTable) vector(i int) int { return t.follow(t.field(i)) + 4 }

// element returns element j of a vector of tables.
func (t flatTable) element(i, j int) flatTable {
	return flatTable{t.bytes, t.follow(t.vector(i) + 4*j)}
}
