package chart

import (
	"cmp"
	"slices"
)

// An entry of the key stands beside the end of its line, as near as the others let it.
type entry struct {
	line   int
	name   []string
	height float64

	end  vertex // of the line, as a place
	near bool   // the line ends at the last x and within the plot
	y    float64
}

func (c *Chart) entries() []entry {
	var all []entry
	for i, l := range c.Lines {
		name := wrap(l.Name, mostKey)
		all = append(all, entry{line: i, name: name, height: float64(len(name)*lineHeight + 4)})
	}
	return all
}

// spread finds the places of the entries.
func (d *drawing) spread(lines []Line) {
	for i := range d.entries {
		e := &d.entries[i]
		e.end = vertex{d.right, d.bottom}
		if drawn := lines[e.line].finite(); len(drawn) > 0 {
			last := drawn[len(drawn)-1]
			v := max(d.y.low, min(d.y.high, last.Y))
			e.end = vertex{d.x.at(float64(last.X)), d.y.at(v)}
			e.near = float64(last.X) == d.x.high && d.y.holds(last.Y)
		}
	}
	slices.SortStableFunc(d.entries, func(a, b entry) int { return cmp.Compare(a.end.y, b.end.y) })
	heights, wanted := make([]float64, len(d.entries)), make([]float64, len(d.entries))
	for i, e := range d.entries {
		heights[i], wanted[i] = e.height, e.end.y
	}
	for i, y := range spread(wanted, heights, d.top, d.bottom) {
		d.entries[i].y = y
	}
}

// spread places boxes in their order without overlap, each with its middle as near
// to where it is wanted as can be, from top to bottom. What overlaps is moved as
// one block, whose middle is the mean of what its boxes want.
func spread(wanted, heights []float64, top, bottom float64) []float64 {
	type block struct {
		first, n              int
		offset, height, start float64 // offset: sum of where its boxes want the block to start
	}
	var blocks []block
	place := func(b block) float64 { return max(top, min(bottom-b.height, b.offset/float64(b.n))) }
	for i := range wanted {
		b := block{first: i, n: 1, offset: wanted[i] - heights[i]/2, height: heights[i]}
		b.start = place(b)
		for len(blocks) > 0 {
			above := blocks[len(blocks)-1]
			if above.start+above.height <= b.start {
				break
			}
			b = block{above.first, above.n + b.n, above.offset + b.offset - float64(float64(b.n)*above.height), above.height + b.height, 0}
			b.start = place(b)
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	middles := make([]float64, len(wanted))
	for _, b := range blocks {
		y := b.start
		for i := b.first; i < b.first+b.n; i++ {
			middles[i] = y + heights[i]/2
			y += heights[i]
		}
	}
	return middles
}

// key draws for each line a piece of it and its name.
func (d *drawing) key(p *pen) {
	from := d.right + margin
	for _, e := range d.entries {
		p.open(colour(e.line))
		if e.near {
			p.segment("leader", e.end.x+5, e.end.y, from-2, e.y)
		}
		p.path("stroke", dash(e.line), [][]vertex{{{from, e.y}, {from + sample, e.y}}})
		p.mark(e.line, vertex{from + sample/2, e.y})
		p.text("", from+sample+tickGap, e.y, e.name...)
		p.close()
	}
}
