package chart

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// bars draws the intervals of all series.
func (s *sheet) bars(c *Chart, within reach) ([]plot.Plotter, error) {
	var all []plot.Plotter
	for i, series := range c.Series {
		some, err := intervals(i, series, within)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// series draws small spots below the others.
func (s *sheet) series(c *Chart, within reach) ([]plot.Plotter, error) {
	var small, large []plot.Plotter
	for i, series := range c.Series {
		drawn := series.finite()
		if len(drawn) == 0 {
			continue
		}
		points, err := plotter.NewScatter(within.spots(drawn))
		if err != nil {
			return nil, err
		}
		points.GlyphStyle = spotGlyph(i, series.Small)
		if series.Small {
			small = append(small, points)
		} else {
			large = append(large, points)
		}
	}
	return append(small, large...), nil
}

// spots are the places of spots within reach of the plot.
func (r reach) spots(spots []Spot) plotter.XYs {
	var all plotter.XYs
	for _, p := range spots {
		all = append(all, plotter.XY{X: r.x(p.X.At), Y: r.y(p.Y.At)})
	}
	return all
}

// intervals are bars in both directions, thinner and lighter for many spots.
func intervals(i int, series Series, within reach) ([]plot.Plotter, error) {
	var at [2]plotter.XYs
	var across plotter.XErrors
	var up plotter.YErrors
	for _, p := range series.finite() {
		x, y := within.x(p.X.At), within.y(p.Y.At)
		if p.X.barred() {
			at[0] = append(at[0], plotter.XY{X: x, Y: y})
			across = append(across, struct{ Low, High float64 }{x - within.x(p.X.Low), within.x(p.X.High) - x})
		}
		if p.Y.barred() {
			at[1] = append(at[1], plotter.XY{X: x, Y: y})
			up = append(up, struct{ Low, High float64 }{y - within.y(p.Y.Low), within.y(p.Y.High) - y})
		}
	}
	style := barStyle(i, series.Small)
	var all []plot.Plotter
	if len(across) > 0 {
		b, err := plotter.NewXErrorBars(struct {
			plotter.XYs
			plotter.XErrors
		}{at[0], across})
		if err != nil {
			return nil, err
		}
		b.LineStyle, b.CapWidth = style, barCap(series.Small)
		all = append(all, b)
	}
	if len(up) > 0 {
		b, err := plotter.NewYErrorBars(struct {
			plotter.XYs
			plotter.YErrors
		}{at[1], up})
		if err != nil {
			return nil, err
		}
		b.LineStyle, b.CapWidth = style, barCap(series.Small)
		all = append(all, b)
	}
	return all, nil
}

func barCap(small bool) vg.Length {
	if small {
		return 0
	}
	return 2 * glyphRadius
}

// fronts are stepped lines.
func (s *sheet) fronts(c *Chart, within reach) ([]plot.Plotter, error) {
	var all []plot.Plotter
	for i, f := range c.Fronts {
		var run plotter.XYs
		for _, p := range f.Corners {
			if drawable(p.X) && drawable(p.Y) {
				run = append(run, plotter.XY{X: within.x(p.X), Y: within.y(p.Y)})
			}
		}
		if len(run) < 2 {
			continue
		}
		l, err := plotter.NewLine(run)
		if err != nil {
			return nil, err
		}
		l.LineStyle = frontStroke(i)
		all = append(all, l)
	}
	return all, nil
}

// linear shades the linear part of scales that are logarithmic beyond it.
func (s *sheet) linear(c *Chart) []plot.Plotter {
	var all []plot.Plotter
	if c.X.Scale == SymLog {
		all = append(all, strip{true})
	}
	if c.Y.Scale == SymLog {
		all = append(all, strip{false})
	}
	return all
}

// A strip is the part of a plot from -1 to 1 in one direction.
type strip struct{ across bool }

// Plot implements plot.Plotter.
func (s strip) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	r := c.Rectangle
	if s.across {
		r.Min.X, r.Max.X = max(r.Min.X, x(-1)), min(r.Max.X, x(1))
	} else {
		r.Min.Y, r.Max.Y = max(r.Min.Y, y(-1)), min(r.Max.Y, y(1))
	}
	if r.Min.X >= r.Max.X || r.Min.Y >= r.Max.Y {
		return
	}
	c.SetColor(tint)
	c.Fill(r.Path())
}
