package artifact

import (
	"encoding/binary"
	"fmt"
)

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
