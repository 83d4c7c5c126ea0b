package report

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/report/grid"
	"foil/internal/report/render"
)

func TestNumbersKnowTheCellsTheyComeFrom(t *testing.T) {
	gathered := sample([]int{0, 400}, 3)
	holds := map[digest.Digest]bool{}
	for _, c := range gathered["privacy"] {
		holds[c.Digest] = true
	}
	g := build(t, sampleLayout(t), gathered).Grid()
	const bacc = 2 // the column, from privacy
	for _, rows := range [][]grid.Row{g.Tables[1].Rows, g.Tables[1].Baselines[:1]} {
		for _, row := range rows {
			origins := row.Numbers[bacc].Origins
			if len(origins) != 3 {
				t.Errorf("%q: %d origins, want one for each fold", row.Labels, len(origins))
			}
			for _, o := range origins {
				if !holds[o.Digest] || !strings.HasPrefix(o.Axes, "fold=") {
					t.Errorf("%q: a number from %q, %s", row.Labels, o.Axes, o.Digest.Short())
				}
			}
		}
	}
}

func TestPlacesWithoutANumberSayWhy(t *testing.T) {
	gathered := sample([]int{0, 400}, 1)
	gathered["privacy"] = gathered["privacy"][1:]
	table := build(t, sampleLayout(t), gathered).Grid().Tables[1]
	const ndcg, bacc = 0, 2
	for _, c := range []struct {
		name string
		n    grid.Number
		want grid.State
	}{
		{"a value", table.Rows[0].Numbers[ndcg], grid.Present},
		{"a value that is not there", table.Rows[0].Numbers[bacc], grid.Missing},
		{"a baseline of another column", table.Baselines[0].Numbers[ndcg], grid.Blank},
	} {
		if c.n.State != c.want {
			t.Errorf("%s: got %+v", c.name, c.n)
		}
	}
}

// Markdown and LaTeX cannot draw, and show a figure as the table of its summary.
func TestFiguresAreTablesWhereNothingCanBeDrawn(t *testing.T) {
	g := buildFigures(t, figuresLayout(t), training(15)).Grid()
	var markdown, latex bytes.Buffer
	if err := render.Markdown(&markdown, g); err != nil {
		t.Fatal(err)
	}
	if err := render.LaTeX(&latex, g); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want string }{
		{markdown.String(), "| PGD (Grad L2L) | 2.166 ± 0.022 |"},
		{latex.String(), `PGD (Grad L2L) & $2.166 \pm 0.022$ &`},
	} {
		if !strings.Contains(c.got, c.want) {
			t.Errorf("no %s in\n%s", c.want, c.got)
		}
	}
}

// TestColumnsCountValues counts the folds whose value is above a threshold.
func TestColumnsCountValues(t *testing.T) {
	const layout = `
over: [fold]
columns:
  - {title: mean, from: utility, metric: recall}
  - {title: above, from: utility, metric: recall, show: count, above: %g}
tables: [{title: t, grid: [gender, age]}]
`
	gathered := sample([]int{0, 400}, 3)
	values := map[string]bool{}
	for _, above := range []float64{-1, 0.1, 0.102, 7} {
		g := build(t, decodeLayout(t, fmt.Sprintf(layout, above)), gathered).Grid()
		for _, row := range g.Tables[0].Rows {
			higher := 0
			for _, o := range row.Numbers[1].Origins {
				if v, err := strconv.ParseFloat(o.Value, 64); err == nil && v > above {
					higher++
				}
			}
			want := fmt.Sprintf("%d/3", higher)
			if got := row.Numbers[1]; got.Mean != want || got.Spread != "" {
				t.Errorf("%v above %g: %q ± %q, want %q", row.Labels, above, got.Mean, got.Spread, want)
			}
			values[want] = true
		}
	}
	if !values["0/3"] || !values["3/3"] {
		t.Errorf("the counts are %v, want none and all among them", values)
	}
}
