package tabular

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// A record is a struct of Thrift's compact protocol, in which Parquet writes its metadata: values by
// the number of their field. A value is an int64, a bool, a float64, a text as []byte, a list as []any,
// or a record.
type record map[int64]any

func (r record) int(field int64) int64 { v, _ := r[field].(int64); return v }
func (r record) text(field int64) string {
	v, _ := r[field].([]byte)
	return string(v)
}
func (r record) list(field int64) []any { v, _ := r[field].([]any); return v }
func (r record) record(field int64) record {
	v, _ := r[field].(record)
	return v
}

// A thrift reads records. Each value takes up a byte at least, so that memory is bounded by the file.
type thrift struct {
	raw   []byte
	at    int
	depth int
}

var errThrift = errors.New("not a valid Parquet file: its metadata is damaged")

func (t *thrift) byte() (byte, error) {
	if t.at >= len(t.raw) {
		return 0, errThrift
	}
	t.at++
	return t.raw[t.at-1], nil
}

func (t *thrift) uvarint() (uint64, error) {
	v, n := binary.Uvarint(t.raw[t.at:])
	if n <= 0 {
		return 0, errThrift
	}
	t.at += n
	return v, nil
}

func (t *thrift) varint() (int64, error) {
	v, err := t.uvarint()
	return int64(v>>1) ^ -int64(v&1), err
}

// record reads fields until the stop.
func (t *thrift) record() (record, error) {
	const deepest = 32
	if t.depth++; t.depth > deepest {
		return nil, errThrift
	}
	defer func() { t.depth-- }()
	r := record{}
	field := int64(0)
	for {
		head, err := t.byte()
		if err != nil || head == 0 {
			return r, err
		}
		if delta := int64(head >> 4); delta != 0 {
			field += delta
		} else if field, err = t.varint(); err != nil {
			return nil, err
		}
		switch kind := head & 15; kind {
		case 1, 2: // a bool is in its type
			r[field] = kind == 1
		default:
			if r[field], err = t.value(kind); err != nil {
				return nil, err
			}
		}
	}
}

func (t *thrift) value(kind byte) (any, error) {
	switch kind {
	case 1, 2, 3:
		b, err := t.byte()
		if kind == 3 {
			return int64(int8(b)), err
		}
		return b == 1, err
	case 4, 5, 6:
		return t.varint()
	case 7:
		if len(t.raw)-t.at < 8 {
			return nil, errThrift
		}
		t.at += 8
		return math.Float64frombits(binary.LittleEndian.Uint64(t.raw[t.at-8:])), nil
	case 8:
		n, err := t.uvarint()
		if err != nil || n > uint64(len(t.raw)-t.at) {
			return nil, errThrift
		}
		t.at += int(n)
		return t.raw[t.at-int(n) : t.at], nil
	case 9, 10:
		return t.values()
	case 12:
		return t.record()
	}
	return nil, fmt.Errorf("%w (type %d)", errThrift, kind)
}

// values reads a list.
func (t *thrift) values() ([]any, error) {
	head, err := t.byte()
	if err != nil {
		return nil, err
	}
	n := uint64(head >> 4)
	if n == 15 {
		if n, err = t.uvarint(); err != nil {
			return nil, err
		}
	}
	if n > uint64(len(t.raw)-t.at) {
		return nil, errThrift
	}
	list := make([]any, n)
	for i := range list {
		if list[i], err = t.value(head & 15); err != nil {
			return nil, err
		}
	}
	return list, nil
}
