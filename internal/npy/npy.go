// Package npy reads the files of NumPy: .npy, which holds one array, and .npz, which holds several
// by name. It reads numbers and truth values, never Python objects, so a file runs no code.
package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// An Array is the content of a .npy file. Its values are in the order of C: the last index is the
// fastest.
type Array struct {
	Type  string // as NumPy names it: float32, int64, uint8, bool, ...
	Shape []int

	raw   []byte
	width int
	order binary.ByteOrder
}

// types are the types that are read, by their letter and width in the header.
var types = map[string]string{
	"f2": "float16", "f4": "float32", "f8": "float64", "b1": "bool",
	"i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64", "u1": "uint8", "u2": "uint16", "u4": "uint32", "u8": "uint64",
}

const magic = "\x93NUMPY"

// Parse reads the content of a .npy file. The array shares the bytes.
func Parse(b []byte) (*Array, error) {
	if !bytes.HasPrefix(b, []byte(magic)) {
		return nil, errors.New("it is not a NumPy file: it does not begin with \\x93NUMPY; write it with numpy.save")
	}
	if len(b) < 10 {
		return nil, errors.New("it is truncated")
	}
	size, rest := int(binary.LittleEndian.Uint16(b[8:])), b[10:]
	if b[6] >= 2 {
		if len(b) < 12 {
			return nil, errors.New("it is truncated")
		}
		size, rest = int(binary.LittleEndian.Uint32(b[8:])), b[12:]
	}
	if b[6] < 1 || b[6] > 3 {
		return nil, fmt.Errorf("it has version %d of the format; versions 1 to 3 are read", b[6])
	}
	if size < 0 || size > len(rest) { // below 0 where int has 32 bits
		return nil, errors.New("it is truncated")
	}
	a, fortran, err := parseHeader(string(rest[:size]))
	if err != nil {
		return nil, err
	}
	a.raw = rest[size:]
	want, err := a.bytes()
	switch {
	case err != nil:
		return nil, err
	case want > len(a.raw):
		return nil, fmt.Errorf("it is truncated: %s of %s needs %d bytes, and there are %d", shapeText(a.Shape), a.Type, want, len(a.raw))
	case want < len(a.raw):
		return nil, fmt.Errorf("there are %d bytes behind the array", len(a.raw)-want)
	}
	if fortran && len(a.Shape) > 1 {
		a.transpose()
	}
	return a, nil
}

// The three entries of a header, which is the text of a Python dictionary.
var (
	descrEntry   = regexp.MustCompile(`['"]descr['"]\s*:\s*(?:['"]([^'"]*)['"]|(\[))`)
	fortranEntry = regexp.MustCompile(`['"]fortran_order['"]\s*:\s*(True|False)`)
	shapeEntry   = regexp.MustCompile(`['"]shape['"]\s*:\s*\(([0-9,\sL]*)\)`)
)

func parseHeader(text string) (a *Array, fortran bool, err error) {
	descr, order, shape := descrEntry.FindStringSubmatch(text), fortranEntry.FindStringSubmatch(text), shapeEntry.FindStringSubmatch(text)
	switch {
	case descr == nil || order == nil || shape == nil:
		return nil, false, errors.New("its header is damaged")
	case descr[2] != "":
		return nil, false, errors.New("it is a structured array; write one array of numbers for each field")
	}
	a = &Array{order: binary.LittleEndian}
	code := descr[1]
	switch {
	case code == "":
		return nil, false, errors.New("its header is damaged")
	case code[0] == '>':
		a.order = binary.BigEndian
	}
	bare := strings.TrimLeft(code, "<>|=")
	if a.Type = types[bare]; a.Type == "" {
		return nil, false, fmt.Errorf("its values are %s; they must be numbers", typeWords(bare))
	}
	a.width = int(bare[1] - '0')
	for _, part := range strings.Split(shape[1], ",") {
		part = strings.TrimSuffix(strings.TrimSpace(part), "L")
		if part == "" {
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, false, errors.New("its header is damaged")
		}
		a.Shape = append(a.Shape, n)
	}
	if len(a.Shape) > 32 {
		return nil, false, errors.New("its header is damaged")
	}
	return a, order[1] == "True", nil
}

func typeWords(code string) string {
	switch {
	case strings.HasPrefix(code, "O"):
		return "Python objects (dtype object), as of lists of different lengths"
	case strings.HasPrefix(code, "U"), strings.HasPrefix(code, "S"):
		return "texts"
	case strings.HasPrefix(code, "M"), strings.HasPrefix(code, "m"):
		return "times"
	case strings.HasPrefix(code, "c"):
		return "complex numbers"
	}
	return strconv.Quote(code)
}

// bytes is the size of the values.
func (a *Array) bytes() (int, error) {
	n := a.width
	for _, d := range a.Shape {
		if d > 0 && n > math.MaxInt/d {
			return 0, errors.New("its shape is too large")
		}
		n *= d
	}
	return n, nil
}

// Len is the number of values.
func (a *Array) Len() int { return len(a.raw) / a.width }

// transpose brings values in the order of Fortran into that of C.
func (a *Array) transpose() {
	out := make([]byte, len(a.raw))
	index := make([]int, len(a.Shape))
	for at := 0; at < len(a.raw); at += a.width {
		// index counts in Fortran's order: the first index is the fastest.
		to := 0
		for d, i := range index {
			to = to*a.Shape[d] + i
		}
		copy(out[to*a.width:], a.raw[at:at+a.width])
		for d := range index {
			if index[d]++; index[d] < a.Shape[d] {
				break
			}
			index[d] = 0
		}
	}
	a.raw = out
}

// IsFloat says whether the values are floating-point numbers.
func (a *Array) IsFloat() bool { return a.Type[0] == 'f' }

// Bytes are the values of an array of uint8.
func (a *Array) Bytes() ([]byte, error) {
	if a.Type != "uint8" {
		return nil, fmt.Errorf("the values are %s; they must be uint8", a.Type)
	}
	return a.raw, nil
}

// Float32s are the values of an array of numbers, rounded to float32.
func (a *Array) Float32s() []float32 {
	out := make([]float32, a.Len())
	if a.Type == "float32" && a.order == binary.LittleEndian {
		for i := range out {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(a.raw[4*i:]))
		}
		return out
	}
	for i := range out {
		if a.IsFloat() {
			out[i] = float32(a.float(i))
		} else {
			out[i] = float32(a.int(i))
		}
	}
	return out
}

// Int32s are the values of an array of whole numbers.
func (a *Array) Int32s() ([]int32, error) {
	if a.IsFloat() || a.Type == "bool" {
		return nil, fmt.Errorf("the values are %s; they must be whole numbers, such as int64", a.Type)
	}
	out := make([]int32, a.Len())
	for i := range out {
		v := a.int(i)
		if v < math.MinInt32 || v > math.MaxInt32 || a.Type == "uint64" && v < 0 {
			return nil, fmt.Errorf("value %d is not a whole number of 32 bits", i)
		}
		out[i] = int32(v)
	}
	return out, nil
}

func (a *Array) float(i int) float64 {
	b := a.raw[i*a.width:]
	switch a.width {
	case 2:
		return float16(a.order.Uint16(b))
	case 4:
		return float64(math.Float32frombits(a.order.Uint32(b)))
	}
	return math.Float64frombits(a.order.Uint64(b))
}

func (a *Array) int(i int) int64 {
	b := a.raw[i*a.width:]
	signed := a.Type[0] == 'i'
	switch a.width {
	case 1:
		if signed {
			return int64(int8(b[0]))
		}
		return int64(b[0])
	case 2:
		if v := a.order.Uint16(b); !signed {
			return int64(v)
		} else {
			return int64(int16(v))
		}
	case 4:
		if v := a.order.Uint32(b); !signed {
			return int64(v)
		} else {
			return int64(int32(v))
		}
	}
	return int64(a.order.Uint64(b))
}

// float16 widens a number of half precision.
func float16(h uint16) float64 {
	sign, exponent, fraction := 1.0, int(h>>10)&31, float64(h&1023)
	if h>>15 != 0 {
		sign = -1
	}
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// shapeText writes a shape as NumPy does.
func shapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = strconv.Itoa(d)
	}
	if len(parts) == 1 {
		return "(" + parts[0] + ",)"
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// ShapeText is the shape as NumPy writes it: (3, 4).
func (a *Array) ShapeText() string { return shapeText(a.Shape) }
