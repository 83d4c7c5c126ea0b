package tables

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// precheck looks at the parts of an Arrow file by which the reader sizes its
// memory, before the reader sees them: a damaged length there would end the
// program (Go cannot recover from lack of memory). What foil's tables have no
// use for is refused on the way: nested and dictionary columns, compression.
// It panics where offsets leave the bytes, as the reader does; see decode.
func precheck(raw []byte) error {
	const tail = 4 + 6 // length of the footer, "ARROW1"
	if len(raw) < 8+tail || string(raw[:6]) != "ARROW1" || string(raw[len(raw)-6:]) != "ARROW1" {
		return errors.New("it does not begin and end with ARROW1 (cut off, or another kind of file)")
	}
	end := len(raw) - tail
	size := int(binary.LittleEndian.Uint32(raw[end:]))
	if size > end {
		return fmt.Errorf("a footer of %d bytes in a file of %d", size, len(raw))
	}
	footer := flatRoot(raw[end-size : end])
	schema := footer.table(1)
	if err := checkFields(schema); err != nil {
		return err
	}
	if n := footer.length(2); n != 0 {
		return fmt.Errorf("%d dictionaries; columns are plain", n)
	}
	const block = 24 // offset int64, metadata int32, padding, body int64
	n := footer.length(3)
	if n > len(raw)/block {
		return fmt.Errorf("%d batches in a file of %d bytes", n, len(raw))
	}
	for i := range n {
		at := footer.vector(3) + i*block
		offset := int(binary.LittleEndian.Uint64(footer.bytes[at:]))
		length := int(int32(binary.LittleEndian.Uint32(footer.bytes[at+8:])))
		message := raw[offset : offset+length]
		if binary.LittleEndian.Uint32(message) != 0xFFFFFFFF {
			return fmt.Errorf("batch %d does not start where the footer says", i)
		}
		if flatRoot(message[8:]).table(2).has(3) {
			return fmt.Errorf("batch %d is compressed; write the file uncompressed", i)
		}
	}
	return nil
}

// checkFields looks at the columns of a schema and at all metadata in it.
func checkFields(schema flatTable) error {
	const maxColumns, maxMetadata = 1000, 100
	const firstPlain, lastPlain = 1, 10 // Null, Int, ..., Utf8, ..., Timestamp
	n := schema.length(1)
	if n > maxColumns {
		return fmt.Errorf("%d columns; %d are the most", n, maxColumns)
	}
	metadata := schema.length(2)
	for i := range n {
		f := schema.element(1, i)
		if f.has(4) || f.length(5) != 0 {
			return fmt.Errorf("column %d is nested or has a dictionary; columns are plain", i)
		}
		if t := f.byte(2); t < firstPlain || t > lastPlain {
			return fmt.Errorf("column %d is of a nested or unknown type (number %d of Arrow's types)", i, t)
		}
		metadata += f.length(6)
	}
	if metadata > maxMetadata {
		return fmt.Errorf("%d pieces of metadata; %d are the most", metadata, maxMetadata)
	}
	return nil
}

// A flatTable is a table in a FlatBuffer, whose fields go by number.
type flatTable struct {
	bytes []byte
	at    int
}

func flatRoot(b []byte) flatTable {
	return flatTable{b, int(binary.LittleEndian.Uint32(b))}
}

// field returns where field i lies; 0 when it is absent.
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

// follow returns what the offset at a place points to.
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

// vector returns where the first element of the vector in field i lies.
func (t flatTable) vector(i int) int { return t.follow(t.field(i)) + 4 }

// element returns element j of a vector of tables.
func (t flatTable) element(i, j int) flatTable {
	return flatTable{t.bytes, t.follow(t.vector(i) + 4*j)}
}
