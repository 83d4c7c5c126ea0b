package tabular

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

var auto = Options{Separator: Auto, Encoding: Auto, Quotes: true, Expect: []string{"user", "item"}}

// texts opens a file and reads all columns.
func texts(raw string, o Options) (*Table, [][]string, error) {
	t, err := Open("a.csv", []byte(raw), o)
	if err != nil {
		return nil, nil, err
	}
	var all []int
	for i := range t.Columns {
		all = append(all, i)
	}
	columns, err := t.Read(all...)
	if err != nil {
		return t, nil, err
	}
	var out [][]string
	for _, c := range columns {
		got, err := c.Texts()
		if err != nil {
			return t, nil, err
		}
		out = append(out, got)
	}
	return t, out, nil
}

func utf16le(s string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func TestFormsOfTextAreFoundOut(t *testing.T) {
	with := func(change func(o *Options)) Options {
		o := auto
		change(&o)
		return o
	}
	for _, c := range []struct {
		name, raw string
		o         Options
		form      string
		want      [][]string // nil: user a b, item x y
	}{
		{"commas", "user,item\na,x\nb,y\n", auto, "text in utf-8, separated by commas", nil},
		{"no last line end", "user,item\na,x\nb,y", auto, "separated by commas", nil},
		{"Windows lines, mark", "\xef\xbb\xbfuser,item\r\na,x\r\nb,y\r\n", auto, "utf-8", nil},
		{"old Mac lines", "user,item\ra,x\rb,y\r", auto, "utf-8", nil},
		{"spaces", "user, item\na, x\nb ,y \n", auto, "commas", nil},
		{"tabs", "user\titem\na\tx\nb\ty\n", auto, "tabs", nil},
		{"semicolons", "user;item\na;x\nb;y\n", auto, "semicolons", nil},
		{"bars", "user|item\na|x\nb|y\n", auto, "vertical bars", nil},
		{"spaces between", "user item\na x\nb y\n", auto, "spaces", nil},
		{"a comma in each value", "user;item\na,1;x\nb,1;y\n", auto, "semicolons", [][]string{{"a,1", "b,1"}, {"x", "y"}}},
		{"MovieLens", "a::x\nb::y\n", with(func(o *Options) { o.Columns = []string{"user", "item"} }), `separated by "::"`, nil},
		{"quotes", "\"user\",item\n\"a\",\"x\"\n\"b\" ,y\n", auto, "commas", nil},
		{"quoted separators", "user,item\n\"a,\"\"b\"\"\nc\",x\n", auto, "commas", [][]string{{"a,\"b\"\nc"}, {"x"}}},
		{"quotes in a field", "user,item\na\"b,x\n", auto, "commas", [][]string{{"a\"b"}, {"x"}}},
		{"quotes that are text", "user\titem\n\"Heroes\" by Bowie\tx\n", with(func(o *Options) { o.Quotes = false }), "tabs", [][]string{{`"Heroes" by Bowie`}, {"x"}}},
		{"UTF-16", "\xff\xfe" + utf16le("user,item\na,x\nb,y\n"), auto, "text in utf-16", nil},
		{"Windows-1252", "user,item\nJos\xe9,\x80\n", auto, "text in windows-1252", [][]string{{"José"}, {"€"}}},
		{"Latin-1", "user,item\nJos\xe9,x\n", with(func(o *Options) { o.Encoding = Latin1 }), "latin-1", [][]string{{"José"}, {"x"}}},
		{"empty lines at the end", "user,item\na,x\nb,y\n\n\n", auto, "commas", nil},
		{"missing values", "user,item\n,x\nb,\n", auto, "commas", [][]string{{"", "b"}, {"x", ""}}},
		{"named separator", "user~item\na~x\nb~y\n", with(func(o *Options) { o.Separator = "~" }), `separated by "~"`, nil},
	} {
		table, got, err := texts(c.raw, c.o)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		want := c.want
		if want == nil {
			want = [][]string{{"a", "b"}, {"x", "y"}}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
		if !strings.Contains(table.Form, c.form) {
			t.Errorf("%s: the form is %s; want %s", c.name, table.Form, c.form)
		}
		if c.form == "text in windows-1252" && len(table.Notes) != 1 {
			t.Errorf("%s: the guess is not told: %q", c.name, table.Notes)
		}
	}
}

func TestWhatIsWrongWithTextIsToldWithItsPlace(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{"empty", "", "a.csv: it is empty"},
		{"empty lines", "\n\n", "it has no lines with values"},
		{"a field too many", "user,item\na,x\nb,y,z\n", "a.csv: line 3 has 3 fields, but the table has 2 columns"},
		{"a field too few, after a field of two lines", "user,item\n\"a\nb\",x\nb\n", "a.csv: line 4 has 1 field, but"},
		{"an open quote", "user,item\na,x\nb,\"y\n", "line 3, column 2: a quote is not closed"},
		{"text after a quote", "user,item\n\"a\" b,x\n", `line 2, column 1: "b,x" follows the closing quote`},
		{"gzip", "\x1f\x8b\x08abc", "it is packed with gzip; unpack it"},
		{"an Excel file", "PK\x03\x04", "Excel file; save it as CSV"},
		{"two encodings", "user,item\né,x\n\xe9,y\n", "line 3 is not UTF-8, but line 2 is"},
		{"undefined bytes", "user,item\na,x\n\x81,y\n", "line 3 has bytes that are neither UTF-8 nor Windows-1252"},
		{"NUL", "user,item\na,x\x00\n", "line 2 has a NUL byte"},
		{"half of UTF-16", "\xff\xfea", "number of bytes is odd"},
	} {
		if _, _, err := texts(c.raw, auto); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", c.name, err, c.want)
		}
	}
	o := auto
	o.Columns = []string{"user", "item"}
	if _, _, err := texts("user,item\na,x\n", o); err == nil || !strings.Contains(err.Error(), "line 1 is a head") {
		t.Errorf("a head beside columns: %v", err)
	}
}

func TestMissingColumnsAreToldWithThoseThatAreThere(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"users,item\na,x\n", `a.csv has no column "user" (the users); it has "users", "item" (text in utf-8, separated by commas); did you mean "users"?`},
		{"1,1193,5\n1,661,3\n", `it has "1", "1193", "5" (text in utf-8, separated by commas); if the file has no head, give the names`},
		{"user,user\na,x\n", `a.csv: columns 1 and 2 are both called "user"; rename one`},
	} {
		table, err := Open("a.csv", []byte(c.raw), auto)
		if err == nil {
			_, err = table.Find("user", "the users")
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; want %s", c.raw, err, c.want)
		}
	}
}

func TestValuesAreCheckedWithTheirPlace(t *testing.T) {
	numbers := func(c *Column) error { _, err := c.Numbers(); return err }
	times := func(c *Column) error { _, _, err := c.Times(); return err }
	ids := func(c *Column) error { _, err := c.IDs(); return err }
	for _, c := range []struct {
		value, want string
		as          func(*Column) error
	}{
		{"abc", `a.csv, line 3, column 2 (v): "abc" is not a number`, numbers},
		{`"3,5"`, "write a decimal point", numbers},
		{"", "line 3, column 2 (v): the value is missing", numbers},
		{"NaN", "is not a number", numbers}, {"0x10", "is not a number", numbers}, {"1_000", "is not a number", numbers},
		{"1e999", "is not a number", numbers},
		{"12/31/2020", "is not a number", times}, {"", "the value is missing", times},
		{"", "the value is missing", ids},
	} {
		table, err := Open("a.csv", []byte("u,v\na,1\nb,"+c.value+"\n"), auto)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := table.Read(1)
		if err == nil {
			err = c.as(columns[0])
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; want %s", c.value, err, c.want)
		}
	}
}

func TestTimesOfAllKinds(t *testing.T) {
	const at = 978300760 // 2000-12-31T22:12:40Z
	for _, c := range []struct{ text, found string }{
		{"978300760", "seconds since 1970"}, {"978300760000", "milliseconds since 1970"}, {"978300760000000", "microseconds since 1970"},
		{"978300760000000000", "nanoseconds since 1970"}, {"978300760.0", "seconds since 1970"}, {"9.7830076e8", "seconds since 1970"},
		{"2000-12-31 22:12:40", "dates and times"}, {"2000-12-31T22:12:40Z", "dates and times"}, {"2001-01-01T00:12:40+02:00", "dates and times"},
		{"2000-12-31T22:12:40.000", "dates and times"},
	} {
		c0 := &Column{Text: []string{c.text}, place: func(int) string { return "line 2" }}
		got, found, err := c0.Times()
		if err != nil || got[0] != at*1e6 || found != c.found {
			t.Errorf("%s: %v %s %v", c.text, got, found, err)
		}
	}
	for text, want := range map[string]int64{"978300760": at * 1e6, "2000-12-31": 978220800 * 1e6, "0.5": 5e5} {
		if got, err := ParseTime(text); err != nil || got != want {
			t.Errorf("%s: %d %v, want %d", text, got, err, want)
		}
	}
	if _, err := ParseTime("yesterday"); err == nil {
		t.Error("yesterday is a time")
	}
}

// Whatever the bytes, reading ends with an error, or with columns of equal length.
func FuzzOpen(f *testing.F) {
	for _, s := range []string{"user,item\na,x\n", "user\titem\n\"a\"\"\tx\"\t1\n", "a::b\n\n1::2", "\xff\xfea\x00", "PAR1", "ARROW1", "\xff\xff\xff\xff\x10\x00\x00\x00"} {
		f.Add([]byte(s), Auto, Auto)
	}
	for _, file := range []string{"pandas.parquet", "polars.parquet", "duckdb.parquet", "pandas.arrow"} {
		f.Add(testFile(f, file), Auto, Auto)
	}
	f.Fuzz(func(t *testing.T, raw []byte, separator, encoding string) {
		if separator == "" {
			return
		}
		began := time.Now()
		defer func() {
			if took := time.Since(began); took > 3*time.Second && len(raw) < 1<<16 {
				t.Errorf("%d bytes took %v", len(raw), took)
			}
		}()
		table, err := Open("a", raw, Options{Separator: separator, Encoding: encoding, Quotes: true})
		if err != nil {
			return
		}
		var all []int
		for i := range min(len(table.Columns), 5) {
			all = append(all, i)
		}
		columns, err := table.Read(all...)
		if err != nil {
			return
		}
		for _, c := range columns {
			if c.Len() != columns[0].Len() {
				t.Fatalf("columns of %d and %d values", c.Len(), columns[0].Len())
			}
			c.Texts()
			c.Numbers()
			c.Times()
			for row := range c.Len() {
				c.Place(row)
			}
		}
	})
}

// A million lines like those of MovieLens, all columns as what they are.
func BenchmarkMillionLines(b *testing.B) {
	raw := millionLines()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		table, err := Open("a.csv", raw, auto)
		if err != nil {
			b.Fatal(err)
		}
		columns, err := table.Read(0, 1, 2, 3)
		if err != nil {
			b.Fatal(err)
		}
		columns[0].IDs()
		columns[1].IDs()
		columns[2].Numbers()
		columns[3].Times()
	}
}

func millionLines() []byte {
	var s strings.Builder
	s.WriteString("user,item,rating,timestamp\n")
	for i := range 1_000_000 {
		fmt.Fprintf(&s, "%d,%d,%d.5,%d\n", i/166, (i*7919)%3706, i%5, 978300760+i)
	}
	return []byte(s.String())
}
