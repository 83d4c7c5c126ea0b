package chart

// width of a drawing; its height follows from what is in it.
const width = 720

// A drawing is a chart with the place of everything.
type drawing struct {
	left, right, top, bottom float64 // of the plot
	height                   float64 // of the whole

	x, y           scale
	xTitle, yTitle []string
	entries        []entry
}

const (
	margin     = 12.0 // around everything
	inset      = 10.0 // of the first and last x within the plot
	tickGap    = 8.0  // between ticks and their labels
	plotHeight = 300.0
	sample     = 28.0  // of a line, in the key
	mostKey    = 190.0 // width of a name in the key
)

func (c *Chart) layOut() *drawing {
	d := &drawing{y: c.vertical()}
	d.yTitle = wrap(c.Y, width-2*margin)
	d.top = margin + float64(len(d.yTitle)*lineHeight) + margin

	widest := 0.0
	for _, label := range d.y.labels {
		widest = max(widest, textWidth(label))
	}
	d.left = max(margin+widest+tickGap, 4*margin)
	d.entries = c.entries()
	names, tall := 0.0, 0.0
	for _, e := range d.entries {
		for _, line := range e.name {
			names = max(names, textWidth(line))
		}
		tall += e.height
	}
	d.right = width - margin - names - tickGap - sample - 2*margin
	d.bottom = d.top + max(plotHeight, tall)
	d.y.from, d.y.to = d.bottom, d.top
	d.x = c.horizontal(d.left+inset, d.right-inset)
	d.xTitle = wrap(c.X, d.right-d.left)
	d.height = d.bottom + tickGap + lineHeight + tickGap/2 + float64(len(d.xTitle)*lineHeight) + margin
	d.spread(c.Lines)
	return d
}

// axes draws the grid, the axes and what is written on them.
func (d *drawing) axes(p *pen) {
	for i, t := range d.y.ticks {
		y := d.y.at(t)
		p.segment("grid", d.left, y, d.right, y)
		p.text("soft end", d.left-tickGap, y, d.y.labels[i])
	}
	for i, t := range d.x.ticks {
		x := d.x.at(t)
		p.segment("grid", x, d.top, x, d.bottom)
		p.segment("axis", x, d.bottom, x, d.bottom+4)
		p.text("soft middle", x, d.bottom+tickGap+lineHeight/2, d.x.labels[i])
	}
	p.path("axis", "", [][]vertex{{{d.left, d.top}, {d.left, d.bottom}, {d.right, d.bottom}}})
	p.text("", margin, margin+float64(len(d.yTitle)*lineHeight)/2, d.yTitle...)
	below := d.bottom + tickGap + lineHeight + tickGap/2
	p.text("middle", (d.left+d.right)/2, below+float64(len(d.xTitle)*lineHeight)/2, d.xTitle...)
}
