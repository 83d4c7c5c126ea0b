package chart

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A sheet is a chart that has been laid out. The key is to the right of the plot, where it covers
// no line.
type sheet struct {
	plot          *plot.Plot
	key           plot.Legend
	keyWidth      vg.Length
	width, height vg.Length
}

const (
	sheetWidth  vg.Length = 468 // points: as wide as the text of a page
	leastHeight vg.Length = 264
	margin      vg.Length = 8   // around everything
	keyGap      vg.Length = 14  // between plot and key
	mostKey     vg.Length = 110 // width of a name in the key
	labelLines            = 3   // of an axis or in the key; more of a name stands in the description
)

func (c *Chart) layOut() (*sheet, error) {
	s := &sheet{plot: plot.New(), width: sheetWidth, height: leastHeight}
	s.plot.BackgroundColor = nil // drawFrame's
	s.names(c.Lines)
	// The x axis has no ticks until its width is known.
	x := c.horizontal()
	dress(&s.plot.X, wrap(c.X, s.width/2, labelLines), x)
	s.height += s.plot.X.Label.TextStyle.Height(s.plot.X.Label.Text)
	if tall := s.keyHeight() + 2*margin; tall > s.height {
		s.height = tall
	}
	s.height = vg.Length(math.Ceil(float64(s.height)))
	dress(&s.plot.Y, wrap(c.Y, leastHeight-40, labelLines), c.vertical())
	data := s.plot.DataCanvas(s.plotted(draw.NewCanvas(nil, s.width, s.height)))
	s.plot.X.Tick.Marker = plot.ConstantTicks(c.along(x, data.Max.X-data.Min.X))
	return s, s.fill(c)
}

// dress gives an axis its label, its range and the style of all charts.
func dress(a *plot.Axis, label string, s scale) {
	a.Label.Text = label
	a.Label.TextStyle.Font = face
	a.Label.TextStyle.Color = ink
	a.Label.Padding = 3
	a.Color = soft
	a.Tick.Label.Font = face
	a.Tick.Label.Color = soft
	a.Tick.Color = soft
	a.Tick.Length = 3
	a.Min, a.Max = s.low, s.high
	a.Tick.Marker = plot.ConstantTicks(s.ticks)
}

// names makes the key.
func (s *sheet) names(lines []Line) {
	s.key = plot.NewLegend()
	s.key.Top, s.key.Left = true, true
	s.key.TextStyle.Font = face
	s.key.TextStyle.Color = ink
	s.key.ThumbnailWidth = 28
	s.key.Padding = 4
	for i, l := range lines {
		name := wrap(l.Name, mostKey, labelLines)
		s.key.Add(name, &plotter.Line{LineStyle: stroke(i)}, &plotter.Scatter{GlyphStyle: glyph(i)})
		// A reader without the font has one that may be wider.
		s.keyWidth = max(s.keyWidth, s.key.ThumbnailWidth+1.06*textWidth(" "+name))
	}
	if s.keyWidth > 0 {
		s.keyWidth += keyGap
	}
}

func (s *sheet) keyHeight() vg.Length {
	size := s.key.Rectangle(draw.Canvas{}).Size()
	return size.Y + s.key.TextStyle.FontExtents().Descent
}

// fill adds what is drawn in the plot: grid, bands, lines.
func (s *sheet) fill(c *Chart) error {
	grid := plotter.NewGrid()
	grid.Vertical = draw.LineStyle{Color: faint, Width: 0.5}
	grid.Horizontal = grid.Vertical
	all := []plot.Plotter{grid}
	within := inReach(s.plot.Y.Min, s.plot.Y.Max)
	for i, l := range c.Lines {
		bands, err := bands(i, l, within)
		if err != nil {
			return err
		}
		all = append(all, bands...)
	}
	room := (s.plot.X.Max - s.plot.X.Min) / 20 // between glyphs
	for i, l := range c.Lines {
		line, err := line(i, l, within, room)
		if err != nil {
			return err
		}
		all = append(all, line...)
	}
	if !slices.ContainsFunc(c.Lines, Line.drawn) {
		note, err := s.note("no values")
		if err != nil {
			return err
		}
		all = append(all, note)
	}
	x, y := s.plot.X, s.plot.Y
	s.plot.Add(all...)
	s.plot.X, s.plot.Y = x, y // Add has widened the ranges
	return nil
}

// note is a text in the middle of the plot.
func (s *sheet) note(text string) (*plotter.Labels, error) {
	middle := plotter.XY{X: (s.plot.X.Min + s.plot.X.Max) / 2, Y: (s.plot.Y.Min + s.plot.Y.Max) / 2}
	l, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{middle}, Labels: []string{text}})
	if err != nil {
		return nil, err
	}
	style := s.plot.X.Tick.Label
	style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
	l.TextStyle[0] = style
	return l, nil
}

// plotted is the part of a canvas with the plot and its axes.
func (s *sheet) plotted(c draw.Canvas) draw.Canvas {
	return draw.Crop(c, margin, -margin-s.keyWidth, margin, -margin)
}

// draw draws on a canvas of the sheet's size.
func (s *sheet) draw(on vg.Canvas) {
	c := draw.NewCanvas(on, s.width, s.height)
	c.SetColor(paper)
	c.Fill(c.Rectangle.Path())
	s.plot.Draw(s.plotted(c))
	s.key.Draw(draw.Crop(c, s.width-margin-s.keyWidth+keyGap, -margin, margin, -margin))
}
