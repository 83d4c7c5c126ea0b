package chart

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// FuzzChart holds any drawing to being XML with nothing given in the markup, and all
// lines on the sheet; and any PDF to being one.
func FuzzChart(f *testing.F) {
	f.Add("<script>alert(1)</script>", "]]>&amp;'\"", 1, 2.0, 0.5, 0.0, 3.0)
	f.Add("\x00\xff\u202e", strings.Repeat("wide ", 100), math.MaxInt32, math.Inf(1), none, -1e300, 1e300)
	f.Add("(λ) \\", `style="font-family:Liberation Sans;`, 0, 1.0, 1e-320, none, none)
	f.Fuzz(func(t *testing.T, name, label string, n int, a, b, low, high float64) {
		x := float64(n & math.MaxInt32)
		c := &Chart{Title: name, X: Axis{Label: label, Discrete: true}, Y: Axis{Label: name}, Lines: []Line{
			{name, []Point{{x, a, low, high}, {x + 1, b, b - high, b + high}, {x + 7, 1, 0, 2}, {x + 8, low, none, none}}},
			{label, nil}, {"one", []Point{{x, high, low, high}}},
		}}
		spots := &Chart{Title: name, Width: Width(n & 1), X: Axis{Label: label, Scale: Scale(n >> 1 & 3 % 3), Linear: a}, Y: Axis{Label: name, Scale: Scale(n >> 3 & 3 % 3), Linear: high},
			Series: []Series{
				{name, false, []Spot{{Value{a, low, high}, Value{b, b - high, b + high}, name}, {Value{a, none, none}, Value{high, none, none}, label}}},
				{label, true, []Spot{{Value{x, low, none}, Value{x, a, b}, ""}, {Value{b, a, high}, Value{low, low, low}, "x"}}},
			}, Fronts: []Front{{label, []Corner{{a, b}, {low, high}, {x, b}}}}}
		if low < high {
			c.Min, c.Max = &low, &high
			spots.Min, spots.Max = &low, &high
		}
		for _, c := range []*Chart{c, spots} {
			checkSheet(t, inline(t, c))
			checkLabels(t, c)
			var pdf strings.Builder
			if err := c.PDF(&pdf); err != nil || !strings.HasPrefix(pdf.String(), "%PDF-") {
				t.Errorf("no PDF: %v", err)
			}
		}
	})
}

var coordinate = regexp.MustCompile(`[-0-9.e]+`)

// checkSheet reports markup that is not the chart's, and lines beyond the sheet.
func checkSheet(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !strings.Contains(" svg title desc g path text ", " "+e.Name.Local+" ") {
			t.Fatalf("an element %s in\n%s", e.Name.Local, svg)
		}
		for _, a := range e.Attr {
			if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
				t.Fatalf("%s=%q in\n%s", a.Name.Local, a.Value, svg)
			}
			if a.Name.Local != "d" {
				continue
			}
			for _, s := range coordinate.FindAllString(a.Value, -1) {
				if v, err := strconv.ParseFloat(s, 64); err != nil || v < 0 || v > 2000 {
					t.Fatalf("%s in a path, %v, in\n%s", s, err, svg)
				}
			}
		}
	}
}

func TestSVGSaysWhatItShowsAndWithWhatFonts(t *testing.T) {
	c := sample()
	const forged = `<b> & style="font-family:Liberation Sans;`
	c.Title, c.X.Label = "A > B", forged
	svg := inline(t, c)
	for _, want := range []string{
		`<svg class="chart" role="img" width="468pt" height="275pt" viewBox="0 0 468 275">` + "\n<title>A &gt; B</title>\n<desc>loss over &lt;b&gt; &amp; style=",
		"alone λ: -1 at 40.</desc>",
		">&lt;b&gt; &amp; style=&#34;font-family:Liberation Sans;</text>",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %s in\n%s", want, svg)
		}
	}
	if texts, fonts := strings.Count(svg, "<text"), strings.Count(svg, `style="font-family:'Liberation Sans',Arial,Helvetica,sans-serif;`); texts == 0 || texts != fonts {
		t.Errorf("%d of %d texts name fonts that any reader has", fonts, texts)
	}
}

func TestOnlyAFileNamesWhatSVGIs(t *testing.T) {
	var file strings.Builder
	if err := sample().SVG(&file); err != nil {
		t.Fatal(err)
	}
	const ns = ` xmlns="http://www.w3.org/2000/svg"`
	if got := inline(t, sample()); "<svg"+ns+strings.TrimPrefix(got, "<svg") != file.String() || strings.Contains(got, "http:") {
		t.Error("a file is not the drawing of a page with a namespace")
	}
}

func TestDrawingsOfAnUnknownFormAreErrors(t *testing.T) {
	if _, err := (&Chart{}).framed("<?xml?>", "", 1, 1); err == nil {
		t.Error("there is no error")
	}
}
