package chart

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Width is where a chart is to be printed.
type Width uint8

// The widths of papers.
const (
	Page   Width = iota // as wide as the text of a page
	Column              // as wide as a column of two
)

// Narrow reports whether the chart is for a column.
func (c *Chart) Narrow() bool { return c.Width == Column }

// A size is how a chart of some width is laid out.
type size struct {
	face      font.Font
	width     vg.Length
	least     vg.Length // height of the plot with its axes
	keyBelow  bool      // otherwise it is to the right of the plot
	mostKey   vg.Length // width of a name in the key
	thumbnail vg.Length
	steps     int // between ticks of x
}

var sizes = map[Width]size{
	Page:   {face: font.Font{Typeface: "Liberation", Variant: "Sans", Size: 9.5}, width: 468, least: 264, mostKey: 110, thumbnail: 28, steps: 6},
	Column: {face: font.Font{Typeface: "Liberation", Variant: "Sans", Size: 8}, width: 240, least: 178, mostKey: 190, thumbnail: 22, steps: 4, keyBelow: true},
}

const (
	margin     vg.Length = 8  // around everything
	keyGap     vg.Length = 14 // between plot and key, and between columns of the key
	labelLines           = 3  // of an axis or in the key; more of a name stands in the description
)

// A sheet is a chart that has been laid out. The key is beside the plot, where it covers nothing.
type sheet struct {
	size
	plot   *plot.Plot
	key    key
	height vg.Length
	labels []label // of spots, where there is room
}

// safeLayOut lays the chart out, and turns panics into errors.
func (c *Chart) safeLayOut() (s *sheet, err error) {
	defer c.catch(&err)
	return c.layOut()
}

func (c *Chart) layOut() (*sheet, error) {
	z := sizes[c.Width]
	s := &sheet{size: z, plot: plot.New(), height: z.least}
	s.plot.BackgroundColor = nil // draw's
	s.key = c.key(z)
	drawn := c.placed()
	x := drawn.horizontal(z.steps)
	ticks := x.ticks
	x.ticks = nil // until the width is known
	s.dress(&s.plot.X, wrap(z.face, c.X.heading(), s.width*4/5, labelLines), x)
	s.height += s.plot.X.Label.TextStyle.Height(s.plot.X.Label.Text)
	switch {
	case z.keyBelow:
		s.height += s.key.height()
	default:
		s.height = max(s.height, s.key.height()+2*margin)
	}
	s.height = vg.Length(math.Ceil(float64(s.height)))
	s.dress(&s.plot.Y, wrap(z.face, c.Y.heading(), z.least-40, labelLines), drawn.vertical(5))
	x.ticks = ticks
	data := s.plot.DataCanvas(s.plotted(draw.NewCanvas(nil, s.width, s.height)))
	s.plot.X.Tick.Marker = plot.ConstantTicks(drawn.along(x, data.Max.X-data.Min.X, z.face))
	return s, s.fill(drawn)
}

// dress gives an axis its label, its range and the style of all charts.
func (s *sheet) dress(a *plot.Axis, label string, r scale) {
	a.Label.Text = label
	a.Label.TextStyle.Font = s.face
	a.Label.TextStyle.Color = ink
	a.Label.Padding = 3
	a.Color = soft
	a.Tick.Label.Font = s.face
	a.Tick.Label.Color = soft
	a.Tick.Color = soft
	a.Tick.Length = 3
	a.Min, a.Max = r.low, r.high
	a.Tick.Marker = plot.ConstantTicks(r.ticks)
}

// fill adds what is drawn in the plot, from back to front.
func (s *sheet) fill(c *Chart) error {
	grid := plotter.NewGrid()
	grid.Vertical = draw.LineStyle{Color: faint, Width: 0.5}
	grid.Horizontal = grid.Vertical
	all := append(s.linear(c), plot.Plotter(grid))
	within := reach{inReach(s.plot.X.Min, s.plot.X.Max), inReach(s.plot.Y.Min, s.plot.Y.Max)}
	for _, add := range []func(*Chart, reach) ([]plot.Plotter, error){s.bands, s.lines, s.bars, s.fronts, s.series} {
		some, err := add(c, within)
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	if c.empty() {
		note, err := s.note("no values")
		if err != nil {
			return err
		}
		all = append(all, note)
	}
	x, y := s.plot.X, s.plot.Y
	s.plot.Add(all...)
	s.plot.X, s.plot.Y = x, y // Add has widened the ranges
	// The plot has room for glyphs on its edges now, so all places are known.
	s.labels = s.placeLabels(c)
	s.plot.Add(labels{s.labels, s.labelStyle()})
	return nil
}

// bands are those of all lines.
func (s *sheet) bands(c *Chart, within reach) ([]plot.Plotter, error) {
	var all []plot.Plotter
	for i, l := range c.Lines {
		some, err := bands(i, l, within)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (s *sheet) lines(c *Chart, within reach) ([]plot.Plotter, error) {
	var all []plot.Plotter
	room := (s.plot.X.Max - s.plot.X.Min) / 20 // between glyphs
	for i, l := range c.Lines {
		some, err := line(i, l, within, room)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
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
	if s.keyBelow {
		return draw.Crop(c, margin, -margin, margin+s.key.height(), -margin)
	}
	return draw.Crop(c, margin, -margin-s.key.width(), margin, -margin)
}

// draw draws on a canvas of the sheet's size.
func (s *sheet) draw(on vg.Canvas) {
	c := draw.NewCanvas(on, s.width, s.height)
	c.SetColor(paper)
	c.Fill(c.Rectangle.Path())
	s.plot.Draw(s.plotted(c))
	if s.keyBelow {
		s.key.draw(draw.Crop(c, margin, -margin, margin, s.key.height()-s.height+margin-keyGap/2))
		return
	}
	s.key.draw(draw.Crop(c, s.width-margin-s.key.width()+keyGap, -margin, margin, -margin))
}
