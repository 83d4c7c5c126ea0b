package artifact

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

func someImages() *Images {
	return &Images{Shape: someShape, Classes: []string{"cat", "dog"}, Train: someSet,
		Test: ImageSet{Label: []int32{1}, Pixels: []uint8{6, 5, 4, 3, 2, 1}}}
}

// written writes images into a folder and returns where its files are.
func written(t *testing.T, m *Images) PathFunc {
	t.Helper()
	dir := t.TempDir()
	if err := m.Write(func(f string) (*os.File, error) { return os.Create(filepath.Join(dir, f)) }); err != nil {
		t.Fatal(err)
	}
	return func(f string) (string, error) { return filepath.Join(dir, f), nil }
}

func TestImagesSurviveTheDisk(t *testing.T) {
	want := someImages()
	got, err := ReadImages(written(t, want))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPixelsAreTheFilesOwnBytes(t *testing.T) {
	raw := encoded(t, writers()["images"])
	x, err := decodeImageSet(raw, someShape)
	if err != nil {
		t.Fatal(err)
	}
	at := uintptr(unsafe.Pointer(&x.Pixels[0])) - uintptr(unsafe.Pointer(&raw[0]))
	if at >= uintptr(len(raw)) || !bytes.Equal(raw[at:][:len(x.Pixels)], someSet.Pixels) {
		t.Error("the pixels were copied")
	}
}

// imageFile makes a file in the form of other programs: one batch per text, with null for a missing
// value.
func imageFile(t testing.TB, label arrow.DataType, width int, batches ...string) []byte {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "label", Type: label, Nullable: true},
		{Name: "image", Type: &arrow.FixedSizeBinaryType{ByteWidth: width}, Nullable: true},
	}, nil)
	var out bytes.Buffer
	w, err := ipc.NewFileWriter(&counted{w: &out}, ipc.WithSchema(schema))
	if err != nil {
		t.Fatal(err)
	}
	for _, json := range batches {
		b, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(json))
		if err == nil {
			err = w.Write(b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestBatchesOfImagesAreJoined(t *testing.T) {
	i32 := arrow.PrimitiveTypes.Int32
	for name, batches := range map[string][]string{
		"one":   {`[{"label": 1, "image": "AAEC"}, {"label": 0, "image": "AwQF"}]`},
		"two":   {`[{"label": 1, "image": "AAEC"}]`, `[{"label": 0, "image": "AwQF"}]`},
		"empty": {`[{"label": 1, "image": "AAEC"}]`, `[]`, `[{"label": 0, "image": "AwQF"}]`},
	} {
		x, err := decodeImageSet(imageFile(t, i32, 3, batches...), Shape{3, 1, 1})
		if want := (ImageSet{[]int32{1, 0}, []uint8{0, 1, 2, 3, 4, 5}}); err != nil || !reflect.DeepEqual(x, want) {
			t.Errorf("%s: got %+v, %v", name, x, err)
		}
	}
	if x, err := decodeImageSet(imageFile(t, i32, 3), Shape{3, 1, 1}); err != nil || x.Len() != 0 {
		t.Errorf("no batch: got %+v, %v", x, err)
	}
}

func TestForeignImagesAreRefused(t *testing.T) {
	i32 := arrow.PrimitiveTypes.Int32
	sound := imageFile(t, i32, 3, `[{"label": 1, "image": "AAEC"}]`)
	for _, c := range []struct {
		name string
		raw  []byte
		want string
	}{
		{"another size", imageFile(t, i32, 6, `[{"label": 1, "image": "AAECAAEC"}]`), "images have 6 bytes, but 3 x 1 x 1 in image.json means 3"},
		{"wider labels", imageFile(t, arrow.PrimitiveTypes.Int64, 3, `[{"label": 1, "image": "AAEC"}]`), `column "label" is int64; it must be int32`},
		{"a label missing", imageFile(t, i32, 3, `[{"image": "AAEC"}]`), "column 0 holds nulls"},
		{"an image missing", imageFile(t, i32, 3, `[{"label": 1}]`), "column 1 holds nulls"},
		{"an unknown class", imageFile(t, i32, 3, `[{"label": 2, "image": "AAEC"}]`), `column "label", row 0: 2 is outside 0..1`},
		{"a negative class", imageFile(t, i32, 3, `[{"label": -1, "image": "AAEC"}]`), `column "label", row 0: -1 is outside 0..1`},
		{"another table", encoded(t, writers()["interactions"]), `the columns are "user", "item"; they must be "label", "image"`},
		{"cut off", sound[:len(sound)-20], "not a valid Arrow file"},
		{"nothing", nil, "not a valid Arrow file"},
	} {
		path := saved(t, c.raw)
		if _, err := readImageSet(path, Shape{3, 1, 1}, 2); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error is %v, wants %q and the file's name", c.name, err, c.want)
		}
	}
}

// The values of fixed size must be complete, for any schema of a file.
func TestWidthsThatLieAreRefused(t *testing.T) {
	sound := imageFile(t, arrow.PrimitiveTypes.Int32, 3, `[{"label": 1, "image": "AAEC"}]`)
	if _, err := inspect(sound); err != nil {
		t.Fatal(err)
	}
	for width, want := range map[uint32]string{
		77:         "batch 0 has 1 values of 77 bytes in column 1, but only 3 bytes for them",
		0:          "column 1 has values of 0 bytes; 1 to 16777216 are allowed",
		0xFFFFFFFF: "column 1 has values of -1 bytes; 1 to 16777216 are allowed",
		1 << 30:    "column 1 has values of 1073741824 bytes; 1 to 16777216 are allowed",
	} {
		if _, err := inspect(withWidth(t, sound, width)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("width %d: error is %v, wants %q", width, err, want)
		}
	}
}

// withWidth changes the width of column 1 in the footer's schema.
func withWidth(t testing.TB, raw []byte, width uint32) []byte {
	t.Helper()
	raw = bytes.Clone(raw)
	end := len(raw) - 10
	footer := raw[end-int(binary.LittleEndian.Uint32(raw[end:])) : end]
	typ := flatRoot(footer).table(1).element(1, 1).table(3)
	at := typ.field(0)
	if at == 0 {
		t.Fatal("the schema has no width")
	}
	binary.LittleEndian.PutUint32(footer[at:], width)
	return raw
}

func TestBadImagesAreNotWritten(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Images)
		want   string
	}{
		"no channels":      {func(m *Images) { m.Shape.Channels = 0 }, "images of 0 x 1 x 2"},
		"too large":        {func(m *Images) { m.Shape = Shape{1 << 20, 1 << 20, 1 << 30} }, "their product at most 16777216"},
		"pixels missing":   {func(m *Images) { m.Test.Pixels = m.Test.Pixels[1:] }, "5 bytes of pixels for 1 images of 3 x 1 x 2, which need 6"},
		"a class missing":  {func(m *Images) { m.Classes = m.Classes[:1] }, `column "label", row 0: 1 is outside 0..0`},
		"a class twice":    {func(m *Images) { m.Classes = []string{"cat", "cat"} }, `class 1 is called "cat"`},
		"a nameless class": {func(m *Images) { m.Classes = []string{"", "cat"} }, `class 0 is called ""`},
	} {
		m := someImages()
		c.change(m)
		dir := t.TempDir()
		err := m.Write(func(f string) (*os.File, error) { return os.Create(filepath.Join(dir, f)) })
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, wants %q", name, err, c.want)
		}
	}
}

func TestBadShapesAreRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"channels":3,"height":32}`:                    "images of 3 x 32 x 0",
		`{"channels":3,"height":-1,"width":2}`:          "images of 3 x -1 x 2",
		`{"channels":3,"height":1,"width":2,"depth":1}`: "depth",
		`3 x 1 x 2`: ImageFile,
		``:          ImageFile,
		`{"channels":3e9,"height":1e9,"width":1000000000}`: ImageFile,
	} {
		path := written(t, someImages())
		p, _ := path(ImageFile)
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadImages(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), p) {
			t.Errorf("%s: error is %v, wants %q and the file's name", text, err, want)
		}
	}
}

func BenchmarkImages(b *testing.B) {
	const n = 50_000
	m := &Images{Shape: Shape{3, 32, 32}, Train: ImageSet{Label: make([]int32, n), Pixels: make([]uint8, n*3072)}}
	for i := range 10 {
		m.Classes = append(m.Classes, fmt.Sprint(i))
	}
	path := filepath.Join(b.TempDir(), TrainFile)
	b.Run("write", func(b *testing.B) {
		b.SetBytes(n * 3072)
		b.ReportAllocs()
		for b.Loop() {
			create := func(string) (*os.File, error) { return os.Create(path) }
			write := func(w io.Writer) error { return writeImageSet(w, m.Train, m.Shape, 10) }
			if err := WriteFile(create, TrainFile, write); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(n * 3072)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := readImageSet(path, m.Shape, 10); err != nil {
				b.Fatal(err)
			}
		}
	})
}
