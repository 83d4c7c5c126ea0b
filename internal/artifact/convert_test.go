package artifact

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// foreign copies a table that another program wrote; testdata/foreign/make.py made them.
func foreign(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata/foreign", name+".arrow"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, raw, 0o444); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTablesOfOtherProgramsAreConverted(t *testing.T) {
	inf, nan := math.Inf(1), float32(math.NaN())
	metrics := []Metric{{"ndcg", 0.5, 10, "", "test", ""}, {"recall", inf, 20, "gender=f", "test", "best"}}
	readMetrics := func(path string) (any, error) { return ReadMetrics(path) }
	readUsers := func(path string) (any, error) { return ReadUsers(path) }
	readInteractions := func(path string) (any, error) { return ReadInteractions(path) }
	readItems := func(path string) (any, error) { return ReadItems(path) }
	for _, c := range []struct {
		file, as string
		read     func(string) (any, error)
		want     any
	}{
		{"metrics-pandas", MetricsFile, readMetrics, metrics},
		{"metrics-pandas-index", MetricsFile, readMetrics, metrics},
		{"metrics-polars", MetricsFile, readMetrics, metrics},
		{"metrics-polars-zstd", MetricsFile, readMetrics, metrics},
		{"metrics-polars-categorical", MetricsFile, readMetrics, metrics},
		{"metrics-polars-stream", MetricsFile, readMetrics, metrics},
		{"metrics-dictionary", MetricsFile, readMetrics, metrics},
		{"metrics-columns", MetricsFile, readMetrics, metrics},
		{"metrics-two", MetricsFile, readMetrics, []Metric{{Name: "a", Value: 1}, {Name: "b", Value: 2}}},
		{"metrics-float16", MetricsFile, readMetrics, []Metric{{Name: "a", Value: 0.5}, {Name: "b", Value: 2}}},
		{"metrics-no-k", MetricsFile, readMetrics, []Metric{{Name: "ndcg", Value: 0.5, K: 10}, {Name: "loss", Value: 2}}},
		{"metrics-no-k-float", MetricsFile, readMetrics, []Metric{{Name: "ndcg", Value: 0.5, K: 10}, {Name: "loss", Value: 2}}},
		{"users-pandas", UsersFile, readUsers, Users{ID: []string{"7", "3"}, Attributes: []Attribute{
			{Name: "age", Number: []float32{25, nan}}, {Name: "gender", Category: []string{"f", ""}}, {Name: "vip", Category: []string{"true", "false"}}}}},
		{"users-polars", UsersFile, readUsers, Users{ID: []string{"u1", "u2"}, Attributes: []Attribute{{Name: "gender", Category: []string{"f", "m"}}}}},
		{"interactions-polars", TrainFile, readInteractions, Interactions{User: []int32{0, 1, 1}, Item: []int32{2, 0, 1}}},
		{"interactions-pandas", InteractionsFile, readInteractions, Interactions{User: []int32{0, 1, 1}, Item: []int32{2, 0, 1}}},
		{"items-polars", ItemsFile, readItems, Items{ID: []string{"5", "6", "9"}, Title: []string{"a", "", "ü"}}},
	} {
		path := foreign(t, c.file)
		if converted, err := Convert(c.as, path); err != nil || !converted {
			t.Errorf("%s: converted %v, %v", c.file, converted, err)
			continue
		}
		got, err := c.read(path)
		if err != nil || !equalExceptNaN(got, c.want) {
			t.Errorf("%s: got %+v (%v), want %+v", c.file, got, err, c.want)
		}
		before, _ := os.ReadFile(path)
		if converted, err := Convert(c.as, path); err != nil || converted {
			t.Errorf("%s: converted a second time (%v, %v)", c.file, converted, err)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s: a file in foil's form was changed", c.file)
		}
	}
}

// equalExceptNaN compares values in which NaN equals NaN.
func equalExceptNaN(a, b any) bool {
	clean := func(v any) any {
		if u, ok := v.(Users); ok {
			for i := range u.Attributes {
				for j, x := range u.Attributes[i].Number {
					if x != x {
						u.Attributes[i].Number[j] = -1
					}
				}
			}
		}
		return v
	}
	return reflect.DeepEqual(clean(a), clean(b))
}

func TestTablesThatWouldLoseInformationAreRefused(t *testing.T) {
	for file, want := range map[string]string{
		"metrics-list":       `column "value" is a list (list<item: float64, nullable>); it must be a number: cast it`,
		"metrics-time":       `column "name" is a time (timestamp[us]); it must be text: cast it, in pyarrow with cast(pa.string())`,
		"metrics-decimal":    `column "value" is a decimal number (decimal(5, 2)); it must be a number`,
		"metrics-null":       `column "name", row 1: it is null, and every row must have a value`,
		"metrics-k":          `column "k", row 0: 0.5 is not a whole number of 32 bits`,
		"metrics-extra":      `column "fold" is not known here, and would be lost; remove it (the columns may be "name", "value", "k"`,
		"metrics-int":        `column "value", row 0: float64 cannot hold 9007199254740993 exactly`,
		"metrics-parquet":    `it is a Parquet file; write Arrow IPC instead`,
		"users-float":        `column "x", row 0: float32 cannot hold 0.1 exactly`,
		"interactions-null":  `column "user", row 1: it is null`,
		"interactions-twice": `rows 0 and 1 are both the pair (1, 2)`,
		"interactions-long":  `column "user", row 0: 1099511627776 is not a whole number of 32 bits`,
	} {
		path := foreign(t, "bad-"+file)
		name, _, _ := strings.Cut(file, "-")
		before, _ := os.ReadFile(path)
		if _, err := Convert(name+".arrow", path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", file, err, want)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s: the file was changed", file)
		}
	}
}

// A link or another name of the file keeps its content.
func TestConversionLeavesOtherNamesAlone(t *testing.T) {
	path := foreign(t, "metrics-pandas")
	other := path + "-other"
	if err := os.Link(path, other); err != nil {
		t.Skip(err)
	}
	before, _ := os.ReadFile(other)
	if converted, err := Convert(MetricsFile, path); err != nil || !converted {
		t.Fatal(converted, err)
	}
	if after, _ := os.ReadFile(other); !bytes.Equal(before, after) {
		t.Error("the other name has another content")
	}
}

func FuzzForeignTable(f *testing.F) {
	files, err := filepath.Glob("testdata/foreign/*.arrow")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		table, err := decodeForeign(raw)
		if err != nil {
			return
		}
		for _, c := range conversions {
			var first, again bytes.Buffer
			if c.write(&first, table) != nil {
				continue
			}
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, first.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
			_ = c.read(path) // it may refuse values, such as negative users
			if c.write(&again, table) != nil || !bytes.Equal(first.Bytes(), again.Bytes()) {
				t.Error("two conversions of one table differ")
			}
		}
	})
}

func TestMetricsAreReadAsText(t *testing.T) {
	two := []Metric{{Name: "ndcg", Value: 0.5}, {Name: "recall", Value: 2}}
	full := []Metric{{"ndcg", 0.5, 10, "gender=f", "test", "best"}}
	inf := []Metric{{Name: "psnr", Value: math.Inf(1)}, {Name: "x", Value: math.Inf(-1)}}
	for _, c := range []struct {
		csv, json string
		want      []Metric
	}{
		{"name,value\nndcg,0.5\nrecall,2\n", `{"ndcg": 0.5, "recall": 2}`, two},
		{"\ufeffvalue, name\r\n0.5,ndcg\r\n2,\"recall\"", `[{"value": 0.5, "name": "ndcg"}, {"name": "recall", "value": 2.0}]`, two},
		{"name,k,value,group,split,checkpoint\nndcg,10.0,5e-1,gender=f,test,best\n", "\ufeff" + `[{"name": "ndcg", "value": 0.5, "k": 10, "group": "gender=f", "split": "test", "checkpoint": "best"}]`, full},
		{"name,value,k,group\npsnr,inf,,\nx,-Infinity,,\n", `{"psnr": Infinity, "x": -Infinity}`, inf},
		{"name,value\n", "[]", nil},
	} {
		if got, err := ParseMetricsCSV([]byte(c.csv)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: got %v (%v)", c.csv, got, err)
		}
		if got, err := ParseMetricsJSON([]byte(c.json)); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v (%v)", c.json, got, err)
		}
	}
	if got, err := ParseMetricsJSON([]byte(`{"a NaN \" Infinity": NaN}`)); err != nil || len(got) != 1 || got[0].Name != `a NaN " Infinity` || !math.IsNaN(got[0].Value) {
		t.Errorf("got %v (%v)", got, err)
	}
	for text, want := range map[string]string{
		"":                              "it is empty; the first line must name the columns",
		"name,val\na,1\n":               `line 1: there is no column "value"; the columns are "name", "val"`,
		"name,value\na,1\nb,x\n":        `line 3, column 3: value "x" is not a number`,
		"name,value,fold\na,1,2\n":      `line 2, column 5: metrics have no "fold"`,
		"name,value,k\na,1,0.5\n":       `k "0.5" is not a whole number`,
		"name,value\n,1\n":              "a metric must have a name",
		"name,value\na\n":               "wrong number of fields",
		"name,name,value\na,b,1\n":      `two columns are called "name"`,
		"name,value\n\"a,1\n":           `extraneous or missing " in quoted-field`,
		"name,value,k\na,1,-1\n":        `k "-1"`,
		"name,value,k\na,1,99999999999": "k ",
	} {
		if _, err := ParseMetricsCSV([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	for text, want := range map[string]string{
		``:                                       "it ends before the metrics do",
		`{"a": 1`:                                "it ends before the metrics do",
		"{\"a\": 1,\n \"a\": 2}":                 `line 2: "a" is given twice`,
		"{\"a\": 1,\n\n \"b\": {\"c\": 2}}":      `line 3: "b" is a list or an object`,
		`{"a": null}`:                            "the value is null",
		`{"a": true}`:                            `"a" is true, which is not a number`,
		`{"a": "x"}`:                             `value "x" is not a number`,
		`[{"name": "a"}]`:                        "metric 0 needs a name and a value",
		`[{"name": "a", "value": 1, "fold": 3}]`: `metric 0: metrics have no "fold"`,
		`[1]`:                                    "metric 0 is not an object",
		`3`:                                      "metrics are an object or a list of objects",
		`{"a": 1} {}`:                            "there is more after the metrics",
	} {
		if _, err := ParseMetricsJSON([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
}
