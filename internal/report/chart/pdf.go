package chart

import (
	"fmt"
	"image/color"
	"io"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/encoding/charmap"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgpdf"
)

// PDF writes a page of the chart's size, with the font embedded.
func (c *Chart) PDF(w io.Writer) (err error) {
	defer c.catch(&err)
	s, err := c.layOut()
	if err != nil {
		return err
	}
	withoutTime()
	canvas := vgpdf.New(s.width, s.height)
	s.draw(pdfCanvas{canvas})
	_, err = canvas.WriteTo(w)
	return err
}

// withoutTime makes files of equal drawings equal. vgpdf has no options for this, so they are set
// for the whole program, which makes no other PDF.
var withoutTime = sync.OnceFunc(func() {
	fpdf.SetDefaultCatalogSort(true)
	fpdf.SetDefaultCreationDate(time.Unix(0, 0).UTC())
	fpdf.SetDefaultModificationDate(time.Unix(0, 0).UTC())
})

// A pdfCanvas works around two faults of vgpdf: it reads colours as not multiplied by their
// opacity, and text as Windows-1252.
type pdfCanvas struct{ *vgpdf.Canvas }

// SetColor implements vg.Canvas.
func (c pdfCanvas) SetColor(clr color.Color) { c.Canvas.SetColor(unmultiplied{clr}) }

// FillString implements vg.Canvas. It draws text with characters outside Windows-1252 (λ, ≤) as
// shapes: the text looks the same, but cannot be searched.
func (c pdfCanvas) FillString(face font.Face, at vg.Point, s string) {
	if encoded, err := charmap.Windows1252.NewEncoder().String(s); err == nil {
		c.Canvas.FillString(face, at, encoded)
		return
	}
	shapes, err := shapes(face, at, s)
	if err != nil {
		panic(fmt.Errorf("%q: %w", s, err)) // as a vg.Canvas does; caught in PDF
	}
	c.Fill(shapes)
}

// unmultiplied is a colour whose components are not multiplied by its opacity.
type unmultiplied struct{ color.Color }

// RGBA implements color.Color, without the multiplication by the opacity.
func (u unmultiplied) RGBA() (r, g, b, a uint32) {
	_, _, _, a = u.Color.RGBA()
	c := color.NRGBAModel.Convert(u.Color).(color.NRGBA)
	c.A = 0xff
	r, g, b, _ = c.RGBA()
	return r, g, b, a
}

// shapes are the outlines of a text's characters.
func shapes(face font.Face, at vg.Point, s string) (vg.Path, error) {
	var (
		path vg.Path
		buf  sfnt.Buffer
		em   = fixed.Int26_6(face.Face.UnitsPerEm()) // a size at which lengths are in the font's units
		unit = face.Font.Size / vg.Length(em)
	)
	place := func(p fixed.Point26_6) vg.Point { // in the font, y goes down
		return vg.Point{X: at.X + vg.Length(p.X)*unit, Y: at.Y - vg.Length(p.Y)*unit}
	}
	for _, r := range s {
		index, err := face.Face.GlyphIndex(&buf, r)
		if err != nil {
			return nil, err
		}
		segments, err := face.Face.LoadGlyph(&buf, index, em, nil)
		if err != nil {
			return nil, err
		}
		for i, segment := range segments {
			switch segment.Op {
			case sfnt.SegmentOpMoveTo:
				if i > 0 {
					path.Close()
				}
				path.Move(place(segment.Args[0]))
			case sfnt.SegmentOpLineTo:
				path.Line(place(segment.Args[0]))
			case sfnt.SegmentOpQuadTo:
				path.QuadTo(place(segment.Args[0]), place(segment.Args[1]))
			case sfnt.SegmentOpCubeTo:
				path.CubeTo(place(segment.Args[0]), place(segment.Args[1]), place(segment.Args[2]))
			}
		}
		if len(segments) > 0 {
			path.Close()
		}
		advance, err := face.Face.GlyphAdvance(&buf, index, em, 0)
		if err != nil {
			return nil, err
		}
		at.X += vg.Length(advance) * unit
	}
	return path, nil
}
