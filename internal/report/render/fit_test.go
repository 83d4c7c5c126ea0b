package render

import (
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"foil/internal/report/grid"
)

const printed = `A title that is rather long
===========================

The models

                     NDCG@10 ↑  Recall@10 ↑          BAcc
                                             gender, 模 ↓
-------------------  ---------  -----------  ------------
MultVAE                  0.439       0.139*         0.699
模型 of both             0.428       0.132          0.611
-------------------  ---------  -----------  ------------
always the majority                                 0.500

Mean over two folds, which are many.

A first sentence of a caption that takes all of the width of the terminal, and
that goes on below it.
A second sentence.

Columns
  NDCG@10: ndcg@10 split=test, from utility; higher is
    better
  x: y`

const narrow = `A title that is rather long
===========================

The models

                     NDCG@10 ↑
-------------------  ---------
MultVAE                  0.439
模型 of both             0.428
-------------------  ---------
always the majority

                     Recall@10 ↑
-------------------  -----------
MultVAE                   0.139*
模型 of both              0.132
-------------------  -----------
always the majority

                             BAcc
                     gender, 模 ↓
-------------------  ------------
MultVAE                     0.699
模型 of both                0.611
-------------------  ------------
always the majority         0.500

Mean over two folds, which are
many.

A first sentence of a caption
that takes all of the width of
the terminal, and that goes on
below it.
A second sentence.

Columns
  NDCG@10: ndcg@10 split=test,
    from utility; higher is
    better
  x: y`

func TestFitToANarrowTerminal(t *testing.T) {
	if got := Fit(printed, 34); got != narrow {
		t.Errorf("got\n%s", got)
	}
	if got, want := Fit(printed, 100), strings.Replace(printed, "is\n    better", "is better", 1); got != want {
		t.Errorf("a wide terminal changes it:\n%s", got)
	}
	for _, line := range strings.Split(Fit(printed, 60), "\n") {
		if uniseg.StringWidth(line) >= 60 {
			t.Errorf("too long: %s", line)
		}
	}
}

// Text that has no table of ours keeps its lines where they fit.
func TestFitKeepsOtherText(t *testing.T) {
	for _, text := range []string{"", "\n", "a\n\n\nb\n", "x\n---\ny", "  a\n  b\n\n    c", "a | b\n--|--"} {
		if got := Fit(text, 80); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestLabelsThatAreNamesBeginAtTheLeft(t *testing.T) {
	table := grid.Table{Title: "t", Labels: []string{"size", "lambda", "either"}, ByAxes: true, Columns: []grid.Column{{Title: "x"}}}
	for _, labels := range [][]string{{"small", "5", "1"}, {"l", "1000", "auto"}} {
		table.Rows = append(table.Rows, grid.Row{Labels: labels, Numbers: []grid.Number{{State: grid.Present, Mean: "1"}}})
	}
	r := &grid.Report{Tables: []grid.Table{table}}
	for name, want := range map[string]string{
		"text":     "size   lambda  either  x\n---------------------  -\nsmall       5  1       1\nl        1000  auto    1\n",
		"markdown": "| size | lambda | either | x |\n| --- | ---: | --- | ---: |\n",
		"latex":    "\\begin{tabular}{lrlc}\n",
		"html":     `<th class="name" scope="row">small</th><th class="axis" scope="row">5</th><th class="name" scope="row">1</th>`,
	} {
		var b strings.Builder
		write := map[string]func() error{
			"text": func() error { return Text(&b, r) }, "markdown": func() error { return Markdown(&b, r) },
			"latex": func() error { return LaTeX(&b, r) }, "html": func() error { return HTML(&b, r) },
		}[name]
		if err := write(); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%s (%v):\n%s", name, err, b.String())
		}
	}
}

func TestTableThatIsALittleTooWideIsWrittenTighter(t *testing.T) {
	for columns, want := range map[int]string{3: "0.439 ± 0.047", 5: "0.439±0.047", 7: "0.439 ± 0.047"} {
		table := grid.Table{Title: "t", Labels: []string{"model"}}
		row := grid.Row{Labels: []string{"x"}}
		for range columns {
			table.Columns = append(table.Columns, grid.Column{Title: "NDCG"})
			row.Numbers = append(row.Numbers, grid.Number{State: grid.Present, Mean: "0.439", Spread: "0.047"})
		}
		table.Rows = []grid.Row{row}
		var b strings.Builder
		if err := Text(&b, &grid.Report{Tables: []grid.Table{table}}); err != nil || !strings.Contains(b.String(), want) {
			t.Errorf("%d columns (%v):\n%s", columns, err, b.String())
		}
		for line := range strings.Lines(b.String()) {
			if uniseg.StringWidth(line) > 80 {
				t.Errorf("%d columns: too wide: %s", columns, line)
			}
		}
	}
}
