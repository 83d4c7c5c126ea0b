package report

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
		line := append([]string{t.Title, row.Name, role}, axisTexts(row.Axes, r.Axes)...)
		lines = append(lines, append(append(line, r.Columns[i].Title), e.csv()...))
	}
	return lines
}

// csv are the numbers of an entry.
func (e Entry) csv() []string {
	sd := ""
	if e.N > 1 {
		sd = shortest(e.SD)
	}
	return []string{shortest(e.Mean), sd, strconv.Itoa(e.N)}
}
