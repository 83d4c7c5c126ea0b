package npy

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
)

// file makes a .npy file.
func file(descr, order, shape string, values any) []byte {
	var b bytes.Buffer
	header := "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n"
	b.WriteString(magic + "\x01\x00")
	binary.Write(&b, binary.LittleEndian, uint16(len(header)))
	b.WriteString(header)
	var endian binary.ByteOrder = binary.LittleEndian
	if strings.Contains(descr, ">") {
		endian = binary.BigEndian
	}
	binary.Write(&b, endian, values)
	return b.Bytes()
}

func TestNumbersOfAnyTypeAreRead(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want []float32
	}{
		"float32":    {file("'<f4'", "False", "(2, 2)", []float32{1, 2, 3, 4}), []float32{1, 2, 3, 4}},
		"float64":    {file("'<f8'", "False", "(2, 1)", []float64{0.1, -2}), []float32{0.1, -2}},
		"float16":    {file("'<f2'", "False", "(4,)", []uint16{0x3c00, 0xc000, 0x0001, 0x7bff}), []float32{1, -2, 5.9604645e-08, 65504}},
		"big endian": {file("'>f8'", "False", "(1,)", []float64{1.5}), []float32{1.5}},
		"Fortran":    {file("'<f4'", "True", "(2, 3)", []float32{1, 4, 2, 5, 3, 6}), []float32{1, 2, 3, 4, 5, 6}},
		"int8":       {file("'|i1'", "False", "(2,)", []int8{-1, 3}), []float32{-1, 3}},
		"int16":      {file("'<i2'", "False", "(1,)", []int16{-300}), []float32{-300}},
		"uint32":     {file("'<u4'", "False", "(1,)", []uint32{1 << 31}), []float32{1 << 31}},
		"scalar":     {file("'<f4'", "False", "()", []float32{7}), []float32{7}},
		"none":       {file("'<f4'", "True", "(0, 5)", []float32{}), []float32{}},
	} {
		a, err := Parse(c.file)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := a.Float32s(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
	a, err := Parse(file("'<f2'", "False", "(2,)", []uint16{0x7c00, 0x7e00}))
	if err != nil || !math.IsInf(float64(a.Float32s()[0]), 1) || !math.IsNaN(float64(a.Float32s()[1])) {
		t.Errorf("got %v (%v)", a, err)
	}
	if a, err = Parse(file("'<i8'", "False", "(2,)", []int64{-5, 1 << 40})); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Int32s(); err == nil || !strings.Contains(err.Error(), "value 1 is not a whole number of 32 bits") {
		t.Errorf("got %v", err)
	}
}

func TestDamagedFilesAreRefused(t *testing.T) {
	good := file("'<f4'", "False", "(2, 2)", []float32{1, 2, 3, 4})
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"text":       {[]byte("1,2,3"), "not a NumPy file"},
		"objects":    {file("'|O'", "False", "(1,)", []uint8{1}), "Python objects"},
		"texts":      {file("'<U5'", "False", "(1,)", []uint8{1}), "its values are texts"},
		"structured": {file("[('a', '<f4')]", "False", "(1,)", []uint8{1}), "structured array"},
		"truncated":  {good[:len(good)-3], "it is truncated: (2, 2) of float32 needs 16 bytes, and there are 13"},
		"longer":     {append(slices.Clone(good), 0), "1 bytes behind"},
		"head":       {good[:20], "it is truncated"},
		"too large":  {file("'<f4'", "False", "(4611686018427387904, 4)", []float32{}), "too large"},
		"no shape":   {file("'<f4'", "False", "None", []float32{}), "its header is damaged"},
	} {
		if _, err := Parse(c.file); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// archive makes a .npz file of files.
func archive(t testing.TB, files ...string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		w, err := z.Create(files[i])
		if err == nil {
			_, err = w.Write([]byte(files[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestArraysOfAnArchive(t *testing.T) {
	array, objects := string(file("'|u1'", "False", "(3,)", []uint8{1, 2, 3})), string(file("'|O'", "False", "(1,)", []uint8{1}))
	arrays, err := ParseZip(archive(t, "x.npy", array, "y.npy", array))
	if err != nil || len(arrays) != 2 {
		t.Fatalf("got %v (%v)", arrays, err)
	}
	if got, err := arrays["y"].Bytes(); err != nil || !slices.Equal(got, []byte{1, 2, 3}) {
		t.Errorf("got %v (%v)", got, err)
	}
	// What has not been asked for may be anything.
	mixed := archive(t, "x.npy", array, "names.npy", objects, "README", "text")
	if arrays, err = ParseZip(mixed, "x"); err != nil || len(arrays) != 1 || arrays["x"].Len() != 3 {
		t.Errorf("got %v (%v)", arrays, err)
	}
	for name, c := range map[string]struct {
		file  []byte
		names []string
		want  string
	}{
		"truncated":      {mixed[:50], nil, "not a .npz file"},
		"no array":       {mixed, nil, `array "names": its values are Python objects`},
		"a missing one":  {mixed, []string{"x", "z"}, `it has no array "z"; it has x, names, README`},
		"nothing":        {archive(t), []string{"x"}, `it has no array "x"; it has none`},
		"twice":          {archive(t, "x.npy", array, "x.npy", array), nil, `two arrays are called "x"`},
		"another file":   {archive(t, "x.npy", array, "x.txt", "text"), nil, `it holds "x.txt", which is not an array`},
		"a damaged file": {bytes.Replace(archive(t, "x.npy", array), []byte("PK\x01\x02"), []byte("PK\x01\x03"), 1), nil, "not a .npz file"},
	} {
		if _, err := ParseZip(c.file, c.names...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// Whatever the bytes, reading ends with arrays whose values can all be read, or with an error.
func FuzzParse(f *testing.F) {
	f.Add(file("'<f4'", "True", "(2, 2)", []float32{1, 2, 3, 4}))
	f.Add(file("'|u1'", "False", "(3,)", []uint8{1, 2, 3}))
	f.Add(file("'<i2'", "False", "(2,)", []int16{-1, 2}))
	f.Add([]byte(magic + "\x02\x00\xff\xff\xff\xff"))
	f.Add([]byte("PK\x03\x04"))
	f.Add(archive(f, "images.npy", string(file("'<u2'", "False", "(1,)", []uint16{7}))))
	f.Fuzz(func(t *testing.T, b []byte) {
		arrays, _ := ParseZip(b)
		ParseZip(b, "images")
		if a, err := Parse(b); err == nil {
			if a.Len() > len(b) {
				t.Errorf("%d values in %d bytes", a.Len(), len(b))
			}
			arrays = map[string]*Array{"": a}
		}
		for _, a := range arrays {
			a.Float32s()
			a.Int32s()
			a.Bytes()
		}
	})
}
