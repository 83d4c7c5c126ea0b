package tabular

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// testFile reads a file that another program wrote by default:
//
//	df = pd.DataFrame({"user": ["a", "b", "c"], "item": [10, 20, 30], "rating": [4.5, None, 3.0],
//	                   "when": pd.to_datetime(["2000-12-31 22:12:40"] * 3), "grp": ["x", None, "x"], "ok": [True, False, True]})
//	df["grp"] = df["grp"].astype("category")
func testFile(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestDefaultFilesOfOtherProgramsAreRead(t *testing.T) {
	for _, name := range []string{"pandas.parquet", "pandas.arrow", "pandas.csv", "polars.parquet", "polars.arrow", "duckdb.parquet",
		"pandas-plain.parquet", "pandas-gzip.parquet", "pandas-zstd.parquet", "pandas-lz4.parquet", "pandas-v2.parquet"} {
		table, err := Open(name, testFile(t, name), auto)
		if err != nil {
			t.Error(err)
			continue
		}
		if want := []string{"user", "item", "rating", "when", "grp", "ok"}; !reflect.DeepEqual(table.Columns, want) {
			t.Errorf("%s: columns %q", name, table.Columns)
			continue
		}
		c, err := table.Read(0, 1, 2, 3, 4, 5)
		if err != nil {
			t.Error(err)
			continue
		}
		users, err1 := c[0].IDs()
		items, err2 := c[1].IDs()
		times, found, err3 := c[3].Times()
		groups, err4 := c[4].Texts()
		flags, err5 := c[5].Texts()
		for _, err := range []error{err1, err2, err3, err4, err5} {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		at := int64(978300760 * 1e6)
		if !reflect.DeepEqual(users, []string{"a", "b", "c"}) || !reflect.DeepEqual(items, []string{"10", "20", "30"}) ||
			!reflect.DeepEqual(times, []int64{at, at, at}) || found != "dates and times" || !reflect.DeepEqual(groups, []string{"x", "", "x"}) ||
			!strings.EqualFold(strings.Join(flags, " "), "true false true") {
			t.Errorf("%s: %q %q %v (%s) %q %q", name, users, items, times, found, groups, flags)
		}
		if _, err := c[2].Numbers(); err == nil || !strings.Contains(err.Error(), "the value is missing") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: a null rating: %v", name, err)
		}
		if !c[2].Missing(1) || c[2].Missing(0) {
			t.Errorf("%s: the missing rating is %v %v", name, c[2].Missing(0), c[2].Missing(1))
		}
	}
}

// Every truncation, and a changed byte at every place, ends with columns or an error.
func TestDamagedFilesAreErrors(t *testing.T) {
	for _, name := range []string{"pandas.parquet", "polars.parquet", "duckdb.parquet", "polars.arrow"} {
		raw := testFile(t, name)
		read := func(raw []byte) {
			if table, err := Open(name, raw, auto); err == nil {
				for i := range table.Columns {
					table.Read(i)
				}
			}
		}
		for n := 6; n < len(raw); n += 29 {
			read(raw[:n])
			if _, err := Open(name, raw[:n], auto); err == nil {
				t.Errorf("%s: %d of %d bytes are a table", name, n, len(raw))
			}
		}
		for n := 4; n < len(raw); n += 5 {
			for _, flip := range []byte{1, 0x80, 0xff} {
				damaged := append([]byte(nil), raw...)
				damaged[n] ^= flip
				read(damaged)
			}
		}
	}
}

func TestParquetThatCannotBeReadIsTold(t *testing.T) {
	read := func(name string, column string) (*Column, error) {
		table, err := Open(name, testFile(t, name), auto)
		if err != nil {
			return nil, err
		}
		i, err := table.Find(column, "a test")
		if err != nil {
			return nil, err
		}
		c, err := table.Read(i)
		if err != nil {
			return nil, err
		}
		return c[0], nil
	}
	for _, c := range []struct{ file, column, want string }{
		{"pandas-brotli.parquet", "user", `pandas-brotli.parquet: column "user": it is compressed with Brotli (number 4); write it with snappy`},
		{"pandas-delta.parquet", "item", "its encoding is DELTA_BINARY_PACKED (number 5); write the file with the default encodings"},
		{"types.parquet", "l.list.element", "its values are lists or structs"},
		{"types.parquet", "d", "its values are decimal numbers"},
		{"types.parquet", "t", "its values are times of day"},
		{"types.parquet", "u", "row 1: 9223372036854775808 is too large"},
	} {
		if _, err := read(c.file, c.column); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %s: %v, want %s", c.column, c.file, err, c.want)
		}
	}
	for column, want := range map[string]string{"u8": "200", "day": "2000-12-31T00:00:00Z"} {
		c, err := read("types.parquet", column)
		if err != nil {
			t.Error(err)
			continue
		}
		if texts, err := c.Texts(); err != nil || texts[0] != want {
			t.Errorf("%s: %v %v, want %s", column, texts, err, want)
		}
	}
}

func TestTypesThatAreNoValuesAreTold(t *testing.T) {
	c := &Column{Name: "n", Float: []float64{1, math.Inf(1)}, table: "a.parquet", place: func(int) string { return "row 2" }}
	if _, err := c.Numbers(); err == nil || err.Error() != "a.parquet, row 2 (n): the number is infinite" {
		t.Error(err)
	}
	c = &Column{Time: []int64{0}, place: func(int) string { return "row 1" }}
	if _, err := c.Numbers(); err == nil || !strings.Contains(err.Error(), "it is a time, not a number") {
		t.Error(err)
	}
}
