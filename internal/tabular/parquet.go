package tabular

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// Parquet is read here, and not by a library: those that were looked at allocate what a damaged file
// says, and Go cannot recover from a lack of memory. Tables of plain columns need little of the format:
// PLAIN and dictionary encodings, which pandas, Polars, DuckDB, R and Spark write by default.

// Physical types.
const (
	pqBoolean, pqInt32, pqInt64, pqInt96, pqFloat, pqDouble, pqBytes = 0, 1, 2, 3, 4, 5, 6
)

// A pqFile is a Parquet file and what its metadata says.
type pqFile struct {
	raw    []byte
	rows   int
	groups []any
	budget int // bytes that pages may still unpack to
}

// A pqColumn is a column of the schema.
type pqColumn struct {
	name     string
	physical int64
	nullable bool
	nested   bool
	element  record
}

func openParquet(raw []byte) (*Table, error) {
	const tail = 8
	if len(raw) < 4+tail || string(raw[len(raw)-4:]) != "PAR1" {
		return nil, errors.New("not a valid Parquet file: it does not end with PAR1 (truncated)")
	}
	size := int64(binary.LittleEndian.Uint32(raw[len(raw)-tail:]))
	if size > int64(len(raw)-tail-4) {
		return nil, fmt.Errorf("not a valid Parquet file: metadata of %d bytes in a file of %d", size, len(raw))
	}
	meta, err := (&thrift{raw: raw[len(raw)-tail-int(size) : len(raw)-tail]}).record()
	if err != nil {
		return nil, err
	}
	// A page of one repeated value takes up few bytes.
	f := &pqFile{raw: raw, rows: int(meta.int(3)), groups: meta.list(4), budget: 64*len(raw) + 256<<20}
	if most := 256*len(raw) + 1<<20; f.rows < 0 || f.rows > most {
		return nil, fmt.Errorf("not a valid Parquet file: %d rows in %d bytes", f.rows, len(raw))
	}
	columns, err := pqColumns(meta.list(2))
	if err != nil {
		return nil, err
	}
	t := &Table{Form: "Parquet"}
	for _, c := range columns {
		t.Columns = append(t.Columns, c.name)
	}
	t.read = func(numbers []int) (out []*Column, err error) {
		for _, i := range numbers {
			c, err := f.read(columns[i], i)
			if err != nil {
				return nil, fmt.Errorf("column %q: %w", columns[i].name, err)
			}
			out = append(out, c)
		}
		return out, nil
	}
	return t, nil
}

// pqColumns lists the leaves of the schema, which is a tree in depth-first order.
func pqColumns(elements []any) (columns []pqColumn, err error) {
	if len(elements) == 0 {
		return nil, errThrift
	}
	type level struct {
		name string
		left int64
	}
	root, _ := elements[0].(record)
	levels := []level{{"", root.int(5)}}
	for _, e := range elements[1:] {
		element, ok := e.(record)
		for len(levels) > 0 && levels[len(levels)-1].left == 0 {
			levels = levels[:len(levels)-1]
		}
		if !ok || len(levels) == 0 {
			return nil, errThrift
		}
		levels[len(levels)-1].left--
		if children := element.int(5); children > 0 {
			levels = append(levels, level{element.text(4), children})
			continue
		}
		var path []string
		for _, l := range levels[1:] {
			path = append(path, l.name)
		}
		const required, optional = 0, 1
		repetition := element.int(3)
		columns = append(columns, pqColumn{
			name:     strings.Join(append(path, element.text(4)), "."),
			physical: element.int(1),
			nullable: repetition == optional,
			nested:   len(levels) > 1 || repetition != required && repetition != optional,
			element:  element,
		})
	}
	return columns, nil
}

func (f *pqFile) read(c pqColumn, number int) (*Column, error) {
	if c.nested {
		return nil, errors.New("its values are lists or structs; they must be text, numbers or times")
	}
	add, err := c.adder()
	if err != nil {
		return nil, err
	}
	b := newBuilder()
	for _, g := range f.groups {
		group, _ := g.(record)
		chunks := group.list(1)
		if number >= len(chunks) {
			return nil, errThrift
		}
		chunk, _ := chunks[number].(record)
		if err := f.readChunk(b, c, chunk.record(3), add); err != nil {
			return nil, err
		}
	}
	if b.n != f.rows {
		return nil, fmt.Errorf("not a valid Parquet file: it has %d values, and the table has %d rows", b.n, f.rows)
	}
	return b.column(), nil
}

// An adder adds a value of a column, given by its bytes.
type adder func(b *builder, raw []byte) error

// adder returns the function for the type of a column.
func (c pqColumn) adder() (adder, error) {
	logical, converted := c.element.record(10), int64(-1)
	if v, ok := c.element[6].(int64); ok {
		converted = v
	}
	has := func(field int64) bool { _, ok := logical[field]; return ok }
	wrong := func(what string) (adder, error) {
		return nil, fmt.Errorf("its values are %s; they must be text, numbers or times", what)
	}
	unsigned := converted >= 11 && converted <= 14 || has(10) && logical.record(10)[2] == false
	whole := func(raw []byte) int64 {
		if c.physical == pqInt32 {
			return int64(int32(binary.LittleEndian.Uint32(raw)))
		}
		return int64(binary.LittleEndian.Uint64(raw))
	}
	switch {
	case has(5) || converted == 5:
		return wrong("decimal numbers (cast them to float)")
	case has(7) || converted == 7 || converted == 8:
		return wrong("times of day")
	case (has(6) || converted == 6) && c.physical == pqInt32:
		return func(b *builder, raw []byte) error { b.addTime(whole(raw) * 86400e6); return nil }, nil
	case (has(8) || converted == 9 || converted == 10) && c.physical == pqInt64:
		unit := logical.record(8).record(2)
		_, millis := unit[1]
		_, nanos := unit[3]
		if millis = millis || converted == 9; millis {
			return func(b *builder, raw []byte) error { return b.addScaled(whole(raw), 1e3) }, nil
		}
		return func(b *builder, raw []byte) error {
			v := whole(raw)
			if nanos {
				v /= 1e3
			}
			b.addTime(v)
			return nil
		}, nil
	}
	switch c.physical {
	case pqBoolean:
		return func(b *builder, raw []byte) error { return b.addText([]string{"false", "true"}[raw[0]&1]) }, nil
	case pqInt32, pqInt64:
		return func(b *builder, raw []byte) error {
			switch {
			case unsigned && c.physical == pqInt32:
				b.addInt(int64(uint32(whole(raw))))
			case unsigned:
				return b.addUint(uint64(whole(raw)))
			default:
				b.addInt(whole(raw))
			}
			return nil
		}, nil
	case pqInt96: // old times: nanoseconds of a Julian day
		const epoch = 2440588
		return func(b *builder, raw []byte) error {
			day := int64(binary.LittleEndian.Uint32(raw[8:]))
			b.addTime((day-epoch)*86400e6 + int64(binary.LittleEndian.Uint64(raw)/1e3))
			return nil
		}, nil
	case pqFloat:
		return func(b *builder, raw []byte) error {
			b.addFloat(float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
			return nil
		}, nil
	case pqDouble:
		return func(b *builder, raw []byte) error {
			b.addFloat(math.Float64frombits(binary.LittleEndian.Uint64(raw)))
			return nil
		}, nil
	case pqBytes:
		return func(b *builder, raw []byte) error { return b.addText(string(raw)) }, nil
	}
	return wrong(fmt.Sprintf("of Parquet's type %d", c.physical))
}

// Encodings of values.
const pqPlain, pqPlainDictionary, pqRLE, pqRLEDictionary = 0, 2, 3, 8

// readChunk reads the pages of a column in a row group.
func (f *pqFile) readChunk(b *builder, c pqColumn, meta record, add adder) error {
	at, want := meta.int(9), meta.int(5)
	if dictionary, ok := meta[11].(int64); ok && dictionary > 0 && dictionary < at {
		at = dictionary
	}
	if at < 4 || at > int64(len(f.raw)) || want < 0 || want > int64(f.rows) {
		return errThrift
	}
	var dictionary [][]byte
	until := b.n + int(want)
	for b.n < until {
		t := &thrift{raw: f.raw[at:]}
		header, err := t.record()
		if err != nil {
			return err
		}
		compressed := header.int(3)
		if compressed < 0 || compressed > int64(len(f.raw))-at-int64(t.at) {
			return errors.New("not a valid Parquet file: a page lies outside of the file")
		}
		page := f.raw[at+int64(t.at):][:compressed]
		at += int64(t.at) + compressed
		switch header.int(1) {
		case 2:
			if page, err = f.unpack(page, meta.int(4), header.int(2)); err != nil {
				return err
			}
			if dictionary, err = plainValues(page, c.physical, header.record(7).int(1)); err != nil {
				return err
			}
		case 0, 3:
			if err := f.readPage(b, c, header, page, meta.int(4), dictionary, until, add); err != nil {
				return err
			}
		}
	}
	return nil
}

// readPage adds the values of a data page.
func (f *pqFile) readPage(b *builder, c pqColumn, header record, page []byte, codec int64, dictionary [][]byte, until int, add adder) (err error) {
	head, encodingField := header.record(5), int64(2)
	var levels []byte
	if header.int(1) == 3 { // of version 2: the levels are outside of what is compressed
		head, encodingField = header.record(8), 4
		n := head.int(5)
		if n < 0 || n > int64(len(page)) || head.int(6) != 0 {
			return errThrift
		}
		levels = page[:n]
		page = page[n:]
		if head[7] != false {
			if page, err = f.unpack(page, codec, header.int(2)-n); err != nil {
				return err
			}
		}
	} else {
		if page, err = f.unpack(page, codec, header.int(2)); err != nil {
			return err
		}
		if c.nullable {
			if levels, page, err = prefixed(page); err != nil {
				return err
			}
		}
	}
	n := head.int(1)
	if n <= 0 || n > int64(until-b.n) {
		return fmt.Errorf("not a valid Parquet file: a page of %d values where %d are left", n, until-b.n)
	}
	present := int(n)
	var defined []uint32
	if c.nullable {
		if defined, err = hybrid(levels, 1, int(n)); err != nil {
			return err
		}
		present = 0
		for _, d := range defined {
			present += int(d)
		}
	}
	values, err := pageValues(page, c.physical, head.int(encodingField), present, dictionary)
	if err != nil {
		return err
	}
	next := 0
	for i := range int(n) {
		if defined != nil && defined[i] == 0 {
			b.addNull()
			continue
		}
		if err := add(b, values[next]); err != nil {
			return fmt.Errorf("row %d: %w", b.n+1, err)
		}
		next++
	}
	return nil
}

// pageValues returns the bytes of each value of a page.
func pageValues(page []byte, physical, encoding int64, n int, dictionary [][]byte) ([][]byte, error) {
	switch encoding {
	case pqPlain:
		return plainValues(page, physical, int64(n))
	case pqRLEDictionary, pqPlainDictionary:
		if n == 0 {
			return nil, nil
		}
		if len(page) == 0 {
			return nil, errThrift
		}
		numbers, err := hybrid(page[1:], int(page[0]), n)
		if err != nil {
			return nil, err
		}
		values := make([][]byte, n)
		for i, k := range numbers {
			if int(k) >= len(dictionary) {
				return nil, errors.New("not a valid Parquet file: a value is not in the dictionary")
			}
			values[i] = dictionary[k]
		}
		return values, nil
	case pqRLE:
		if physical != pqBoolean {
			break
		}
		bits, _, err := prefixed(page)
		if err != nil {
			return nil, err
		}
		numbers, err := hybrid(bits, 1, n)
		if err != nil {
			return nil, err
		}
		values := make([][]byte, n)
		for i, v := range numbers {
			values[i] = []byte{byte(v)}
		}
		return values, nil
	}
	names := map[int64]string{4: "BIT_PACKED", 5: "DELTA_BINARY_PACKED", 6: "DELTA_LENGTH_BYTE_ARRAY", 7: "DELTA_BYTE_ARRAY", 9: "BYTE_STREAM_SPLIT"}
	return nil, fmt.Errorf("its encoding is %s (number %d); write the file with the default encodings (PLAIN and dictionaries, version 1 of data pages)", names[encoding], encoding)
}

// plainValues cuts PLAIN values.
func plainValues(page []byte, physical, n int64) ([][]byte, error) {
	short := errors.New("not a valid Parquet file: a page has fewer values than it says")
	if n < 0 || physical == pqBoolean && n > 8*int64(len(page)) || physical != pqBoolean && n > int64(len(page)) {
		return nil, short
	}
	values := make([][]byte, n)
	if physical == pqBoolean {
		for i := range values {
			values[i] = []byte{page[i/8] >> (i % 8) & 1}
		}
		return values, nil
	}
	width := map[int64]int{pqInt32: 4, pqInt64: 8, pqInt96: 12, pqFloat: 4, pqDouble: 8}[physical]
	for i := range values {
		size := width
		if physical == pqBytes {
			if len(page) < 4 {
				return nil, short
			}
			if size = int(binary.LittleEndian.Uint32(page)); size > len(page)-4 {
				return nil, short
			}
			page = page[4:]
		}
		if size > len(page) {
			return nil, short
		}
		values[i], page = page[:size], page[size:]
	}
	return values, nil
}

// prefixed cuts off bytes behind their number.
func prefixed(page []byte) (bytes, rest []byte, err error) {
	if len(page) < 4 {
		return nil, nil, errThrift
	}
	n := binary.LittleEndian.Uint32(page)
	if int64(n) > int64(len(page)-4) {
		return nil, nil, errThrift
	}
	return page[4 : 4+n], page[4+n:], nil
}

// hybrid reads n numbers of some bits each: runs of one number, and packed bits.
func hybrid(raw []byte, bits, n int) ([]uint32, error) {
	if bits > 32 {
		return nil, errThrift
	}
	out := make([]uint32, 0, n)
	for len(out) < n {
		head, size := binary.Uvarint(raw)
		if size <= 0 {
			return nil, errThrift
		}
		raw = raw[size:]
		if head&1 == 0 { // a run
			width := (bits + 7) / 8
			if len(raw) < width || head == 0 {
				return nil, errThrift
			}
			v := uint32(0)
			for i := range width {
				v |= uint32(raw[i]) << (8 * i)
			}
			raw = raw[width:]
			for range min(head>>1, uint64(n-len(out))) {
				out = append(out, v)
			}
			continue
		}
		groups := head >> 1
		if groups == 0 || groups > uint64(len(raw)) && bits > 0 {
			return nil, errThrift
		}
		// The last group may be cut where its numbers end.
		buffer, have := uint64(0), 0
		used := 0
		for range groups * 8 {
			if len(out) == n {
				break
			}
			for have < bits {
				if used >= len(raw) {
					return nil, errThrift
				}
				buffer |= uint64(raw[used]) << have
				used++
				have += 8
			}
			out = append(out, uint32(buffer&(1<<bits-1)))
			buffer >>= bits
			have -= bits
		}
		raw = raw[min(int(groups)*bits, len(raw)):]
	}
	return out, nil
}
