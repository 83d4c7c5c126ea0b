package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

var renderers = []struct {
	ext   string
	write func(*Report, io.Writer) error
}{
	{".txt", (*Report).Text},
	{".md", (*Report).Markdown},
	{".csv", (*Report).CSV},
	{".tex", (*Report).LaTeX},
	{".html", (*Report).HTML},
}

func TestRenderersMatchGoldenFiles(t *testing.T) {
	folded := sample([]int{0, 200, 400}, 3)
	// One attack is not there yet: its numbers must say so.
	incomplete := sample([]int{0, 200, 400}, 3)
	incomplete["privacy"] = incomplete["privacy"][1:]
	hostile := map[string][]Cell{"m": {newCell([]Axis{{"data", text("<b>|x_1|</b>")}}, metric("a_b", 1)),
		newCell([]Axis{{"data", text("数据")}}, metric("a_b", -0.0001))}}
	for _, c := range []struct {
		name string
		r    *Report
	}{
		{"folds", build(t, sampleLayout(t), folded)},
		{"single", build(t, sampleLayout(t), sample([]int{0, 400}, 1))},
		{"incomplete", build(t, sampleLayout(t), incomplete)},
		{"hostile", build(t, decodeLayout(t, `title: "<script>alert(1)</script> & 100% of $x_1 | #1 \\ ^~{}"
notes: ["# no | heading\nsecond *line*", "1. no list", "\e[31mred", "λ ≤ 400 ± 1"]
columns: [{title: "a|b_c & <i>%</i>", from: m, metric: a_b, better: higher}]
tables:
  - {title: "R&B_1 | <script>", rows: [{name: "`+"`a`"+` | *b* & c_d <img src=x onerror=alert(1)>", where: {data: 数据}}]}
  - {title: by data, grid: [data]}`), hostile)},
	} {
		for _, f := range renderers {
			t.Run(c.name+f.ext, func(t *testing.T) {
				var got bytes.Buffer
				if err := f.write(c.r, &got); err != nil {
					t.Fatal(err)
				}
				golden(t, filepath.Join("testdata", c.name+f.ext), got.Bytes())
			})
		}
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (make it with go test ./results -update)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at the difference after go test ./results -update. Got:\n%s", path, got)
	}
}
