package tabular

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// An Array is a NumPy array of integers in C order.
type Array struct {
	Shape []int
	Bytes []byte // little-endian

	width  int
	signed bool
}

// Len is the number of elements.
func (a *Array) Len() int { return len(a.Bytes) / a.width }

// IsBytes reports whether the elements are uint8.
func (a *Array) IsBytes() bool { return a.width == 1 && !a.signed }

// At is an element. ok is false if it is beyond int64.
func (a *Array) At(i int) (v int64, ok bool) {
	raw := a.Bytes[i*a.width:]
	switch a.width {
	case 1:
		if a.signed {
			return int64(int8(raw[0])), true
		}
		return int64(raw[0]), true
	case 2:
		u := binary.LittleEndian.Uint16(raw)
		if a.signed {
			return int64(int16(u)), true
		}
		return int64(u), true
	case 4:
		u := binary.LittleEndian.Uint32(raw)
		if a.signed {
			return int64(int32(u)), true
		}
		return int64(u), true
	}
	v = int64(binary.LittleEndian.Uint64(raw))
	return v, a.signed || v >= 0
}

// ReadNPZ reads arrays of a .npz file by their names.
func ReadNPZ(raw []byte, names ...string) ([]*Array, error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, fmt.Errorf("not a valid .npz file: %w", err)
	}
	var have []string
	for _, f := range z.File {
		have = append(have, strings.TrimSuffix(f.Name, ".npy"))
	}
	var out []*Array
	for _, name := range names {
		var found *Array
		for i, f := range z.File {
			if have[i] != name {
				continue
			}
			// Deflate packs a thousand bytes into one at most.
			if most := 1100*uint64(len(raw)) + 1<<16; f.UncompressedSize64 > most {
				return nil, fmt.Errorf("array %q: %d bytes in a file of %d", name, f.UncompressedSize64, len(raw))
			}
			r, err := f.Open()
			if err != nil {
				return nil, fmt.Errorf("array %q: %w", name, err)
			}
			content, err := io.ReadAll(io.LimitReader(r, int64(f.UncompressedSize64)+1))
			if err != nil {
				return nil, fmt.Errorf("array %q: %w", name, err)
			}
			if found, err = ReadNPY(content); err != nil {
				return nil, fmt.Errorf("array %q: %w", name, err)
			}
		}
		if found == nil {
			return nil, fmt.Errorf("it has no array %q; it has %s", name, listed(have))
		}
		out = append(out, found)
	}
	return out, nil
}

var (
	npyType  = regexp.MustCompile(`'descr': *'([^']*)'`)
	npyOrder = regexp.MustCompile(`'fortran_order': *(True|False)`)
	npyShape = regexp.MustCompile(`'shape': *\(([0-9, L]*)\)`)
)

// ReadNPY reads a .npy file of integers.
func ReadNPY(raw []byte) (*Array, error) {
	if len(raw) < 12 || string(raw[:6]) != "\x93NUMPY" {
		return nil, errors.New("not a valid .npy file: it does not begin with NUMPY")
	}
	at, size := 10, int(binary.LittleEndian.Uint16(raw[8:]))
	if raw[6] > 1 {
		at, size = 12, int(binary.LittleEndian.Uint32(raw[8:]))
	}
	if size < 0 || size > len(raw)-at {
		return nil, errors.New("not a valid .npy file: it is truncated")
	}
	head := raw[at : at+size]
	typ, order, shape := npyType.FindSubmatch(head), npyOrder.FindSubmatch(head), npyShape.FindSubmatch(head)
	if typ == nil || order == nil || shape == nil {
		return nil, fmt.Errorf("not a plain array: its header is %s", clip(string(head)))
	}
	a := &Array{}
	switch t := string(typ[1]); t {
	case "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8":
		a.width, a.signed = int(t[2]-'0'), t[1] == 'i'
	case "|b1":
		a.width = 1
	default:
		return nil, fmt.Errorf("its type is %s; it must hold integers: pixels are uint8 (in NumPy, (255 * x).round().astype(np.uint8) for values from 0 to 1)", t)
	}
	if string(order[1]) == "True" {
		return nil, errors.New("it is in Fortran order; write np.ascontiguousarray(x)")
	}
	n := a.width
	for _, field := range strings.FieldsFunc(string(shape[1]), func(r rune) bool { return r == ',' || r == ' ' || r == 'L' }) {
		d, err := strconv.Atoi(field)
		if err != nil || d < 0 || d > 0 && n > len(raw)/d {
			return nil, fmt.Errorf("not a valid .npy file: it has %d bytes for the shape (%s)", len(raw), shape[1])
		}
		n *= d
		a.Shape = append(a.Shape, d)
	}
	if a.Bytes = raw[at+size:]; len(a.Bytes) != n {
		return nil, fmt.Errorf("not a valid .npy file: it has %d bytes for the shape (%s), which needs %d", len(a.Bytes), shape[1], n)
	}
	return a, nil
}
