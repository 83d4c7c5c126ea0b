package chart

import (
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A key names lines, series and fronts, in columns of equal width.
type key struct {
	columns []plot.Legend
	across  vg.Length // width of a column
}

// An entry is a name in the key, with what it looks like.
type entry struct {
	name   string
	thumbs []plot.Thumbnailer
}

func (c *Chart) entries() []entry {
	var all []entry
	for i, l := range c.Lines {
		all = append(all, entry{l.Name, []plot.Thumbnailer{&plotter.Line{LineStyle: stroke(i)}, &plotter.Scatter{GlyphStyle: glyph(i)}}})
	}
	for i, s := range c.Series {
		all = append(all, entry{s.Name, []plot.Thumbnailer{&plotter.Scatter{GlyphStyle: spotGlyph(i, s.Small)}}})
	}
	for i, f := range c.Fronts {
		all = append(all, entry{f.Name, []plot.Thumbnailer{&plotter.Line{LineStyle: frontStroke(i)}}})
	}
	return all
}

// key lays out the key: one column beside the plot, or as many as fit below it.
func (c *Chart) key(z size) key {
	entries := c.entries()
	if len(entries) == 0 {
		return key{}
	}
	var k key
	for i := range entries {
		entries[i].name = wrap(z.face, entries[i].name, z.mostKey, labelLines)
		// A reader without the font has one that may be wider.
		k.across = max(k.across, z.thumbnail+1.06*textWidth(z.face, " "+entries[i].name))
	}
	n := 1
	if z.keyBelow {
		n = max(1, int((z.width-2*margin+keyGap)/(k.across+keyGap)))
	}
	rows := (len(entries) + n - 1) / n
	for some := range slices.Chunk(entries, rows) {
		legend := plot.NewLegend()
		legend.Top, legend.Left = true, true
		legend.TextStyle.Font = z.face
		legend.TextStyle.Color = ink
		legend.ThumbnailWidth = z.thumbnail
		legend.Padding = 4
		for _, e := range some {
			legend.Add(e.name, e.thumbs...)
		}
		k.columns = append(k.columns, legend)
	}
	return k
}

// width is that of the key beside a plot, with the gap between them.
func (k key) width() vg.Length {
	if len(k.columns) == 0 {
		return 0
	}
	return k.across + keyGap
}

// height is that of the tallest column. Below a plot it has no need of a gap: the label of an axis
// is above it.
func (k key) height() vg.Length {
	var most vg.Length
	for _, c := range k.columns {
		most = max(most, c.Rectangle(draw.Canvas{}).Size().Y+c.TextStyle.FontExtents().Descent)
	}
	if most > 0 {
		most += keyGap / 2
	}
	return most
}

func (k key) draw(c draw.Canvas) {
	for i := range k.columns {
		k.columns[i].Draw(draw.Crop(c, vg.Length(i)*(k.across+keyGap), 0, 0, 0))
	}
}
