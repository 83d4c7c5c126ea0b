package artifact

import (
	"encoding/binary"
	"strings"
	"testing"
)

// sharedMetadata is a schema of n fields that are all the same one, with m pieces of metadata.
func sharedMetadata(n, m int) flatTable {
	field := 44 + 4*n
	b := make([]byte, field+12+4*m)
	put16 := func(at int, values ...int) {
		for i, v := range values {
			binary.LittleEndian.PutUint16(b[at+2*i:], uint16(v))
		}
	}
	put32 := func(at, v int) { binary.LittleEndian.PutUint32(b[at:], uint32(v)) }
	put32(0, 12)
	put16(4, 8, 8, 0, 4) // where a schema has its fields
	put32(12, 12-4)
	put32(16, 20-16)
	put32(20, n)
	for i := range n {
		put32(24+4*i, field-(24+4*i))
	}
	put16(24+4*n, 18, 8, 0, 0, 0, 0, 0, 0, 4) // where a field has its metadata
	put32(field, 20)
	put32(field+4, 4)
	put32(field+8, m)
	return flatRoot(b)
}

// Fields that share their metadata would make Arrow's reader build lists that the bytes cannot hold.
func TestMetadataOfAllFieldsIsBounded(t *testing.T) {
	if err := checkSchema(sharedMetadata(1, 100)); err != nil {
		t.Error(err)
	}
	if err := checkSchema(sharedMetadata(100, 100)); err == nil || !strings.Contains(err.Error(), "too many fields or pieces of metadata for 856 bytes") {
		t.Error(err)
	}
}
