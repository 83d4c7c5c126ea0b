package chart

import "slices"

// bands draws what lies around the means of a line: an area, or a bar where
// a point stands alone.
func (d *drawing) bands(p *pen, i int, l Line) {
	p.open(colour(i))
	defer p.close()
	for _, run := range runs(l.Points, Point.banded) {
		if len(run) == 1 {
			d.whisker(p, run[0])
			continue
		}
		var corners []vertex
		for _, point := range run {
			corners = append(corners, vertex{float64(point.X), point.High})
		}
		for _, point := range slices.Backward(run) {
			corners = append(corners, vertex{float64(point.X), point.Low})
		}
		if inside := cutArea(corners, d.y.low, d.y.high); len(inside) > 0 {
			p.area("band", d.places(inside))
		}
	}
}

func (d *drawing) whisker(p *pen, point Point) {
	low, high := max(point.Low, d.y.low), min(point.High, d.y.high)
	if low < high {
		x := d.x.at(float64(point.X))
		p.segment("whisker", x, d.y.at(low), x, d.y.at(high))
	}
}

// line draws a line and its markers.
func (d *drawing) line(p *pen, i int, l Line) {
	p.open(colour(i))
	defer p.close()
	p.WriteString("<title>" + escape(l.Name) + "</title>\n")
	var parts [][]vertex
	for _, run := range runs(l.Points, Point.drawn) {
		var line []vertex
		for _, point := range run {
			line = append(line, vertex{float64(point.X), point.Y})
		}
		for _, part := range cutLine(line, d.y.low, d.y.high) {
			parts = append(parts, d.places(part))
		}
	}
	if len(parts) > 0 {
		p.path("stroke", dash(i), parts)
	}
	for _, at := range d.marks(l) {
		p.mark(i, at)
	}
}

// marks are the places of markers: at all points where there is room, else at
// some, but always at the ends of a stretch.
func (d *drawing) marks(l Line) []vertex {
	const room = 22
	var all []vertex
	for _, run := range runs(l.Points, Point.drawn) {
		end := d.x.at(float64(run[len(run)-1].X))
		last := d.x.from - room
		for j, point := range run {
			at := vertex{d.x.at(float64(point.X)), 0}
			final := j == len(run)-1
			if j > 0 && !final && (at.x-last < room || end-at.x < room) {
				continue
			}
			last = at.x
			if d.y.holds(point.Y) {
				at.y = d.y.at(point.Y)
				all = append(all, at)
			}
		}
	}
	return all
}

func (d *drawing) places(values []vertex) []vertex {
	all := make([]vertex, len(values))
	for i, v := range values {
		all[i] = vertex{d.x.at(v.x), d.y.at(v.y)}
	}
	return all
}
