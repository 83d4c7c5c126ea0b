// Package safetensors reads and writes weights in the safetensors format of PyTorch, JAX and
// others: a length, a JSON header with the type, shape and position of each tensor, and the raw
// little-endian values.
package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
)

// A Tensor is a named array. Exactly one slice is set, the slice of its type, or Unread. Unread is
// for types in external files that foil does not use.
type Tensor struct {
	Name  string
	Shape []int
	F32   []float32
	I32   []int32
	I64   []int64
	U8    []uint8

	Unread string // a type such as F16, whose values were not read
}

// File is the content of a file, by tensor name.
type File map[string]Tensor

// widths are the bytes per value of the types with whole bytes.
var widths = map[string]int64{
	"F32": 4, "I32": 4, "I64": 8, "U8": 1, // the types that are read
	"BOOL": 1, "I8": 1, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1,
	"I16": 2, "U16": 2, "F16": 2, "BF16": 2, "U32": 4, "U64": 8, "F64": 8, "C64": 8,
}

// Write writes the tensors sorted by name, so that equal tensors give equal bytes.
func Write(w io.Writer, tensors []Tensor) error {
	sorted := slices.Clone(tensors)
	slices.SortFunc(sorted, func(a, b Tensor) int { return cmp.Compare(a.Name, b.Name) })
	var header bytes.Buffer
	header.WriteByte('{')
	var offset int64
	for i, t := range sorted {
		if i > 0 {
			if sorted[i-1].Name == t.Name {
				return fmt.Errorf("safetensors: two tensors are called %q", t.Name)
			}
			header.WriteByte(',')
		}
		if t.Unread != "" {
			return fmt.Errorf("safetensors: %s has type %s, whose values were not read and cannot be written", t.Name, t.Unread)
		}
		dtype, n := t.layout()
		if n != product(t.Shape) {
			return fmt.Errorf("safetensors: %s has %d values for shape %v", t.Name, n, t.Shape)
		}
		end := offset + n*widths[dtype]
		name, err := json.Marshal(t.Name)
		if err != nil {
			return err
		}
		shape, err := json.Marshal(append([]int{}, t.Shape...))
		if err != nil {
			return err
		}
		fmt.Fprintf(&header, `%s:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, dtype, shape, offset, end)
		offset = end
	}
	header.WriteByte('}')
	for header.Len()%8 != 0 { // the format requires aligned values
		header.WriteByte(' ')
	}
	if err := binary.Write(w, binary.LittleEndian, uint64(header.Len())); err != nil {
		return err
	}
	if _, err := w.Write(header.Bytes()); err != nil {
		return err
	}
	for _, t := range sorted {
		if err := t.write(w); err != nil {
			return err
		}
	}
	return nil
}

// Type is the name of the type in the format.
func (t Tensor) Type() string {
	dtype, _ := t.layout()
	return dtype
}

// layout returns the type and the number of values.
func (t Tensor) layout() (dtype string, n int64) {
	switch {
	case t.Unread != "":
		return t.Unread, 0
	case t.I32 != nil:
		return "I32", int64(len(t.I32))
	case t.I64 != nil:
		return "I64", int64(len(t.I64))
	case t.U8 != nil:
		return "U8", int64(len(t.U8))
	default:
		return "F32", int64(len(t.F32))
	}
}

func (t Tensor) write(w io.Writer) error {
	var buf []byte
	switch {
	case t.I32 != nil:
		buf = make([]byte, 0, 4*len(t.I32))
		for _, v := range t.I32 {
			buf = binary.LittleEndian.AppendUint32(buf, uint32(v))
		}
	case t.I64 != nil:
		buf = make([]byte, 0, 8*len(t.I64))
		for _, v := range t.I64 {
			buf = binary.LittleEndian.AppendUint64(buf, uint64(v))
		}
	case t.U8 != nil:
		buf = t.U8
	default:
		buf = make([]byte, 0, 4*len(t.F32))
		for _, v := range t.F32 {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
	}
	_, err := w.Write(buf)
	return err
}

// product is the number of values of a shape, or -1 if there is no such shape.
func product(shape []int) int64 {
	n := int64(1)
	for _, d := range shape {
		if d < 0 || (d > 0 && n > math.MaxInt32*64/int64(d)) {
			return -1
		}
		n *= int64(d)
	}
	return n
}

// ReadFile reads a whole file.
func ReadFile(path string) (File, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Float32 returns the values of a float32 tensor of the given shape.
func (f File) Float32(name string, shape []int) ([]float32, error) {
	t, ok := f[name]
	switch {
	case !ok:
		return nil, fmt.Errorf("no tensor %q (the file has %s)", name, f.names())
	case t.F32 == nil:
		return nil, fmt.Errorf("tensor %q has type %s, not F32", name, t.Type())
	case !slices.Equal(t.Shape, shape):
		return nil, fmt.Errorf("tensor %q has shape %v, not %v", name, t.Shape, shape)
	}
	return t.F32, nil
}

// names lists the names of the first tensors.
func (f File) names() string {
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) > 8 {
		names = append(names[:8], "...")
	}
	return strings.Join(names, ", ")
}
