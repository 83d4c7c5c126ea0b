package chart

import "slices"

// A vertex is a corner of something drawn, in values.
type vertex struct{ x, y float64 }

// runs are the stretches of points that all are so.
func runs(points []Point, so func(Point) bool) [][]Point {
	var all [][]Point
	open := false
	for _, p := range points {
		switch {
		case !so(p):
			open = false
			continue
		case !open:
			all = append(all, nil)
		}
		open = true
		all[len(all)-1] = append(all[len(all)-1], p)
	}
	return all
}

// between is where the way from a to b crosses a height.
func between(a, b vertex, y float64) vertex {
	t := (y - a.y) / (b.y - a.y)
	return vertex{a.x + float64(t*(b.x-a.x)), y}
}

// cutLine returns the parts of a line that lie from low to high. It is cut here and
// not with a clip path, since not every program that reads SVG knows one.
func cutLine(line []vertex, low, high float64) [][]vertex {
	var parts [][]vertex
	for i := 1; i < len(line); i++ {
		a, b, ok := cutSegment(line[i-1], line[i], low, high)
		if !ok {
			continue
		}
		if n := len(parts); n > 0 && parts[n-1][len(parts[n-1])-1] == a {
			parts[n-1] = append(parts[n-1], b)
		} else {
			parts = append(parts, []vertex{a, b})
		}
	}
	return parts
}

func cutSegment(a, b vertex, low, high float64) (from, to vertex, ok bool) {
	if max(a.y, b.y) < low || min(a.y, b.y) > high {
		return a, b, false
	}
	end := func(v vertex) vertex {
		switch {
		case v.y < low:
			return between(a, b, low)
		case v.y > high:
			return between(a, b, high)
		}
		return v
	}
	return end(a), end(b), true
}

// cutArea returns the part of an area that lies from low to high.
func cutArea(corners []vertex, low, high float64) []vertex {
	for _, edge := range []struct {
		y      float64
		inside func(vertex) bool
	}{
		{low, func(v vertex) bool { return v.y >= low }},
		{high, func(v vertex) bool { return v.y <= high }},
	} {
		var kept []vertex
		for i, v := range corners {
			last := corners[(i+len(corners)-1)%len(corners)]
			if edge.inside(v) != edge.inside(last) {
				kept = append(kept, between(last, v, edge.y))
			}
			if edge.inside(v) {
				kept = append(kept, v)
			}
		}
		corners = kept
	}
	return slices.Compact(corners)
}
