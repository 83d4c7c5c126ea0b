package results

import (
	"encoding/csv"
	"io"
	"strconv"
)

// CSV writes one line per entry, as pandas or R would want it: full precision,
// one column per axis, nothing rounded or marked.
func (r *Report) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	head := append([]string{"table", "row", "role"}, r.Axes...)
	lines := [][]string{append(head, "column", "mean", "sd", "n")}
	for _, t := range r.Tables {
		for _, row := range t.Rows {
			lines = append(lines, r.csvRow(t, row, "model")...)
		}
		for _, row := range t.Baselines {
			lines = append(lines, r.csvRow(t, row, "baseline")...)
		}
	}
	return out.WriteAll(lines)
}

func (r *Report) csvRow(t Table, row Row, role string) [][]string {
	var lines [][]string
	for i, e := range row.Entries {
		if e.N == 0 {
			continue
		}
		line := []string{t.Title, row.Name, role}
		for _, axis := range r.Axes {
			text := ""
			if v, ok := value(row.Axes, axis); ok {
				text = display(v)
			}
			line = append(line, text)
		}
		sd := ""
		if e.N > 1 {
			sd = shortest(e.SD)
		}
		lines = append(lines, append(line, r.Columns[i].Title, shortest(e.Mean), sd, strconv.Itoa(e.N)))
	}
	return lines
}
