package report

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"foil/internal/report/grid"
	"foil/internal/report/render"
)

var update = flag.Bool("update", false, "write the golden files anew")

// A renderer writes a report in one form.
type renderer struct {
	ext   string
	write func(io.Writer, *grid.Report) error
}

var tableRenderers = []renderer{
	{".txt", render.Text}, {".md", render.Markdown}, {".csv", render.CSV}, {".tex", render.LaTeX}, {".html", render.HTML},
}

var figureRenderers = []renderer{{".txt", render.Text}, {".csv", render.CSV}, {".html", render.HTML}}

// drawing is what pages hold of a figure's SVG, which has golden files of its own.
var drawing = regexp.MustCompile(`(?s)<svg class="chart".*?</svg>`)

func checkGolden(t *testing.T, name string, r *grid.Report, renderers []renderer) {
	for _, f := range renderers {
		t.Run(name+f.ext, func(t *testing.T) {
			var got bytes.Buffer
			if err := f.write(&got, r); err != nil {
				t.Fatal(err)
			}
			golden(t, name+f.ext, drawing.ReplaceAll(got.Bytes(), []byte("<svg/>")))
		})
	}
}

func TestTablesMatchGoldenFiles(t *testing.T) {
	folded := sample([]int{0, 200, 400}, 3)
	// One attack has not run yet: the table must show its numbers as missing.
	incomplete := sample([]int{0, 200, 400}, 3)
	incomplete["privacy"] = incomplete["privacy"][1:]
	hostile := map[string][]Cell{"m": {newCell([]Axis{{"data", text("<b>|x_1|</b>")}}, metric("a_b", 1)),
		newCell([]Axis{{"data", text("数据")}}, metric("a_b", -0.0001))}}
	for _, c := range []struct {
		name string
		r    *Tables
	}{
		{"folds", build(t, sampleLayout(t), folded)},
		{"compared", build(t, comparedLayout(t), withUsers(sample([]int{0, 200, 400}, 3), 60))},
		{"gaps", build(t, decodeLayout(t, gapColumns+"compare: {to: base}"+gapRows), gapCells(5, 200))},
		{"single", build(t, sampleLayout(t), sample([]int{0, 400}, 1))},
		{"incomplete", build(t, sampleLayout(t), incomplete)},
		{"hostile", build(t, decodeLayout(t, `title: "<script>alert(1)</script> & 100% of $x_1 | #1 \\ ^~{}"
notes: ["# no | heading\nsecond *line*", "1. no list", "\e[31mred", "λ ≤ 400 ± 1"]
columns: [{title: "a|b_c & <i>%</i>", from: m, metric: a_b, better: higher}]
tables:
  - {title: "R&B_1 | <script>", rows: [{name: "`+"`a`"+` | *b* & c_d <img src=x onerror=alert(1)>", where: {data: 数据}}]}
  - {title: by data, grid: [data]}`), hostile)},
	} {
		checkGolden(t, c.name, c.r.Grid(), tableRenderers)
	}
}

// comparedLayout compares the rows of the sample with the first one.
func comparedLayout(t *testing.T) *Layout {
	l := sampleLayout(t)
	c := defaultCompare()
	c.To = "MultVAE"
	l.Compare = &c
	return l
}

func TestFiguresMatchGoldenFiles(t *testing.T) {
	// The curves of a diverged training, equal values, and a line with one point.
	odd := map[string][]Cell{
		"broken": {
			points([]Axis{axis("seed", 1)}, "loss", map[int]float64{1: 2, 2: 1.5, 3: math.Inf(1), 4: 1.2, 5: math.NaN(), 6: 1.1, 7: 1}),
			points([]Axis{axis("seed", 2)}, "loss", map[int]float64{1: 2.2, 2: 1.6, 3: 1.4, 4: 1.3, 5: 1.2, 6: 1.1}),
		},
		"equal":  {points(nil, "loss", map[int]float64{10: 0.25, 20: 0.25, 100: 0.25})},
		"single": {points([]Axis{axis("seed", 1)}, "loss", map[int]float64{4: 1}), points([]Axis{axis("seed", 2)}, "loss", map[int]float64{4: 3})},
		"never":  {points(nil, "loss", map[int]float64{1: math.NaN(), 2: math.Inf(-1)})},
	}
	const bad = `<script>alert(1)</script> & "'|#_%\`
	for _, c := range []struct {
		name string
		r    *Figures
	}{
		{"curves", buildFigures(t, figuresLayout(t), training(15))},
		{"points", buildFigures(t, pointsLayout(t), sample([]int{0, 1, 200, 400, 800}, 5))},
		{"odd", buildFigures(t, decodeFigures(t, `over: [seed]
figures:
  - {title: Broken, x: epoch, y: loss, lines: [{name: broken, from: broken, metric: loss}, {name: single, from: single, metric: loss}]}
  - {title: Equal, x: steps, y: loss, lines: [{name: equal, from: equal, metric: loss}]}
  - {title: Single, x: steps, y: loss, min: 0, lines: [{name: single, from: single, metric: loss}]}
  - {title: Never, x: steps, y: loss, lines: [{name: never, from: never, metric: loss}]}`), odd)},
		{"hostilefigures", buildFigures(t, &FiguresLayout{Title: bad, Notes: []string{bad}, Figures: []FigureLayout{{
			Title: bad, X: AxisLayout{Label: bad}, Y: AxisLayout{Label: bad}, Lines: []LineLayout{{Name: bad, Selector: Selector{From: bad, Metric: bad}}, {Name: "数据\x1b[31m", Selector: Selector{From: bad, Metric: bad}}}},
		}}, map[string][]Cell{bad: {points([]Axis{{bad, text(bad)}}, bad, map[int]float64{1: 1, 2: 2})}})},
	} {
		g := c.r.Grid()
		checkGolden(t, c.name, g, figureRenderers)
		drawn := g.Figures[:1]
		if c.name == "points" {
			drawn = g.Figures
		}
		for i, f := range drawn {
			name := c.name + ".svg"
			if i > 0 {
				name = fmt.Sprintf("%s-%d.svg", c.name, i+1)
			}
			t.Run(name, func(t *testing.T) {
				var got bytes.Buffer
				if err := f.Chart.SVG(&got); err != nil {
					t.Fatal(err)
				}
				golden(t, name, got.Bytes())
			})
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (make it with go test ./internal/report -update)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; look at the difference after go test ./internal/report -update. Got:\n%s", path, got)
	}
}
