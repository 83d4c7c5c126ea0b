package artifact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

var (
	someInteractions = Interactions{User: []int32{0, 0, 2, 3}, Item: []int32{1, 4, 0, 2}}
	someUsers        = Users{
		ID: []string{"7", "9", "é"},
		Attributes: []Attribute{
			{Name: "gender", Category: []string{"f", "", "m"}},
			{Name: "age", Number: []float32{18, 25, 56}},
		},
		Part: []string{Train, Validation, Test},
	}
	someItems   = Items{ID: []string{"a", "b"}, Title: []string{"Amélie (2001)", ""}}
	someMetrics = []Metric{
		{Name: "ndcg", Value: 0.5, K: 10, Split: "test", Checkpoint: "best"},
		{Name: "bacc", Value: math.Inf(1), Group: "gender=f"},
	}
	someShape    = Shape{Channels: 3, Height: 1, Width: 2}
	someSet      = ImageSet{Label: []int32{1, 0, 1}, Pixels: []uint8{0, 1, 2, 3, 4, 5, 250, 251, 252, 253, 254, 255, 9, 8, 7, 6, 5, 4}}
	someOutcomes = &Outcomes{
		Unit:       UnitUser,
		Parts:      []OutcomePart{{Test, "best", 2}, {Test, "last", 3}},
		Units:      []int32{0, 2, 0, 2, 7},
		Attributes: []OutcomeAttribute{{"gender", []string{"f", "", "f", "", "m"}}, {"größe", []string{"1", "2", "1", "2", ""}}},
		Series: []OutcomeSeries{
			{Name: "ndcg", K: 10, Values: []float64{0.5, 0, 1, 0.25, 0.125}},
			{Name: "label", Group: "gender", Values: []float64{0, 5, 0, 5, 1}},
			{Name: "bacc", Group: "gender", Values: []float64{1, 0, 1, 1, 0}, Balance: "gender:label"},
		},
	}
	somePoints = []Point{{Epoch: 1, Name: "loss", Value: 3.5}, {Epoch: 2, Name: "loss", Value: 3.25}}
)

func writers() map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"interactions": func(w io.Writer) error { return WriteInteractions(w, someInteractions) },
		"users":        func(w io.Writer) error { return WriteUsers(w, someUsers) },
		"items":        func(w io.Writer) error { return WriteItems(w, someItems) },
		"outcomes":     func(w io.Writer) error { return WriteOutcomes(w, someOutcomes) },
		"metrics":      func(w io.Writer) error { return WriteMetrics(w, someMetrics) },
		"curves":       func(w io.Writer) error { return WriteCurves(w, somePoints) },
		"classes":      func(w io.Writer) error { return WriteClasses(w, []string{"cat", "dog"}) },
		"images":       func(w io.Writer) error { return writeImageSet(w, someSet, someShape, 2) },
	}
}

func readers() map[string]func(path string) (any, error) {
	return map[string]func(path string) (any, error){
		"interactions": func(p string) (any, error) { return ReadInteractions(p) },
		"users":        func(p string) (any, error) { return ReadUsers(p) },
		"items":        func(p string) (any, error) { return ReadItems(p) },
		"outcomes":     func(p string) (any, error) { return ReadOutcomes(p) },
		"metrics":      func(p string) (any, error) { return ReadMetrics(p) },
		"curves":       func(p string) (any, error) { return ReadCurves(p) },
		"classes":      func(p string) (any, error) { return ReadClasses(p) },
		"images":       func(p string) (any, error) { return readImageSet(p, someShape, 2) },
	}
}

func encoded(t testing.TB, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func saved(t testing.TB, raw []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.arrow")
	if err := os.WriteFile(path, raw, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	want := map[string]any{
		"interactions": someInteractions, "users": someUsers, "items": someItems,
		"metrics": someMetrics, "outcomes": someOutcomes, "curves": somePoints, "classes": []string{"cat", "dog"}, "images": someSet,
	}
	for name, read := range readers() {
		got, err := read(saved(t, encoded(t, writers()[name])))
		if err != nil {
			t.Fatal(name, err)
		}
		if !reflect.DeepEqual(got, want[name]) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want[name])
		}
	}
}

func TestMissingNumbersAreNull(t *testing.T) {
	u := Users{ID: []string{"1", "2"}, Attributes: []Attribute{{Name: "age", Number: []float32{float32(math.NaN()), 3}}}}
	got, err := ReadUsers(saved(t, encoded(t, func(w io.Writer) error { return WriteUsers(w, u) })))
	if err != nil {
		t.Fatal(err)
	}
	if n := got.Attributes[0].Number; !math.IsNaN(float64(n[0])) || n[1] != 3 {
		t.Errorf("got %v", n)
	}
}

func TestEmptyTablesAreRead(t *testing.T) {
	x, err := ReadInteractions(saved(t, encoded(t, func(w io.Writer) error { return WriteInteractions(w, Interactions{}) })))
	if err != nil || x.Len() != 0 {
		t.Errorf("got %v, %v", x, err)
	}
}

// The digests are literals so that a change of the bytes (a new version of the
// Arrow module, say) is never an accident: it voids every cache.
func TestBytesStayTheSame(t *testing.T) {
	want := map[string]string{
		"interactions": "08dd6a9dde07",
		"users":        "e7adb2e252ea",
		"items":        "7503200505e8",
		"metrics":      "9503ab138208",
		"outcomes":     "39b7f756665b",
		"curves":       "1bb115618c02",
		"classes":      "55ffc27bee3d",
		"images":       "c0002ba2f1c1",
	}
	for name, write := range writers() {
		first, second := encoded(t, write), encoded(t, write)
		if !bytes.Equal(first, second) {
			t.Errorf("%s: two writes differ", name)
		}
		sum := sha256.Sum256(first)
		if got := hex.EncodeToString(sum[:6]); got != want[name] {
			t.Errorf("%s: digest is %s, was %s", name, got, want[name])
		}
	}
}

func TestForeignTablesAreRefused(t *testing.T) {
	file := func(fields []arrow.Field, json string) []byte {
		schema := arrow.NewSchema(fields, nil)
		b, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(json))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w, err := ipc.NewFileWriter(&counted{w: &out}, ipc.WithSchema(schema))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	i32, i64, text := arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String
	user, item := arrow.Field{Name: "user", Type: i32, Nullable: true}, arrow.Field{Name: "item", Type: i32}
	for _, c := range []struct {
		name, reader string
		raw          []byte
		want         string
	}{
		{"another column", "interactions", file([]arrow.Field{user}, `[{"user": 1}]`), `the columns are "user"; they must be "user", "item"`},
		{"a wider type", "interactions", file([]arrow.Field{user, {Name: "item", Type: i64}}, `[{"user": 1, "item": 2}]`), `column "item" is int64; it must be int32`},
		{"a null", "interactions", file([]arrow.Field{user, item}, `[{"item": 2}]`), `column "user" holds nulls`},
		{"a negative id", "interactions", file([]arrow.Field{user, item}, `[{"user": -1, "item": 2}]`), `column "user", row 0: -1 is outside`},
		{"a pair twice", "interactions", file([]arrow.Field{user, item}, `[{"user": 1, "item": 2}, {"user": 1, "item": 2}]`), `row 1: the pair (1, 2)`},
		{"no user_id", "users", file([]arrow.Field{user}, `[{"user": 1}]`), `the first column is not "user_id"`},
		{"an integer attribute", "users", file([]arrow.Field{{Name: "user_id", Type: text}, {Name: "age", Type: i32}}, `[{"user_id": "1", "age": 3}]`), `column "age" is int32; an attribute is`},
		{"an unknown part", "users", file([]arrow.Field{{Name: "user_id", Type: text}, {Name: "part", Type: text}}, `[{"user_id": "1", "part": "dev"}]`), `"dev" is none of train`},
		{"a column twice", "users", file([]arrow.Field{{Name: "user_id", Type: text}, {Name: "user_id", Type: text}}, `[]`), `two columns are called "user_id"`},
		{"text", "items", []byte(strings.Repeat("hello ", 30)), "not a valid Arrow file"},
		{"nothing", "items", nil, "not a valid Arrow file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := saved(t, c.raw)
			_, err := readers()[c.reader](path)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error is %v, wants %q and the file's name", err, c.want)
			}
		})
	}
}

func TestBadTablesAreNotWritten(t *testing.T) {
	for name, err := range map[string]error{
		"unsorted":       WriteInteractions(io.Discard, Interactions{User: []int32{1, 0}, Item: []int32{0, 0}}),
		"unequal":        WriteInteractions(io.Discard, Interactions{User: []int32{1}}),
		"latin-1":        WriteItems(io.Discard, Items{ID: []string{"\xe9"}}),
		"short column":   WriteItems(io.Discard, Items{ID: []string{"1"}, Title: []string{}}),
		"attribute part": WriteUsers(io.Discard, Users{ID: []string{"1"}, Attributes: []Attribute{{Name: "part", Number: []float32{1}}}}),
		"part":           WriteUsers(io.Discard, Users{ID: []string{"1"}, Part: []string{"dev"}}),
	} {
		if err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func TestMissingAttributeNamesThoseThereAre(t *testing.T) {
	_, err := someUsers.Attribute("gendr")
	if want := `the users have no attribute "gendr"; they have "gender", "age"`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestRowsShareTheItems(t *testing.T) {
	r := NewRows(someInteractions)
	want := Rows{User: []int32{0, 2, 3}, Offset: []int32{0, 2, 3, 4}, Item: someInteractions.Item}
	if !reflect.DeepEqual(r, want) || &r.Item[0] != &someInteractions.Item[0] {
		t.Errorf("got %+v, want %+v", r, want)
	}
	if r := NewRows(Interactions{}); r.Len() != 0 || len(r.Offset) != 1 {
		t.Errorf("empty: got %+v", r)
	}
}

func TestSplitSurvivesTheDisk(t *testing.T) {
	dir := t.TempDir()
	x := Interactions{User: []int32{0, 1}, Item: []int32{1, 0}}
	s := &Split{Train: x, ValidationInput: x, ValidationTarget: x, TestInput: x, TestTarget: x, Users: someUsers, Items: someItems}
	if err := s.Write(func(f string) (*os.File, error) { return os.Create(filepath.Join(dir, f)) }); err != nil {
		t.Fatal(err)
	}
	path := func(f string) (string, error) { return filepath.Join(dir, f), nil }
	got, err := ReadSplit(path)
	if err != nil || !reflect.DeepEqual(got, s) {
		t.Fatalf("got %+v, %v", got, err)
	}

	t.Run("an id outside the tables is refused", func(t *testing.T) {
		far := Interactions{User: []int32{0}, Item: []int32{2}}
		if err := os.WriteFile(filepath.Join(dir, TestTargetFile), encoded(t, func(w io.Writer) error { return WriteInteractions(w, far) }), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSplit(path); err == nil || !strings.Contains(err.Error(), `test_target.arrow: column "item", row 0: 2 is outside 0..1`) {
			t.Error(err)
		}
	})
}

func TestTruncatedFilesAreErrors(t *testing.T) {
	for name, write := range writers() {
		raw := encoded(t, write)
		for n := 0; n < len(raw); n += 7 {
			if _, err := readers()[name](saved(t, raw[:n])); err == nil {
				t.Fatalf("%s: %d of %d bytes were read as a table", name, n, len(raw))
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, write := range writers() {
		raw := encoded(f, write)
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		decode(raw, func(t *table) error { _, err := t.interactions(math.MaxInt32, math.MaxInt32); return err })
		decode(raw, func(t *table) error { _, err := t.users(); return err })
		decode(raw, func(t *table) error { _, err := t.items(); return err })
		decode(raw, func(t *table) error { _, err := t.metrics(); return err })
		decode(raw, func(t *table) error { _, err := t.outcomes(); return err })
		decode(raw, func(t *table) error { _, err := t.curves(); return err })
		if x, err := decodeImageSet(raw, someShape); err == nil && len(x.Pixels) != x.Len()*someShape.Size() {
			t.Fatalf("%d bytes of pixels for %d images", len(x.Pixels), x.Len())
		}
	})
}
