package chart

import (
	"cmp"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

// A reach moves places that are far beyond the axes nearer to them.
type reach struct{ x, y func(float64) float64 }

// inReach moves values that are far beyond an axis nearer to it. Their lines leave the plot at the
// same places, and no difference overflows.
func inReach(low, high float64) func(float64) float64 {
	reach := 1e4 * (high - low)
	return func(v float64) float64 { return max(low-reach, min(high+reach, v)) }
}

// bands are drawn around the means of a line: areas, or bars where a point stands alone.
func bands(i int, l Line, within reach) ([]plot.Plotter, error) {
	var all []plot.Plotter
	for _, run := range runs(l.Points, Point.banded) {
		if len(run) == 1 {
			bar, err := bar(i, run[0], within)
			if err != nil {
				return nil, err
			}
			all = append(all, bar)
			continue
		}
		n := len(run)
		corners := make(plotter.XYs, 2*n)
		for j, p := range run {
			corners[j] = plotter.XY{X: within.x(p.X), Y: within.y(p.High)}
			corners[2*n-1-j] = plotter.XY{X: within.x(p.X), Y: within.y(p.Low)}
		}
		area, err := plotter.NewPolygon(corners)
		if err != nil {
			return nil, err
		}
		area.Color = shade(i)
		area.Width = 0
		all = append(all, area)
	}
	return all, nil
}

// bar is an error bar from the lower to the upper end of the band.
func bar(i int, p Point, within reach) (*plotter.YErrorBars, error) {
	y := within.y(p.Y)
	b, err := plotter.NewYErrorBars(struct {
		plotter.XYs
		plotter.YErrors
	}{
		plotter.XYs{{X: within.x(p.X), Y: y}},
		plotter.YErrors{{Low: y - within.y(p.Low), High: within.y(p.High) - y}},
	})
	if err != nil {
		return nil, err
	}
	b.LineStyle = stroke(i)
	b.LineStyle.Width, b.LineStyle.Dashes = 1, nil
	b.CapWidth = 2 * glyphRadius
	return b, nil
}

// line draws the stretches of a line and its glyphs.
func line(i int, l Line, within reach, room float64) ([]plot.Plotter, error) {
	var all []plot.Plotter
	var marks plotter.XYs
	for _, run := range runs(l.Points, Point.drawn) {
		points := make(plotter.XYs, len(run))
		for j, p := range run {
			points[j] = plotter.XY{X: within.x(p.X), Y: within.y(p.Y)}
		}
		marks = append(marks, marked(points, room)...)
		if len(run) == 1 {
			continue
		}
		stretch, err := plotter.NewLine(points)
		if err != nil {
			return nil, err
		}
		stretch.LineStyle = stroke(i)
		all = append(all, stretch)
	}
	if len(marks) == 0 {
		return all, nil
	}
	points, err := plotter.NewScatter(marks)
	if err != nil {
		return nil, err
	}
	points.GlyphStyle = glyph(i)
	return append(all, points), nil
}

// marked are the points with a glyph: all where there is room, otherwise some of them, and always
// the ends of a stretch. A line that turns back on x shows how it goes by all of its points.
func marked(stretch plotter.XYs, room float64) plotter.XYs {
	if !slices.IsSortedFunc(stretch, func(a, b plotter.XY) int { return cmp.Compare(a.X, b.X) }) {
		return stretch
	}
	var some plotter.XYs
	final := len(stretch) - 1
	for j, p := range stretch {
		if j > 0 && j < final && (p.X-some[len(some)-1].X < room || stretch[final].X-p.X < room) {
			continue
		}
		some = append(some, p)
	}
	return some
}
