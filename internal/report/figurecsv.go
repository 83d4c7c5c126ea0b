package report

import (
	"encoding/csv"
	"io"
	"strconv"
)

// CSV writes one line per point: full precision, one column per axis, nothing left
// out that the drawing cannot show.
func (r *Figures) CSV(w io.Writer) error {
	head := append([]string{"figure", "line"}, r.Axes...)
	lines := [][]string{append(head, "k", "mean", "sd", "n")}
	for _, f := range r.Figures {
		for _, l := range f.Lines {
			for _, p := range l.Points {
				line := append([]string{f.Title, l.Name}, axisTexts(p.axes(r.Axes), r.Axes)...)
				lines = append(lines, append(append(line, strconv.Itoa(p.K)), p.csv()...))
			}
		}
	}
	return csv.NewWriter(w).WriteAll(lines)
}

// axes are those of some names that the cells of a point share.
func (p Point) axes(names []string) []Axis {
	var cells []Cell
	for _, o := range p.Origins {
		cells = append(cells, o.Cell)
	}
	return sharedAxes(cells, names)
}
