package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Limits on a header, whose text may come from an untrusted source.
const (
	maxHeader  = 100_000_000 // bytes, as in the reference reader
	maxTensors = 100_000
	maxDims    = 64 // as in NumPy and PyTorch
)

// An entry describes a tensor in the header.
type entry struct {
	DType   string    `json:"dtype"`
	Shape   dims      `json:"shape"`
	Offsets *[2]int64 `json:"data_offsets"`

	name string
}

// dims are the dimensions of a shape.
type dims []int

// UnmarshalJSON counts the dimensions before it reads them, because they take up more memory than
// their text.
func (d *dims) UnmarshalJSON(text []byte) error {
	if bytes.Count(text, []byte(",")) >= maxDims {
		return fmt.Errorf("a shape of more than %d dimensions", maxDims)
	}
	return json.Unmarshal(text, (*[]int)(d))
}

// Parse reads the content of a file. For any input, it returns all tensors or an error. The data of
// the tensors must follow one another without overlaps and gaps, as the format demands. So the
// tensors take up no more memory than the file. Tensors of unread types have only a name, shape and
// type.
func Parse(b []byte) (File, error) {
	f, err := parse(b)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	return f, nil
}

func parse(b []byte) (File, error) {
	if len(b) < 8 {
		return nil, fmt.Errorf("the file has %d bytes, fewer than its length field", len(b))
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxHeader || n > uint64(len(b)-8) {
		return nil, fmt.Errorf("a header of %d bytes does not fit into the file's %d: truncated, or another format", n, len(b))
	}
	entries, err := parseHeader(b[8 : 8+n])
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	data := b[8+n:]
	if err := checkPlaces(entries, int64(len(data))); err != nil {
		return nil, err
	}
	f := make(File, len(entries))
	for _, e := range entries {
		f[e.name] = e.tensor(data)
	}
	return f, nil
}

// parseHeader reads the entries of a header in their order. It stops at the first wrong one.
func parseHeader(text []byte) ([]entry, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil {
		return nil, err
	} else if t != json.Delim('{') {
		return nil, fmt.Errorf("it begins with %v, not with {", t)
	}
	var entries []entry
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		name := t.(string) // the decoder accepts no other keys
		switch {
		case seen[name]:
			return nil, fmt.Errorf("two tensors are called %q", name)
		case len(seen) == maxTensors:
			return nil, fmt.Errorf("more than %d tensors", maxTensors)
		}
		seen[name] = true
		if name == "__metadata__" {
			if err := d.Decode(new(json.RawMessage)); err != nil {
				return nil, err
			}
			continue
		}
		e := entry{name: name}
		if err := d.Decode(&e); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		if err := e.check(); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", name, err)
		}
		entries = append(entries, e)
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) { // it may be padded with spaces
		return nil, errors.New("there is text after its end")
	}
	return entries, nil
}

// check checks what does not depend on the data.
func (e *entry) check() error {
	switch {
	case e.DType == "":
		return errors.New("no dtype")
	case e.Offsets == nil:
		return errors.New("no data_offsets")
	}
	start, end := e.Offsets[0], e.Offsets[1]
	if start < 0 || end < start {
		return fmt.Errorf("its data [%d, %d) is not a range", start, end)
	}
	n := product(e.Shape)
	if width, known := widths[e.DType]; n < 0 || known && n*width != end-start {
		return fmt.Errorf("shape %v of %s does not fill %d bytes", []int(e.Shape), e.DType, end-start)
	}
	return nil
}

// checkPlaces checks that the data of all tensors fills size bytes, without overlaps and gaps. It
// sorts the entries by the place of their data.
func checkPlaces(entries []entry, size int64) error {
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Offsets[0], b.Offsets[0]), cmp.Compare(a.Offsets[1], b.Offsets[1]), cmp.Compare(a.name, b.name))
	})
	end, last := int64(0), ""
	for _, e := range entries {
		start, stop := e.Offsets[0], e.Offsets[1]
		switch {
		case start < end:
			return fmt.Errorf("the data of tensor %q begins at byte %d, inside the data of %q, which ends at byte %d", e.name, start, last, end)
		case start > end:
			return fmt.Errorf("a gap of %d bytes before the data of tensor %q: no tensor has the bytes %d to %d", start-end, e.name, end, start)
		case stop > size:
			return fmt.Errorf("the data of tensor %q [%d, %d) lies outside the file's %d bytes of data: truncated?", e.name, start, stop, size)
		}
		end, last = stop, e.name
	}
	if end != size {
		return fmt.Errorf("the tensors end at byte %d, but the file has %d bytes of data", end, size)
	}
	return nil
}

// tensor returns the tensor with the values in data.
func (e *entry) tensor(data []byte) Tensor {
	t := Tensor{Name: e.name, Shape: e.Shape}
	part := data[e.Offsets[0]:e.Offsets[1]]
	n := product(e.Shape)
	switch e.DType {
	case "F32":
		t.F32 = make([]float32, n)
		for i := range t.F32 {
			t.F32[i] = math.Float32frombits(binary.LittleEndian.Uint32(part[4*i:]))
		}
	case "I32":
		t.I32 = make([]int32, n)
		for i := range t.I32 {
			t.I32[i] = int32(binary.LittleEndian.Uint32(part[4*i:]))
		}
	case "I64":
		t.I64 = make([]int64, n)
		for i := range t.I64 {
			t.I64[i] = int64(binary.LittleEndian.Uint64(part[8*i:]))
		}
	case "U8":
		t.U8 = slices.Clone(part)
	default:
		t.Unread = e.DType
	}
	return t
}
