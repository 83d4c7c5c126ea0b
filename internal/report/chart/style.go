package chart

import (
	"image/color"

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
)

const (
	dashes = 4
	glyphs = 5 // shares no factor with dashes: lines up to their product differ in one of them

	glyphRadius vg.Length = 2.6
)

// stroke is how a line is drawn; the first is solid.
func stroke(i int) draw.LineStyle {
	patterns := [dashes][]vg.Length{nil, {5, 2}, {1.5, 2}, {6.5, 2, 1.5, 2}}
	return draw.LineStyle{Color: palette[i%len(palette)], Width: 1.4, Dashes: patterns[i%dashes]}
}

// shade is the colour of the band around a line. Other lines are visible through it.
func shade(i int) color.NRGBA {
	c := palette[i%len(palette)]
	c.A = 0x2b
	return c
}

// glyph is the symbol at the points of a line.
func glyph(i int) draw.GlyphStyle {
	shapes := [glyphs]draw.GlyphDrawer{
		draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{},
		outline{{0, 1.3}, {1.3, 0}, {0, -1.3}, {-1.3, 0}},
		outline{{0, -1.25}, {1.1, 0.65}, {-1.1, 0.65}},
	}
	return draw.GlyphStyle{Color: palette[i%len(palette)], Radius: glyphRadius, Shape: shapes[i%glyphs]}
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
