package artifact

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Numbers of Arrow's types in the schema.
const (
	typeNull, typeTimestamp = 1, 10 // between them: Int, FloatingPoint, Binary, Utf8, ...
	typeBinary, typeText    = 4, 5
	typeFixedSizeBinary     = 15
)

// precheck looks at the parts of an Arrow file by which the reader sizes its
// memory, before the reader sees them: a damaged length there would end the
// program (Go cannot recover from lack of memory). What foil's tables have no
// use for is refused on the way: nested and dictionary columns, compression.
// It panics where offsets leave the bytes, as the reader does; see decode.
func precheck(raw []byte) error {
	_, err := inspect(raw)
	return err
}

// inspect is precheck, and returns what it came by.
func inspect(raw []byte) (*layout, error) {
	const tail = 4 + 6 // length of the footer, "ARROW1"
	if len(raw) < 8+tail || string(raw[:6]) != "ARROW1" || string(raw[len(raw)-6:]) != "ARROW1" {
		return nil, errors.New("it does not begin and end with ARROW1 (cut off, or another kind of file)")
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
	for i := range n {
		at := footer.vector(3) + i*block
		offset := int(binary.LittleEndian.Uint64(footer.bytes[at:]))
		length := int(int32(binary.LittleEndian.Uint32(footer.bytes[at+8:])))
		message := raw[offset : offset+length]
		if binary.LittleEndian.Uint32(message) != 0xFFFFFFFF {
			return nil, fmt.Errorf("batch %d does not start where the footer says", i)
		}
		body := int(binary.LittleEndian.Uint64(footer.bytes[at+16:]))
		b, err := newBatch(flatRoot(message[8:]).table(2), raw[offset+length:][:body])
		if err == nil {
			err = l.checkFixed(b)
		}
		if err != nil {
			return nil, fmt.Errorf("batch %d %w", i, err)
		}
		l.batches = append(l.batches, b)
	}
	return l, nil
}

// checkFields looks at the columns of a schema and at all metadata in it.
func checkFields(schema flatTable) ([]physicalColumn, error) {
	const maxColumns, maxMetadata = 1000, 100
	n := schema.length(1)
	if n > maxColumns {
		return nil, fmt.Errorf("%d columns; %d are the most", n, maxColumns)
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
		return nil, fmt.Errorf("%d pieces of metadata; %d are the most", metadata, maxMetadata)
	}
	return columns, nil
}

// buffersOf is how many buffers a column of a type has in every batch.
func buffersOf(t byte) int {
	switch t {
	case typeNull:
		return 0
	case typeBinary, typeText:
		return 3 // validity, offsets, values
	}
	return 2 // validity, values
}
