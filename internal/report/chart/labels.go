package chart

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A label is the name of a spot, at a place where it covers no other label and no glyph of a
// labelled series.
type label struct {
	text   string
	at     vg.Point // left end of the base line
	from   vg.Point // the spot
	to     vg.Point // end of the line from the spot to the text
	leader bool     // there is such a line
	box    vg.Rectangle
}

// labels draws them.
type labels struct {
	all   []label
	style text.Style
}

// Plot implements plot.Plotter.
func (l labels) Plot(c draw.Canvas, _ *plot.Plot) {
	for _, one := range l.all {
		if one.leader {
			c.StrokeLines(draw.LineStyle{Color: soft, Width: 0.6}, []vg.Point{one.from, one.to})
		}
	}
	for _, one := range l.all {
		c.SetColor(veil)
		c.Fill(one.box.Path())
		c.FillText(l.style, one.at, one.text)
	}
}

func (s *sheet) labelStyle() text.Style {
	style := s.plot.X.Tick.Label
	style.Color = ink
	style.XAlign, style.YAlign = draw.XLeft, draw.YBottom
	style.Font.Size = s.face.Size - 1
	return style
}

// Unlabelled are the labels that have no room. A chart that cannot be drawn has none.
func (c *Chart) Unlabelled() (without []string) {
	s, err := c.safeLayOut()
	if err != nil {
		return nil
	}
	type named struct {
		at   vg.Point
		text string
	}
	placed := map[named]int{}
	for _, l := range s.labels {
		placed[named{l.from, l.text}]++
	}
	for _, p := range s.spots(c.placed()) {
		if p.label == "" {
			continue
		}
		if id := (named{p.at, p.label}); placed[id] > 0 {
			placed[id]--
		} else {
			without = append(without, p.name)
		}
	}
	return without
}

// A spotAt is a spot on the sheet.
type spotAt struct {
	at    vg.Point
	bars  []vg.Rectangle
	label string // as it is drawn
	name  string
	small bool
}

// spots are those of a placed chart that are inside of the plot.
func (s *sheet) spots(c *Chart) []spotAt {
	canvas := s.plot.DataCanvas(s.plotted(draw.NewCanvas(nil, s.width, s.height)))
	x, y := s.plot.Transforms(&canvas)
	var all []spotAt
	for _, series := range c.Series {
		for _, p := range series.finite() {
			at := vg.Point{X: x(p.X.At), Y: y(p.Y.At)}
			if canvas.Contains(at) {
				one := spotAt{at: at, label: wrap(s.face, p.Label, s.width/3, 1), name: p.Label, small: series.Small}
				if p.X.barred() {
					one.bars = append(one.bars, vg.Rectangle{Min: vg.Point{X: x(p.X.Low), Y: at.Y}, Max: vg.Point{X: x(p.X.High), Y: at.Y}})
				}
				if p.Y.barred() {
					one.bars = append(one.bars, vg.Rectangle{Min: vg.Point{X: at.X, Y: y(p.Y.Low)}, Max: vg.Point{X: at.X, Y: y(p.Y.High)}})
				}
				all = append(all, one)
			}
		}
	}
	return all
}

// placeLabels tries places around each spot, near ones first, and takes the one that covers the
// fewest small glyphs. A label without a free place is left out.
func (s *sheet) placeLabels(c *Chart) []label {
	if len(c.Series) == 0 {
		return nil
	}
	plot := s.plot.DataCanvas(s.plotted(draw.NewCanvas(nil, s.width, s.height))).Rectangle
	spots := s.spots(c)
	style := s.labelStyle()
	var taken []vg.Rectangle
	for _, p := range spots {
		if !p.small {
			taken = append(taken, around(p.at, glyphRadius))
		}
	}
	var all []label
	for _, p := range spots {
		if p.label == "" {
			continue
		}
		width, height := 1.06*textWidth(style.Font, p.label), style.FontExtents().Height
		best, box, least := label{}, vg.Rectangle{}, -1
		for i, place := range candidates(p.at, width, height) {
			if !inside(place.box, plot) || hits(place.box, taken) > 0 {
				continue
			}
			// A far place is worth some glyphs and bars that are not covered.
			if cost := covered(place.box, spots) + place.ring*6 + i%len(directions)/4; least < 0 || cost < least {
				least, box = cost, place.box
				best = label{p.label, place.box.Min, p.at, place.near, place.ring > 0, place.box}
			}
		}
		if least < 0 {
			continue
		}
		taken = append(taken, box)
		all = append(all, best)
	}
	return all
}

// covered weighs what a label covers: small glyphs, and bars.
func covered(box vg.Rectangle, spots []spotAt) int {
	cost := 0
	for _, q := range spots {
		if q.small && overlap(box, around(q.at, smallRadius)) {
			cost += 4
		}
		for _, bar := range q.bars {
			switch {
			case !overlap(box, bar):
			case q.small:
				cost++
			default:
				cost += 4
			}
		}
	}
	return cost
}

// directions are from a spot to its label, in the order in which they are tried.
var directions = [][2]vg.Length{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {1, -1}, {-1, 1}, {-1, -1}}

// A candidate is a place for a label.
type candidate struct {
	box  vg.Rectangle
	near vg.Point // the point of the box that is nearest to the spot
	ring int      // 0 is beside the glyph
}

// candidates are in rings around a spot.
func candidates(at vg.Point, width, height vg.Length) []candidate {
	var all []candidate
	for ring, away := range []vg.Length{glyphRadius + 2, 14, 26, 40} {
		for _, d := range directions {
			reach := away
			if d[0] != 0 && d[1] != 0 {
				reach = away * 0.75
			}
			near := vg.Point{X: at.X + d[0]*reach, Y: at.Y + d[1]*reach}
			corner := vg.Point{X: near.X - width*(1-d[0])/2, Y: near.Y - height*(1-d[1])/2}
			all = append(all, candidate{vg.Rectangle{Min: corner, Max: vg.Point{X: corner.X + width, Y: corner.Y + height}}, near, ring})
		}
	}
	return all
}

func around(at vg.Point, radius vg.Length) vg.Rectangle {
	return vg.Rectangle{Min: vg.Point{X: at.X - radius, Y: at.Y - radius}, Max: vg.Point{X: at.X + radius, Y: at.Y + radius}}
}

func hits(box vg.Rectangle, taken []vg.Rectangle) int {
	n := 0
	for _, t := range taken {
		if overlap(box, t) {
			n++
		}
	}
	return n
}

func overlap(a, b vg.Rectangle) bool {
	return a.Min.X < b.Max.X && b.Min.X < a.Max.X && a.Min.Y < b.Max.Y && b.Min.Y < a.Max.Y
}

func inside(box, of vg.Rectangle) bool {
	return box.Min.X >= of.Min.X && box.Max.X <= of.Max.X && box.Min.Y >= of.Min.Y && box.Max.Y <= of.Max.Y
}
