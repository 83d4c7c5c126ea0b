package chart

import (
	"strconv"
	"strings"
)

// A pen writes the elements of a drawing.
type pen struct{ strings.Builder }

// number writes a place, or a length, to a hundredth.
func number(v float64) string {
	s := strconv.FormatFloat(v, 'f', 2, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

// brief writes a value for reading.
func brief(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

func (p *pen) segment(class string, x1, y1, x2, y2 float64) {
	p.WriteString(`<path class="` + class + `" d="M` + number(x1) + " " + number(y1) + "L" + number(x2) + " " + number(y2) + "\"/>\n")
}

// path draws lines through places, dashed if need be.
func (p *pen) path(class, dash string, parts [][]vertex) {
	var d strings.Builder
	for _, part := range parts {
		outline(&d, part)
	}
	if dash != "" {
		dash = ` stroke-dasharray="` + dash + `"`
	}
	p.WriteString(`<path class="` + class + `"` + dash + ` d="` + d.String() + "\"/>\n")
}

func (p *pen) area(class string, corners []vertex) {
	var d strings.Builder
	outline(&d, corners)
	p.WriteString(`<path class="` + class + `" d="` + d.String() + "Z\"/>\n")
}

func outline(d *strings.Builder, corners []vertex) {
	for i, v := range corners {
		letter := "L"
		if i == 0 {
			letter = "M"
		}
		d.WriteString(letter + number(v.x) + " " + number(v.y))
	}
}

// mark draws the marker of a line's points at a place.
func (p *pen) mark(i int, at vertex) {
	corners := marker(i)
	if corners == nil {
		p.WriteString(`<circle class="mark" cx="` + number(at.x) + `" cy="` + number(at.y) + "\" r=\"3.7\"/>\n")
		return
	}
	moved := make([]vertex, len(corners))
	for j, v := range corners {
		moved[j] = vertex{at.x + v.x, at.y + v.y}
	}
	p.area("mark", moved)
}

// text writes lines of text, of which the middle is at y.
func (p *pen) text(class string, x, y float64, lines ...string) {
	const middle = 0.35 * fontSize // above the line that letters stand on
	y += middle - float64(len(lines)-1)*lineHeight/2
	for i, line := range lines {
		attribute := ""
		if class != "" {
			attribute = ` class="` + class + `"`
		}
		p.WriteString("<text" + attribute + ` x="` + number(x) + `" y="` + number(y+float64(i*lineHeight)) + `">` + escape(line) + "</text>\n")
	}
}

func (p *pen) open(class string) { p.WriteString(`<g class="` + class + "\">\n") }
func (p *pen) close()            { p.WriteString("</g>\n") }
