package report

import (
	"bytes"
	"io"
	"math"
	"path/filepath"
	"regexp"
	"testing"
)

// drawing is what pages hold of a figure's SVG, which has golden files of its own.
var drawing = regexp.MustCompile(`(?s)<svg class="chart".*?</svg>`)

var figureRenderers = []struct {
	ext   string
	write func(*Figures, io.Writer) error
}{
	{".txt", (*Figures).Text},
	{".csv", (*Figures).CSV},
	{".html", (*Figures).HTML},
}

func TestFiguresMatchGoldenFiles(t *testing.T) {
	// What a training that broke down leaves, values that are all equal, and a line of
	// one point.
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
		{"odd", buildFigures(t, decodeFigures(t, `over: [seed]
figures:
  - {title: Broken, x: epoch, y: loss, lines: [{name: broken, from: broken, metric: loss}, {name: single, from: single, metric: loss}]}
  - {title: Equal, x: steps, y: loss, lines: [{name: equal, from: equal, metric: loss}]}
  - {title: Single, x: steps, y: loss, min: 0, lines: [{name: single, from: single, metric: loss}]}
  - {title: Never, x: steps, y: loss, lines: [{name: never, from: never, metric: loss}]}`), odd)},
		{"hostilefigures", buildFigures(t, &FiguresLayout{Title: bad, Notes: []string{bad}, Figures: []FigureLayout{{
			Title: bad, X: bad, Y: bad, Lines: []LineLayout{{Name: bad, Selector: Selector{From: bad, Metric: bad}}, {Name: "数据\x1b[31m", Selector: Selector{From: bad, Metric: bad}}}},
		}}, map[string][]Cell{bad: {points([]Axis{{bad, text(bad)}}, bad, map[int]float64{1: 1, 2: 2})}})},
	} {
		for _, f := range figureRenderers {
			t.Run(c.name+f.ext, func(t *testing.T) {
				var got bytes.Buffer
				if err := f.write(c.r, &got); err != nil {
					t.Fatal(err)
				}
				golden(t, filepath.Join("testdata", c.name+f.ext), drawing.ReplaceAll(got.Bytes(), []byte("<svg/>")))
			})
		}
		t.Run(c.name+".svg", func(t *testing.T) { // the first figure
			var got bytes.Buffer
			if err := c.r.Drawings()[0].SVG(&got); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", c.name+".svg"), got.Bytes())
		})
	}
}
