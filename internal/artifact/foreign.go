package artifact

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
)

// A foreignTable is an Arrow table as other programs write it: a file or a stream, compressed or
// not, with dictionaries, large texts and numbers of any width. Its columns can be read in foil's
// types where no information is lost.
type foreignTable struct {
	fields []arrow.Field
	chunks [][]arrow.Array // by column
	rows   int
}

// decodeForeign reads a table. Its memory is a small multiple of the size of the file, and a fixed
// amount more for compressed columns that repeat one value.
func decodeForeign(raw []byte) (t *foreignTable, err error) {
	defer soundly(&err)
	const repeated = 256 << 20
	memory := ipc.WithAllocator(&budget{left: 64*len(raw) + repeated})
	// A row of one repeated value takes up a byte of a column, but 16 bytes as text.
	maxRows := 64*len(raw) + 1<<20
	t = &foreignTable{}
	add := func(schema *arrow.Schema, batch arrow.Record) {
		if t.fields == nil {
			t.fields, t.chunks = schema.Fields(), make([][]arrow.Array, schema.NumFields())
		}
		if batch != nil {
			batch.Retain() // a reader releases it with the next one
			for i := range t.fields {
				t.chunks[i] = append(t.chunks[i], batch.Column(i))
			}
			if t.rows += int(batch.NumRows()); t.rows > maxRows {
				panic(fmt.Sprintf("it has more than %d rows, which a file of %d bytes cannot hold without repeating a few values", maxRows, len(raw)))
			}
		}
	}
	switch {
	case bytes.HasPrefix(raw, []byte("ARROW1")):
		if err := checkBlocks(raw); err != nil {
			return nil, fmt.Errorf("not a valid Arrow file: %w", err)
		}
		f, err := ipc.NewFileReader(bytes.NewReader(raw), memory)
		if err != nil {
			return nil, fmt.Errorf("not a valid Arrow file: %w", err)
		}
		add(f.Schema(), nil)
		for i := range f.NumRecords() {
			batch, err := f.RecordAt(i)
			if err != nil {
				return nil, fmt.Errorf("not a valid Arrow file: batch %d: %w", i, err)
			}
			add(f.Schema(), batch)
		}
	case len(raw) >= 8 && binary.LittleEndian.Uint32(raw) == continuation:
		if err := checkStream(raw); err != nil {
			return nil, fmt.Errorf("not a valid Arrow stream: %w", err)
		}
		s, err := ipc.NewReader(bytes.NewReader(raw), memory)
		if err != nil {
			return nil, fmt.Errorf("not a valid Arrow stream: %w", err)
		}
		add(s.Schema(), nil)
		for s.Next() {
			add(s.Schema(), s.Record())
		}
		if err := s.Err(); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("not a valid Arrow stream: %w", err)
		}
	case bytes.HasPrefix(raw, []byte("PAR1")):
		return nil, errors.New("it is a Parquet file; write Arrow IPC instead, such as to_feather of pandas or write_ipc of Polars")
	case bytes.HasPrefix(raw, []byte("FEA1")):
		return nil, errors.New("it is a Feather file of version 1; write version 2, which is Arrow IPC")
	default:
		return nil, errors.New("it is not Arrow IPC: it begins neither with ARROW1 nor like a stream")
	}
	if len(t.fields) == 0 {
		return nil, errors.New("it has no columns")
	}
	seen := map[string]bool{}
	for _, f := range t.fields {
		if seen[f.Name] {
			return nil, fmt.Errorf("two columns are called %q", f.Name)
		}
		seen[f.Name] = true
	}
	return t, nil
}

// continuation begins every message.
const continuation = 0xFFFFFFFF

// checkBlocks compares the positions of all messages of a file with its size. Arrow's reader
// allocates what they say. It panics on offsets outside the file; see decodeForeign.
func checkBlocks(raw []byte) error {
	const tail, block = 4 + 6, 24
	if len(raw) < 8+tail || string(raw[len(raw)-6:]) != "ARROW1" {
		return errors.New("it does not end with ARROW1 (truncated)")
	}
	end := len(raw) - tail
	size := int(binary.LittleEndian.Uint32(raw[end:]))
	if size > end {
		return fmt.Errorf("a footer of %d bytes in a file of %d", size, len(raw))
	}
	footer := flatRoot(raw[end-size : end])
	if err := checkSchema(footer.table(1)); err != nil {
		return err
	}
	for _, vector := range []int{2, 3} { // dictionaries, batches
		for i := range footer.length(vector) {
			at := footer.vector(vector) + i*block
			offset := int(binary.LittleEndian.Uint64(footer.bytes[at:]))
			length := int(int32(binary.LittleEndian.Uint32(footer.bytes[at+8:])))
			body := int(binary.LittleEndian.Uint64(footer.bytes[at+16:]))
			if offset < 0 || length < 0 || body < 0 || offset > end || length > end-offset || body > end-offset-length {
				return fmt.Errorf("message %d lies outside of the file", i)
			}
			if err := checkMessage(unframed(raw[offset : offset+length])); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkStream does the same for the messages of a stream.
func checkStream(raw []byte) error {
	for rest := raw; len(rest) >= 8; {
		if binary.LittleEndian.Uint32(rest) != continuation {
			return errors.New("a message does not begin where the one before it ends")
		}
		length := int(int32(binary.LittleEndian.Uint32(rest[4:])))
		if length == 0 {
			return nil // the end
		}
		rest = rest[8:]
		if length < 0 || length > len(rest) {
			return errors.New("it is truncated")
		}
		if err := checkMessage(rest[:length]); err != nil {
			return err
		}
		body := flatRoot(rest[:length]).int64(3)
		rest = rest[length:]
		if body < 0 || body > int64(len(rest)) {
			return errors.New("it is truncated")
		}
		rest = rest[body:]
	}
	return nil
}

// unframed returns a message without the mark and the length before it.
func unframed(message []byte) []byte {
	if binary.LittleEndian.Uint32(message) == continuation {
		return message[8:]
	}
	return message[4:]
}

// foreignDepth is the largest depth of columns inside of others.
const foreignDepth = 64

// checkSchema looks at the numbers of fields and of metadata, for which Arrow's reader makes lists. Each
// takes four bytes at least, so all of them together are bounded by the bytes: fields that share their
// metadata would otherwise make long lists of few bytes.
func checkSchema(schema flatTable) error {
	left := len(schema.bytes) / 4
	take := func(n int) error {
		if n < 0 || n > left {
			return fmt.Errorf("its schema is damaged: too many fields or pieces of metadata for %d bytes", len(schema.bytes))
		}
		left -= n
		return nil
	}
	var visit func(t flatTable, vector, depth int) error
	visit = func(t flatTable, vector, depth int) error {
		if depth > foreignDepth {
			return fmt.Errorf("its schema is damaged: columns inside of others, %d deep", depth)
		}
		n := t.length(vector)
		if err := take(n); err != nil {
			return err
		}
		for i := range n {
			f := t.element(vector, i)
			if err := take(f.length(6)); err != nil {
				return err
			}
			if err := visit(f, 5, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if err := take(schema.length(2)); err != nil {
		return err
	}
	return visit(schema, 1, 0)
}

// checkMessage looks at the schema in a message, or at the numbers of buffers of its columns of text
// views, for which Arrow's reader makes lists.
func checkMessage(message []byte) error {
	const schema, dictionary, batch = 1, 2, 3
	root := flatRoot(message)
	var header flatTable
	switch root.byte(1) {
	case schema:
		return checkSchema(root.table(2))
	case dictionary:
		header = root.table(2).table(1)
	case batch:
		header = root.table(2)
	default:
		return nil
	}
	buffers := header.length(2)
	for i := range header.length(4) {
		n := int64(binary.LittleEndian.Uint64(header.bytes[header.vector(4)+8*i:]))
		if n < 0 || n > int64(buffers) {
			return fmt.Errorf("a column has %d of %d buffers", n, buffers)
		}
	}
	return nil
}

// find returns the number of a column, or -1.
func (t *foreignTable) find(name string) int {
	for i, f := range t.fields {
		if f.Name == name {
			return i
		}
	}
	return -1
}

// indexColumn matches the columns that pandas adds for the index of a table.
var indexColumn = regexp.MustCompile(`^__index_level_[0-9]+__$`)

// only checks that the table has the required columns, and none but these, the optional ones and
// indexes of pandas.
func (t *foreignTable) only(required, optional []string) error {
	for _, name := range required {
		if t.find(name) < 0 {
			return fmt.Errorf("column %q is missing; the columns are %s", name, quoted(t.names()))
		}
	}
	known := map[string]bool{}
	for _, name := range append(required[:len(required):len(required)], optional...) {
		known[name] = true
	}
	for _, name := range t.names() {
		if !known[name] && !indexColumn.MatchString(name) {
			return fmt.Errorf("column %q is not known here, and would be lost; remove it (the columns may be %s)", name,
				quoted(append(required[:len(required):len(required)], optional...)))
		}
	}
	return nil
}

func (t *foreignTable) names() []string {
	names := make([]string, len(t.fields))
	for i, f := range t.fields {
		names[i] = f.Name
	}
	return names
}

// each calls visit for every row of a column.
func (t *foreignTable) each(column int, visit func(row int, a arrow.Array, i int) error) error {
	row := 0
	for _, a := range t.chunks[column] {
		for i := range a.Len() {
			if err := visit(row, a, i); err != nil {
				return fmt.Errorf("column %q, row %d: %w", t.fields[column].Name, row, err)
			}
			row++
		}
	}
	return nil
}

func (t *foreignTable) wrongType(column int, want, cast string) error {
	f := t.fields[column]
	return fmt.Errorf("column %q is %s; it must be %s: cast it, in pyarrow with cast(pa.%s())", f.Name, typeInWords(f.Type), want, cast)
}

// int32s reads whole numbers of any type. Null is 0 in a nullable column, and an error in others.
func (t *foreignTable) int32s(column int, nullable bool) ([]int32, error) {
	if !isNumeric(t.fields[column].Type) {
		return nil, t.wrongType(column, "a whole number", "int32")
	}
	values := make([]int32, 0, t.rows)
	err := t.each(column, func(_ int, a arrow.Array, i int) error {
		v, ok := numberAt(a, i)
		whole, exact := v.whole()
		switch {
		case !ok && nullable:
			whole = 0
		case !ok:
			return errNull
		case !exact || whole < math.MinInt32 || whole > math.MaxInt32:
			return fmt.Errorf("%s is not a whole number of 32 bits", v)
		}
		values = append(values, int32(whole))
		return nil
	})
	return values, err
}

var errNull = errors.New("it is null, and every row must have a value")

// float64s reads numbers of any type.
func (t *foreignTable) float64s(column int) ([]float64, error) {
	if !isNumeric(t.fields[column].Type) {
		return nil, t.wrongType(column, "a number", "float64")
	}
	values := make([]float64, 0, t.rows)
	err := t.each(column, func(_ int, a arrow.Array, i int) error {
		v, ok := numberAt(a, i)
		f, exact := v.float()
		switch {
		case !ok:
			return errNull
		case !exact:
			return fmt.Errorf("float64 cannot hold %s exactly", v)
		}
		values = append(values, f)
		return nil
	})
	return values, err
}

// times reads dates and times as microseconds since 1970, UTC.
func (t *foreignTable) times(column int) ([]int64, error) {
	typ := t.fields[column].Type
	if _, ok := typ.(*arrow.TimestampType); !ok {
		return nil, fmt.Errorf("column %q is %s; it must be a time: cast it, in pyarrow with cast(pa.timestamp('us', 'UTC'))", TimeColumn, typeInWords(typ))
	}
	values := make([]int64, 0, t.rows)
	err := t.each(column, func(_ int, a arrow.Array, i int) error {
		if a.IsNull(i) {
			return errNull
		}
		v, ok := microseconds(int64(a.(*array.Timestamp).Value(i)), typ.(*arrow.TimestampType).Unit)
		if !ok {
			return fmt.Errorf("%d %s cannot be written in whole microseconds of 64 bits", a.(*array.Timestamp).Value(i), typ)
		}
		values = append(values, v)
		return nil
	})
	return values, err
}

// microseconds converts a number of another unit. ok is false if that loses information.
func microseconds(v int64, unit arrow.TimeUnit) (us int64, ok bool) {
	switch unit {
	case arrow.Second:
		us = v * 1e6
		return us, us/1e6 == v
	case arrow.Millisecond:
		us = v * 1e3
		return us, us/1e3 == v
	case arrow.Nanosecond:
		return v / 1e3, v%1e3 == 0
	}
	return v, true
}

// float32s reads numbers that float32 holds exactly. Null is NaN.
func (t *foreignTable) float32s(column int) ([]float32, error) {
	values := make([]float32, 0, t.rows)
	err := t.each(column, func(_ int, a arrow.Array, i int) error {
		v, ok := numberAt(a, i)
		f, exact := v.float()
		switch {
		case !ok:
			f = math.NaN()
		case !exact || !math.IsNaN(f) && float64(float32(f)) != f:
			return fmt.Errorf("float32 cannot hold %s exactly; if the nearest number will do, cast the column to float32", v)
		}
		values = append(values, float32(f))
		return nil
	})
	return values, err
}

// texts reads texts of any type, and whole numbers as texts. Null is "" where it is allowed.
func (t *foreignTable) texts(column int, nullable bool) ([]string, error) {
	if typ := valueType(t.fields[column].Type); !isText(typ) && !arrow.IsInteger(typ.ID()) {
		return nil, t.wrongType(column, "text", "string")
	}
	values := make([]string, 0, t.rows)
	err := t.each(column, func(_ int, a arrow.Array, i int) error {
		text, ok := textAt(a, i)
		switch {
		case !ok && !nullable:
			return errNull
		case !utf8.ValidString(text):
			return fmt.Errorf("%q is not UTF-8", text)
		}
		values = append(values, text)
		return nil
	})
	return values, err
}

// textAt returns a text, or a whole number as text. ok is false for null.
func textAt(a arrow.Array, i int) (text string, ok bool) {
	if a.IsNull(i) {
		return "", false
	}
	switch a := a.(type) {
	case *array.Dictionary:
		return textAt(a.Dictionary(), a.GetValueIndex(i))
	case *array.String:
		return a.Value(i), true
	case *array.LargeString:
		return a.Value(i), true
	case *array.StringView:
		return a.Value(i), true
	case *array.Boolean:
		return strconv.FormatBool(a.Value(i)), true
	}
	v, ok := numberAt(a, i)
	return v.String(), ok
}

// A number is an integer or a float.
type number struct {
	isFloat  bool
	i        int64
	unsigned uint64 // if it is beyond i
	f        float64
}

func (n number) String() string {
	switch {
	case n.isFloat:
		return strconv.FormatFloat(n.f, 'g', -1, 64)
	case n.unsigned > 0:
		return strconv.FormatUint(n.unsigned, 10)
	}
	return strconv.FormatInt(n.i, 10)
}

// whole returns the number as an integer. exact is false if it is none.
func (n number) whole() (i int64, exact bool) {
	if !n.isFloat {
		return n.i, n.unsigned == 0
	}
	if n.f != math.Trunc(n.f) || math.Abs(n.f) > 1<<53 {
		return 0, false
	}
	return int64(n.f), true
}

// float returns the number as a float64.
func (n number) float() (f float64, exact bool) {
	switch {
	case n.isFloat:
		return n.f, true
	case n.unsigned > 0:
		return float64(n.unsigned), false
	}
	const most = 1 << 53
	return float64(n.i), -most <= n.i && n.i <= most
}

// numberAt returns a number. ok is false for null.
func numberAt(a arrow.Array, i int) (n number, ok bool) {
	if a.IsNull(i) {
		return number{}, false
	}
	switch a := a.(type) {
	case *array.Dictionary:
		return numberAt(a.Dictionary(), a.GetValueIndex(i))
	case *array.Int8:
		return number{i: int64(a.Value(i))}, true
	case *array.Int16:
		return number{i: int64(a.Value(i))}, true
	case *array.Int32:
		return number{i: int64(a.Value(i))}, true
	case *array.Int64:
		return number{i: a.Value(i)}, true
	case *array.Uint8:
		return number{i: int64(a.Value(i))}, true
	case *array.Uint16:
		return number{i: int64(a.Value(i))}, true
	case *array.Uint32:
		return number{i: int64(a.Value(i))}, true
	case *array.Uint64:
		if v := a.Value(i); v > math.MaxInt64 {
			return number{unsigned: v}, true
		}
		return number{i: int64(a.Value(i))}, true
	case *array.Float16:
		return number{isFloat: true, f: float64(a.Value(i).Float32())}, true
	case *array.Float32:
		return number{isFloat: true, f: float64(a.Value(i))}, true
	case *array.Float64:
		return number{isFloat: true, f: a.Value(i)}, true
	}
	panic(fmt.Sprintf("%s is not a number", a.DataType()))
}

// valueType is the type of the values of a column, also of one with a dictionary.
func valueType(t arrow.DataType) arrow.DataType {
	if d, ok := t.(*arrow.DictionaryType); ok {
		return d.ValueType
	}
	return t
}

func isNumeric(t arrow.DataType) bool {
	id := valueType(t).ID()
	return arrow.IsInteger(id) || arrow.IsFloating(id)
}

func isText(t arrow.DataType) bool {
	switch valueType(t).ID() {
	case arrow.STRING, arrow.LARGE_STRING, arrow.STRING_VIEW:
		return true
	}
	return false
}

// typeInWords names a type as people know it, and as Arrow writes it.
func typeInWords(t arrow.DataType) string {
	word := map[arrow.Type]string{
		arrow.NULL: "empty", arrow.BOOL: "true or false", arrow.BINARY: "bytes", arrow.LARGE_BINARY: "bytes", arrow.FIXED_SIZE_BINARY: "bytes",
		arrow.BINARY_VIEW: "bytes", arrow.DATE32: "a date", arrow.DATE64: "a date", arrow.TIMESTAMP: "a time", arrow.TIME32: "a time of day",
		arrow.TIME64: "a time of day", arrow.DURATION: "a duration", arrow.DECIMAL128: "a decimal number", arrow.DECIMAL256: "a decimal number",
		arrow.LIST: "a list", arrow.LARGE_LIST: "a list", arrow.FIXED_SIZE_LIST: "a list", arrow.LIST_VIEW: "a list", arrow.STRUCT: "a struct",
		arrow.MAP: "a map", arrow.DICTIONARY: "a dictionary", arrow.STRING: "text", arrow.LARGE_STRING: "text", arrow.STRING_VIEW: "text",
	}[t.ID()]
	if word == "" {
		return t.String()
	}
	return word + " (" + t.String() + ")"
}

// Foreign reads an Arrow table that another program wrote, a file or a stream, with the memory of a
// small multiple of its size. It returns the chunks of each column.
func Foreign(raw []byte) (fields []arrow.Field, chunks [][]arrow.Array, err error) {
	t, err := decodeForeign(raw)
	if err != nil {
		return nil, nil, err
	}
	return t.fields, t.chunks, nil
}
