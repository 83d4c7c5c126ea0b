package report

import (
	"fmt"
	"html/template"
	"io"
	"strconv"
)

// What figures.html is filled with.
type (
	figuresPage struct {
		pageFrame
		Figures []pageFigure
		Lines   []term
	}
	pageFigure struct {
		Title   string
		Drawing template.HTML
		Caption []string
		Numbers pageTable
	}
)

// HTML writes one self-contained page without scripts: the drawings, all their
// numbers, and the cells that each line comes from with their artifacts.
func (r *Figures) HTML(w io.Writer) error {
	p := figuresPage{pageFrame: pageFrame{r.Title, r.Notes, r.pageOrigins()}, Lines: r.terms()}
	for _, f := range r.Figures {
		drawing, err := f.chart().Inline()
		if err != nil {
			return err
		}
		n := f.byK(r.Over)
		p.Figures = append(p.Figures, pageFigure{
			Title:   f.Title,
			Drawing: template.HTML(drawing), // in which chart has escaped all text
			Caption: r.caption(f),
			Numbers: n.report.pageTable(n.table),
		})
	}
	return writePage(w, "figures.html", p)
}

// pageOrigins lists the cells of each line, and what part of it each gave.
func (r *Figures) pageOrigins() []pageOrigins {
	var all []pageOrigins
	for _, f := range r.Figures {
		for _, l := range f.Lines {
			p := pageOrigins{From: r.term(f, l), Heads: []string{f.X, "first", "last"}}
			shares := l.shares()
			axes := axesOf([]*stage{newStage(l.Curve.From, cellsOf(shares))})
			for _, axis := range axes {
				p.Axes = append(p.Axes, clean(axis))
			}
			for _, s := range shares {
				p.Cells = append(p.Cells, pageCell{
					Axes:   axisTexts(s.cell.Axes, axes),
					Values: []string{s.ks(), brief(s.first), brief(s.last)},
					Digest: s.cell.Digest.String(), Short: s.cell.Digest.Short(),
				})
			}
			all = append(all, p)
		}
	}
	return all
}

// A share is what a cell gave to a line.
type share struct {
	cell        Cell
	from, to    int // k
	first, last float64
}

func (s share) ks() string {
	if s.from == s.to {
		return strconv.Itoa(s.from)
	}
	return fmt.Sprintf("%d–%d", s.from, s.to)
}

// shares are those of all cells of a line.
func (l Line) shares() []share {
	var all []share
	places := map[string]int{} // by the axes, which name a cell of a stage
	for _, p := range l.Points {
		for _, o := range p.Origins {
			name := bracketed(o.Cell.Axes)
			i, ok := places[name]
			if !ok {
				i = len(all)
				places[name] = i
				all = append(all, share{cell: o.Cell, from: p.K, first: o.Value})
			}
			all[i].to, all[i].last = p.K, o.Value
		}
	}
	return all
}

func cellsOf(shares []share) []Cell {
	cells := make([]Cell, len(shares))
	for i, s := range shares {
		cells[i] = s.cell
	}
	return cells
}
