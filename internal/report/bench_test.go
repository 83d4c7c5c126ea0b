package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"testing"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/internal/report/render"
	"foil/spec"
)

// manyCells are the metrics of a stage with two axes. Each cell has a baseline of its own.
func manyCells(down, across int) map[string][]Cell {
	number := func(i int) spec.Value { return spec.Value{Type: spec.Int, Int: int64(i)} }
	var cells []Cell
	for i := range down {
		for j := range across {
			cells = append(cells, Cell{
				Axes:    []Axis{{"i", number(i)}, {"j", number(j)}},
				Digest:  digest.Of([]byte(fmt.Sprint(i, j))),
				Metrics: []artifact.Metric{{Name: "score", Value: float64(i*7+j) / 100}, {Name: "guess", Value: float64(i)}},
			})
		}
	}
	return map[string][]Cell{"m": cells}
}

// BenchmarkReport makes tables of many cells: with a row for each cell, and with a row for the mean
// over many of them.
func BenchmarkReport(b *testing.B) {
	column := Column{
		Title: "Score", Selector: Selector{From: "m", Metric: "score"}, Better: "higher", Digits: 3,
		Baselines: []Baseline{{Metric: "guess"}},
	}
	for _, c := range []struct {
		name string
		grid []string
		over []string
	}{{"RowForEachCell", []string{"i", "j"}, nil}, {"Means", []string{"i"}, []string{"j"}}} {
		layout := &Layout{Columns: []Column{column}, Tables: []TableLayout{{Title: "All", Grid: c.grid}}, Over: c.over, Marks: testedMarks, Interval: intervalUnits}
		for _, size := range []int{32, 100} {
			b.Run(c.name+strconv.Itoa(size*size), func(b *testing.B) {
				gathered := manyCells(size, size)
				for b.Loop() {
					t, err := BuildTables(layout, gathered)
					if err != nil {
						b.Fatal(err)
					}
					g := t.Grid()
					for _, write := range []func(io.Writer) error{
						func(w io.Writer) error { return render.Text(w, g) },
						func(w io.Writer) error { return render.HTML(w, g) },
						func(w io.Writer) error { return render.LaTeX(w, g) },
					} {
						if err := write(io.Discard); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(b.N*size*size), "µs/cell")
			})
		}
	}
}

// BenchmarkStatistics makes a report over 720 cells with everything: intervals over 1,207 users for
// each cell, all differences from one row, tested marks, in every form.
func BenchmarkStatistics(b *testing.B) {
	gathered := withUsers(sample([]int{0, 1, 200, 400, 600, 800}, 10), 1207)
	layout := largeLayout()
	size := 0
	for b.Loop() {
		t, err := BuildTables(layout, gathered)
		if err != nil {
			b.Fatal(err)
		}
		g := t.Grid()
		for _, f := range tableRenderers {
			var out bytes.Buffer
			if err := f.write(&out, g); err != nil {
				b.Fatal(err)
			}
			size = max(size, out.Len())
		}
	}
	b.ReportMetric(float64(size)/1e6, "MB")
}

// largeLayout has the columns and the tables of advx-ml-1m.
func largeLayout() *Layout {
	column := func(title, from, metric, group, checkpoint, better string, k int) Column {
		return Column{Title: title, K: k, Better: better, Digits: 3,
			Selector: Selector{From: from, Metric: metric, Group: group, Split: "test", Checkpoint: checkpoint}}
	}
	compare := defaultCompare()
	compare.To = "MultVAE"
	return &Layout{Over: []string{"fold"}, Compare: &compare, Marks: testedMarks, Interval: intervalUnits,
		Columns: []Column{
			column("NDCG@10", "utility", "ndcg", "", "best", "higher", 10),
			column("NDCG@50", "utility", "ndcg", "", "best", "higher", 50),
			column("Recall@10", "utility", "recall", "", "best", "higher", 10),
			column("BAcc gender, best", "privacy", "bacc", "gender", "best", "lower", 0),
			column("BAcc gender, last", "privacy", "bacc", "gender", "last", "lower", 0),
			column("MAE age, best", "privacy", "mae", "age", "best", "higher", 0),
			column("MAE age, last", "privacy", "mae", "age", "last", "higher", 0),
		},
		Tables: []TableLayout{
			{Title: "Short", Rows: []RowLayout{
				{Name: "MultVAE", Where: map[string]spec.Value{"gender": integer(0), "age": integer(0)}},
				{Name: "AdvXMultVAE", Where: map[string]spec.Value{"gender": integer(400), "age": integer(400)}},
			}},
			{Title: "All", Grid: []string{"gender", "age"}},
		}}
}
