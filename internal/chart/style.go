package chart

import "strconv"

// The colours are those of Okabe and Ito (2008), which people with any of the usual
// kinds of colour vision can tell apart, without the yellow, which paper swallows;
// on a dark page they are lighter. Lines differ in dash pattern and marker, too.
const (
	colours = 7
	dashes  = 4
	markers = 5 // shares no factor with dashes: lines up to their product differ in one of them
)

// Style is the style sheet of all charts: of a file, or of a page with several.
const Style = `.chart { font: 13px system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; }
.chart .paper { fill: #fff; }
.chart text { fill: #1c2127; }
.chart text.soft { fill: #5c6670; }
.chart .middle { text-anchor: middle; }
.chart .end { text-anchor: end; }
.chart .grid { stroke: #e4e8ec; }
.chart .axis { fill: none; stroke: #5c6670; }
.chart .stroke { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; }
.chart .leader { stroke: currentColor; stroke-opacity: .6; }
.chart .mark { fill: currentColor; }
.chart .band { fill: currentColor; fill-opacity: .16; }
.chart .whisker { stroke: currentColor; stroke-width: 1.5; }
.chart .c0 { color: #0072b2; }
.chart .c1 { color: #d55e00; }
.chart .c2 { color: #009e73; }
.chart .c3 { color: #cc79a7; }
.chart .c4 { color: #e69f00; }
.chart .c5 { color: #56b4e9; }
.chart .c6 { color: #1c2127; }
@media (prefers-color-scheme: dark) {
  .chart .paper { fill: #15181c; }
  .chart text { fill: #e3e7eb; }
  .chart text.soft { fill: #9aa5b0; }
  .chart .grid { stroke: #2a3037; }
  .chart .axis { stroke: #9aa5b0; }
  .chart .band { fill-opacity: .22; }
  .chart .c0 { color: #3d9be0; }
  .chart .c1 { color: #f07d3c; }
  .chart .c2 { color: #1fb88a; }
  .chart .c3 { color: #dd9abf; }
  .chart .c4 { color: #f0b429; }
  .chart .c5 { color: #93d2f7; }
  .chart .c6 { color: #e3e7eb; }
}
`

func colour(i int) string { return "c" + strconv.Itoa(i%colours) }

// dash is the stroke-dasharray of a line; the first is solid.
func dash(i int) string { return [dashes]string{"", "7 3", "2 3", "9 3 2 3"}[i%dashes] }

// marker is the outline of a point, around it.
func marker(i int) []vertex {
	const r = 3.5
	return [markers][]vertex{
		nil, // a circle
		{{-r, -r}, {r, -r}, {r, r}, {-r, r}},
		{{0, -r - 1}, {r + 1, r}, {-r - 1, r}},
		{{0, -r - 1}, {r + 1, 0}, {0, r + 1}, {-r - 1, 0}},
		{{-r - 1, -r}, {r + 1, -r}, {0, r + 1}},
	}[i%markers]
}
