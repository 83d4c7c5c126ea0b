package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"foil/internal/testenv"
)

func sample() []Tensor {
	return []Tensor{
		{Name: "b.weight", Shape: []int{2, 3}, F32: []float32{1, -2, 3.5, 0, float32(math.Inf(1)), 6}},
		{Name: "a.class", Shape: []int{3}, I32: []int32{-1, 0, 7}},
		{Name: "a.label", Shape: []int{2}, I64: []int64{-1, 1 << 40}},
		{Name: "seen", Shape: []int{2, 2}, U8: []uint8{0, 1, 1, 0}},
		{Name: "empty", Shape: []int{0, 4}, F32: []float32{}},
		{Name: "scalar", Shape: []int{}, F32: []float32{9}},
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	var buf bytes.Buffer
	if err := Write(&buf, sample()); err != nil {
		t.Fatal(err)
	}
	f, err := Parse(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range sample() {
		got := f[want.Name]
		if !slices.Equal(got.Shape, want.Shape) || !slices.Equal(got.F32, want.F32) || !slices.Equal(got.I32, want.I32) || !slices.Equal(got.I64, want.I64) || !slices.Equal(got.U8, want.U8) {
			t.Errorf("%s: read %+v, want %+v", want.Name, got, want)
		}
	}
}

func TestOrderDoesNotChangeTheBytes(t *testing.T) {
	var a, b bytes.Buffer
	reversed := sample()
	slices.Reverse(reversed)
	if err := Write(&a, sample()); err != nil {
		t.Fatal(err)
	}
	if err := Write(&b, reversed); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two orders of the same tensors give different files")
	}
}

func TestBadFilesAreRefused(t *testing.T) {
	var buf bytes.Buffer
	if err := Write(&buf, sample()); err != nil {
		t.Fatal(err)
	}
	good := buf.Bytes()
	header := func(s string) []byte {
		return append([]byte{byte(len(s)), 0, 0, 0, 0, 0, 0, 0}, s...)
	}
	for _, c := range []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"empty", nil, "fewer than its length field"},
		{"cut in the header", good[:40], "does not fit"},
		{"cut in the data", good[:len(good)-3], "truncated?"},
		{"a zip", []byte("PK\x03\x04 this is another format"), "another format"},
		{"broken JSON", header(`{"a":`), "header"},
		{"no type", header(`{"a":{"shape":[0],"data_offsets":[0,0]}}`), "no dtype"},
		{"wrong size of a type that is not read", header(`{"a":{"dtype":"BF16","shape":[3],"data_offsets":[0,0]}}`), "does not fill"},
		{"unknown type and negative shape", header(`{"a":{"dtype":"F4","shape":[-1],"data_offsets":[0,0]}}`), "does not fill"},
		{"unknown type and no data", header(`{"a":{"dtype":"F4","shape":[4],"data_offsets":[0,2]}}`), "truncated?"},
		{"wrong size", header(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,0]}}`), "does not fill"},
		{"huge shape", header(`{"a":{"dtype":"F32","shape":[4294967295,4294967295,4294967295],"data_offsets":[0,0]}}`), "does not fill"},
		{"data in reverse", header(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`), "is not a range"},
		{"data before the file", header(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}`), "is not a range"},
		{"text after the header", header(`{} {}`), "text after its end"},
		{"a list", header(`[]`), "begins with"},
		{"a name twice", header(`{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`), `two tensors are called "a"`},
		{"metadata twice", header(`{"__metadata__":{},"__metadata__":{}}`), "two tensors"},
		{"no offsets", header(`{"a":{"dtype":"F32","shape":[0]}}`), "data_offsets"},
	} {
		if _, err := Parse(c.bytes); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// file is a file with a header and so many bytes of data.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

// tensor is an entry of a header: bytes of the file.
func tensor(name string, start, end int) string {
	return fmt.Sprintf(`%q:{"dtype":"U8","shape":[%d],"data_offsets":[%d,%d]}`, name, end-start, start, end)
}

func TestDataFollowsOneAnother(t *testing.T) {
	for _, c := range []struct {
		name    string
		tensors []string
		data    int
		want    string // "": it is accepted
	}{
		{"nothing", nil, 0, ""},
		{"in another order than the names", []string{tensor("a", 3, 5), tensor("b", 0, 3)}, 5, ""},
		{"empty tensors", []string{tensor("a", 0, 0), tensor("b", 0, 3), tensor("c", 3, 3), tensor("d", 3, 3), tensor("e", 3, 4)}, 4, ""},
		{"the same data", []string{tensor("a", 0, 4), tensor("b", 0, 4)}, 4, `tensor "b" begins at byte 0, inside the data of "a", which ends at byte 4`},
		{"overlapping data", []string{tensor("a", 0, 4), tensor("b", 3, 6)}, 6, `tensor "b" begins at byte 3`},
		{"data inside of other data", []string{tensor("a", 0, 9), tensor("b", 3, 3), tensor("c", 9, 9)}, 9, `tensor "b" begins at byte 3`},
		{"a gap at the start", []string{tensor("a", 2, 4)}, 4, `a gap of 2 bytes before the data of tensor "a"`},
		{"a gap between", []string{tensor("a", 0, 4), tensor("b", 5, 6)}, 6, `a gap of 1 bytes before the data of tensor "b"`},
		{"data after the end", []string{tensor("a", 0, 4)}, 5, "the tensors end at byte 4, but the file has 5"},
		{"data of no tensor", nil, 5, "the tensors end at byte 0, but the file has 5"},
		{"too little data", []string{tensor("a", 0, 4), tensor("b", 4, 9)}, 8, "truncated?"},
	} {
		f, err := Parse(file("{"+strings.Join(c.tensors, ",")+"}  ", c.data))
		switch {
		case c.want == "" && (err != nil || len(f) != len(c.tensors)):
			t.Errorf("%s: %v, %v", c.name, f, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// Files whose tensors, names or shapes would take up many times their size.
func TestMemoryIsInProportionToTheFile(t *testing.T) {
	const data = 1 << 20
	same, empty := make([]string, 10_000), make([]string, 2*maxTensors)
	for i := range same {
		same[i] = tensor(fmt.Sprint(i), 0, data)
	}
	for i := range empty {
		empty[i] = tensor(fmt.Sprint(i), 0, 0)
	}
	shape := func(dims string) string {
		return `{"a":{"dtype":"U8","shape":[` + dims + `],"data_offsets":[0,0]}}`
	}
	for name, b := range map[string][]byte{
		"tensors that share their data": file("{"+strings.Join(same, ",")+"}", data),
		"empty tensors":                 file("{"+strings.Join(empty, ",")+"}", 0),
		"dimensions":                    file(shape(strings.Repeat("1,", 1_000_000)+"0"), 0),
		"dimensions in lists":           file(shape(strings.Repeat("[", 1_000_000)), 0),
		"nested entries":                file(`{"a":`+strings.Repeat("[", 1_000_000), 0),
		"nested metadata":               file(`{"__metadata__":`+strings.Repeat(`{"a":`, 1_000_000), 0),
		"offsets":                       file(`{"a":{"data_offsets":[`+strings.Repeat("1,", 1_000_000)+`1]}}`, 0),
	} {
		var err error
		used := testenv.Allocated(func() { _, err = Parse(b) })
		if most := uint64(16*len(b) + 1<<20); err == nil || used > most {
			t.Errorf("%s: %d bytes of memory for a file of %d, more than %d (error %.200v)", name, used, len(b), most, err)
		}
	}
}

// withExtra is a file of w = [1, 2] and extra, two values of a type that takes so many
// bytes each.
func withExtra(dtype string, width int) []byte {
	header := fmt.Sprintf(`{"extra":{"dtype":%q,"shape":[2],"data_offsets":[8,%d]},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, dtype, 8+2*width)
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	for _, v := range []float32{1, 2} {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return append(b, make([]byte, 2*width)...)
}

func TestATensorOfATypeThatIsNotReadLeavesTheOthersReadable(t *testing.T) {
	for dtype, width := range map[string]int{"F16": 2, "BF16": 2, "F64": 8, "BOOL": 1, "TO_COME": 3} {
		f, err := Parse(withExtra(dtype, width))
		if err != nil {
			t.Errorf("%s: %v", dtype, err)
			continue
		}
		if w, err := f.Float32("w", []int{2}); err != nil || !slices.Equal(w, []float32{1, 2}) {
			t.Errorf("%s: w is %v (%v)", dtype, w, err)
		}
		extra := f["extra"]
		if extra.Name != "extra" || extra.Type() != dtype || !slices.Equal(extra.Shape, []int{2}) {
			t.Errorf("%s: extra is %+v", dtype, extra)
		}
		want := `tensor "extra" has type ` + dtype + ", not F32"
		if _, err := f.Float32("extra", []int{2}); err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %s", dtype, err, want)
		}
		if err := Write(io.Discard, []Tensor{extra}); err == nil || !strings.Contains(err.Error(), dtype) {
			t.Errorf("%s: error %v when it is written without its values", dtype, err)
		}
	}
}

func TestMissingTensorsAreNamed(t *testing.T) {
	f := File{"w": {Name: "w", Shape: []int{2}, F32: []float32{1, 2}}, "c": {Name: "c", Shape: []int{1}, I32: []int32{1}}}
	for _, c := range []struct {
		name  string
		shape []int
		want  string
	}{{"v", []int{2}, "no tensor"}, {"w", []int{3}, "shape [2], not [3]"}, {"c", []int{1}, "type I32, not F32"}} {
		if _, err := f.Float32(c.name, c.shape); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	var buf bytes.Buffer
	if err := Write(&buf, sample()); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Add(withExtra("F16", 2))
	f.Add(file("{"+tensor("a", 0, 4)+","+tensor("b", 4, 9)+"}", 9))
	f.Add(file("{"+tensor("a", 0, 4)+","+tensor("b", 3, 9)+"}", 9))
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Parse(b)
		if err != nil {
			return
		}
		size := 0
		for name, tensor := range file {
			want := product(tensor.Shape)
			if want < 0 || tensor.Type() == "" {
				t.Errorf("%q has shape %v and type %q", name, tensor.Shape, tensor.Type())
			}
			if tensor.Unread != "" {
				want = 0
			}
			size += 4*len(tensor.F32) + 4*len(tensor.I32) + 8*len(tensor.I64) + len(tensor.U8)
			if n := int64(len(tensor.F32) + len(tensor.I32) + len(tensor.I64) + len(tensor.U8)); n != want {
				t.Errorf("%q has %d values for %s of shape %v", name, n, tensor.Type(), tensor.Shape)
			}
		}
		if size > len(b) {
			t.Errorf("%d bytes of values in a file of %d", size, len(b))
		}
	})
}
