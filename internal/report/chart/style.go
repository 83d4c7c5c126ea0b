package chart

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The colours are those of Okabe and Ito (2008), which people with any common kind of colour vision
// can tell apart, without the yellow, which is hard to see on paper. Lines also differ in dash
// pattern and glyph.
var palette = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
	{0xe6, 0x9f, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff}, ink,
}

var (
	paper = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	ink   = color.NRGBA{0x1c, 0x21, 0x27, 0xff}
	soft  = color.NRGBA{0x5c, 0x66, 0x70, 0xff} // of axes and their numbers
	faint = color.NRGBA{0xe4, 0xe8, 0xec, 0xff} // of the grid
	tint  = color.NRGBA{0xf3, 0xf5, 0xf7, 0xff} // of the linear part of a scale
	veil  = color.NRGBA{0xff, 0xff, 0xff, 0xa0} // behind labels
)

const (
	dashes = 4
	glyphs = 5 // shares no factor with dashes: lines up to their product differ in one of them

	glyphRadius vg.Length = 2.6
	smallRadius vg.Length = 1.5
)

var patterns = [dashes][]vg.Length{nil, {5, 2}, {1.5, 2}, {6.5, 2, 1.5, 2}}

// stroke is how a line is drawn; the first is solid.
func stroke(i int) draw.LineStyle {
	return draw.LineStyle{Color: palette[i%len(palette)], Width: 1.4, Dashes: patterns[i%dashes]}
}

// shade is the colour of the band around a line. Other lines are visible through it.
func shade(i int) color.NRGBA {
	c := palette[i%len(palette)]
	c.A = 0x2b
	return c
}

// frontStroke is how a front is drawn: thin, behind its points.
func frontStroke(i int) draw.LineStyle {
	return draw.LineStyle{Color: soft, Width: 0.9, Dashes: patterns[(i+1)%dashes]}
}

// barStyle is how intervals of a series are drawn.
func barStyle(i int, small bool) draw.LineStyle {
	c := palette[i%len(palette)]
	if small {
		c.A = 0x60
		return draw.LineStyle{Color: c, Width: 0.5}
	}
	return draw.LineStyle{Color: c, Width: 0.9}
}

var glyphShapes = [glyphs]outline{
	nil, // a circle
	{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}},
	{{0, 1.25}, {-1.1, -0.65}, {1.1, -0.65}},
	{{0, 1.3}, {1.3, 0}, {0, -1.3}, {-1.3, 0}},
	{{0, -1.25}, {1.1, 0.65}, {-1.1, 0.65}},
}

// glyph is the symbol at the points of a line.
func glyph(i int) draw.GlyphStyle {
	shapes := [glyphs]draw.GlyphDrawer{
		draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, glyphShapes[3], glyphShapes[4],
	}
	return draw.GlyphStyle{Color: palette[i%len(palette)], Radius: glyphRadius, Shape: shapes[i%glyphs]}
}

// spotGlyph is the symbol of a series. The shapes come twice: filled, then hollow.
func spotGlyph(i int, small bool) draw.GlyphStyle {
	g := draw.GlyphStyle{Color: palette[i%len(palette)], Radius: glyphRadius * 1.15, Shape: spot{glyphShapes[i%glyphs], i/glyphs%2 > 0}}
	if small {
		g.Radius = smallRadius
	}
	return g
}

// A spot is a glyph with a thin edge of paper, so that spots that overlap can be told apart.
type spot struct {
	corners outline // nil: a circle
	hollow  bool
}

// DrawGlyph implements draw.GlyphDrawer.
func (s spot) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	fill, edge, width := color.Color(style.Color), color.Color(paper), vg.Length(0.5)
	if s.hollow {
		fill, edge, width = paper, style.Color, style.Radius*0.4
	}
	path := s.path(at, style.Radius)
	c.SetColor(fill)
	c.Fill(path)
	c.SetLineStyle(draw.LineStyle{Color: edge, Width: width})
	c.Stroke(path)
}

func (s spot) path(at vg.Point, radius vg.Length) vg.Path {
	var p vg.Path
	if s.corners == nil {
		p.Move(vg.Point{X: at.X + radius, Y: at.Y})
		p.Arc(at, radius, 0, 2*math.Pi)
		p.Close()
		return p
	}
	for i, corner := range s.corners {
		q := vg.Point{X: at.X + corner[0]*radius, Y: at.Y + corner[1]*radius}
		if i == 0 {
			p.Move(q)
		} else {
			p.Line(q)
		}
	}
	p.Close()
	return p
}

// An outline is a glyph with these corners, for a radius of one.
type outline [][2]vg.Length

// DrawGlyph implements draw.GlyphDrawer.
func (o outline) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	corners := make([]vg.Point, len(o))
	for i, corner := range o {
		corners[i] = vg.Point{X: at.X + corner[0]*style.Radius, Y: at.Y + corner[1]*style.Radius}
	}
	c.FillPolygon(style.Color, corners)
}
