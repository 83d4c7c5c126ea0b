package artifact

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"foil/internal/testenv"
)

// sameBatch changes a file so that its footer names the first batch again and again.
func sameBatch(t *testing.T, raw []byte) []byte {
	t.Helper()
	const block = 24
	end := len(raw) - 10
	size := int(binary.LittleEndian.Uint32(raw[end:]))
	footer := flatRoot(raw[end-size : end])
	first, n := footer.vector(3), footer.length(3)
	if n < 2 {
		t.Fatalf("%d batches", n)
	}
	for i := 1; i < n; i++ {
		copy(footer.bytes[first+i*block:][:block], footer.bytes[first:])
	}
	return raw
}

// sameBuffers changes a file so that every buffer of its first batch is the whole body.
func sameBuffers(t *testing.T, raw []byte) []byte {
	t.Helper()
	l, err := inspect(raw)
	if err != nil {
		t.Fatal(err)
	}
	b := l.batches[0]
	for i := range b.header.length(2) {
		at := b.header.vector(2) + i*pair
		binary.LittleEndian.PutUint64(b.header.bytes[at:], 0)
		binary.LittleEndian.PutUint64(b.header.bytes[at+8:], uint64(len(b.body)))
	}
	return raw
}

// A compressed file of one repeated value takes up a few bytes.
func TestRowsOfForeignTablesAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		rows int
		want string
	}{
		"a million": {1_000_000, ""},
		"ten times": {10_000_000, "more than"},
	} {
		schema := arrow.NewSchema([]arrow.Field{{Name: "name", Type: arrow.PrimitiveTypes.Int8}, {Name: "value", Type: arrow.PrimitiveTypes.Int8}}, nil)
		zeros := array.NewInt8Data(array.NewData(arrow.PrimitiveTypes.Int8, c.rows, []*memory.Buffer{nil, memory.NewBufferBytes(make([]byte, c.rows))}, nil, 0, 0))
		var out bytes.Buffer
		w, err := ipc.NewFileWriter(&counted{w: &out}, ipc.WithSchema(schema), ipc.WithZstd())
		if err == nil {
			err = w.Write(array.NewRecord(schema, []arrow.Array{zeros, zeros}, int64(c.rows)))
		}
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		used := testenv.Allocated(func() {
			var table *foreignTable
			if table, err = decodeForeign(out.Bytes()); err == nil {
				_, err = table.metrics()
			}
		})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error is %v, wants %q", name, err, c.want)
		}
		if used > 300<<20 {
			t.Errorf("%s: %d bytes of memory for a file of %d", name, used, out.Len())
		}
	}
}

// A file whose parts share bytes would take up a multiple of its size.
func TestPartsThatOverlapAreRefused(t *testing.T) {
	batches := make([]string, 2000)
	for i := range batches {
		batches[i] = `[{"label": 1, "image": "AAAAAAAA"}]`
	}
	large := func(w io.Writer) error {
		x := Interactions{User: make([]int32, 100_000), Item: make([]int32, 100_000)}
		for i := range x.Item {
			x.Item[i] = int32(i)
		}
		return WriteInteractions(w, x)
	}
	for name, c := range map[string]struct {
		raw    []byte
		reader string
		want   string
	}{
		"images":       {sameBatch(t, imageFile(t, arrow.PrimitiveTypes.Int32, 6, batches...)), "images", "two batches overlap at byte"},
		"two batches":  {sameBatch(t, imageFile(t, arrow.PrimitiveTypes.Int32, 6, batches[:2]...)), "images", "two batches overlap at byte"},
		"interactions": {sameBuffers(t, encoded(t, large)), "interactions", "buffers that overlap"},
		"users":        {sameBuffers(t, encoded(t, writers()["users"])), "users", "buffers that overlap"},
		"metrics":      {sameBuffers(t, encoded(t, writers()["metrics"])), "metrics", "buffers that overlap"},
		"pixels":       {sameBuffers(t, encoded(t, writers()["images"])), "images", "buffers that overlap"},
	} {
		t.Run(name, func(t *testing.T) {
			path := saved(t, c.raw)
			var err error
			used := testenv.Allocated(func() { _, err = readers()[c.reader](path) })
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, wants %s", err, c.want)
			}
			if most := uint64(12*len(c.raw) + 2<<20); used > most {
				t.Errorf("%d bytes of memory for a file of %d", used, len(c.raw))
			}
		})
	}
}
