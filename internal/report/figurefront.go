package report

import (
	"cmp"
	"slices"

	"foil/internal/report/chart"
)

// A Front is the Pareto front of some points: no other of them is at least as good in both
// directions and better in one, by their means.
type Front struct {
	Name    string
	Of      []string // the series whose points count
	Corners []chart.Corner
}

// fronts finds the fronts of a layout, and marks their points.
func fronts(l *FigureLayout, all []Series) []Front {
	var found []Front
	for i, layout := range l.Fronts {
		front := Front{Name: clean(layout.Name)}
		var points []*Spot
		for s := range all {
			series := &all[s]
			counts := len(layout.Of) == 0 || slices.ContainsFunc(layout.Of, func(name string) bool { return clean(name) == series.Name })
			if counts {
				front.Of = append(front.Of, series.Name)
			}
			for p := range series.Points {
				spot := &series.Points[p]
				spot.Front = append(spot.Front, false)
				if counts && finite(spot.X.at()) && finite(spot.Y.at()) {
					points = append(points, spot)
				}
			}
		}
		o := order{sign(l.X.Better), sign(l.Y.Better)}
		best := filter(points, func(p *Spot) bool {
			return !slices.ContainsFunc(points, func(q *Spot) bool { return o.beats(q, p) })
		})
		for _, p := range best {
			p.Front[i] = true
		}
		front.Corners = o.steps(best)
		found = append(found, front)
	}
	return found
}

// An order tells better points from worse ones: 1 where higher is better, -1 where lower is.
type order struct{ x, y float64 }

func sign(better string) float64 {
	if better == "lower" {
		return -1
	}
	return 1
}

// beats reports whether a is at least as good as b in both directions, and better in one.
func (o order) beats(a, b *Spot) bool {
	x, y := o.x*(a.X.at()-b.X.at()), o.y*(a.Y.at()-b.Y.at())
	return x >= 0 && y >= 0 && (x > 0 || y > 0)
}

// steps are the corners of a line through points that do not beat each other. Between two of them
// it goes along what both of them reach.
func (o order) steps(points []*Spot) []chart.Corner {
	sorted := slices.Clone(points)
	slices.SortStableFunc(sorted, func(a, b *Spot) int { return cmp.Compare(a.X.at(), b.X.at()) })
	var corners []chart.Corner
	for i, p := range sorted {
		x, y := p.X.at(), p.Y.at()
		if i > 0 {
			before := sorted[i-1]
			corners = append(corners, chart.Corner{
				X: o.x * min(o.x*x, o.x*before.X.at()),
				Y: o.y * min(o.y*y, o.y*before.Y.at()),
			})
		}
		corners = append(corners, chart.Corner{X: x, Y: y})
	}
	return slices.Compact(corners)
}
