package report

import (
	"math"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/report/render"
	"foil/spec"
)

func TestProblemsOfLinesNameWhatIsThere(t *testing.T) {
	gathered := training(3)
	gathered["ranks"] = []Cell{newCell([]Axis{axis("seed", 1)},
		artifact.Metric{Name: "ndcg", K: 10, Split: "test", Checkpoint: "best", Value: 1}, artifact.Metric{Name: "ndcg", K: 20, Split: "test", Checkpoint: "best", Value: 1},
		artifact.Metric{Name: "ndcg", K: 10, Split: "test", Checkpoint: "last", Value: 1})}
	for _, c := range []struct{ name, over, line, want string }{
		{"stage", "seed", "from: trainig, metric: x", `figures[0].lines[0] (l): nothing is gathered as "trainig" (did you mean "training"?); there is ranks, training`},
		{"metric", "seed", "from: training, metric: selection/pgd/los", `training has no metric "selection/pgd/los" (did you mean "selection/pgd/loss"?); it has forward, selection/pgd/loss`},
		{"no curve", "seed", "from: training, metric: forward", `forward of training is a single number without a k, so there is no curve to draw; report/table shows such`},
		{"several curves", "seed", "from: ranks, metric: ndcg", `ndcg fits 2 metrics of ranks: ndcg split=test checkpoint=best; ndcg split=test checkpoint=last; say which with checkpoint`},
		{"checkpoint", "seed", "from: ranks, metric: ndcg, checkpoint: lst", `ranks has no ndcg checkpoint=lst (did you mean "last"?); it has ndcg split=test checkpoint=best; ndcg split=test checkpoint=last`},
		{"group", "seed", "from: training, metric: selection/pgd/loss, group: g", `training has no selection/pgd/loss group=g; it has selection/pgd/loss`},
		{"axis in where", "seed", "from: training, metric: selection/pgd/loss, where: {metod: plain}", `(l): where: unknown axis "metod" (did you mean "method"?); the cells have method, seed`},
		{"axis of another stage", "seed", "from: ranks, metric: ndcg, checkpoint: best, where: {method: plain}", `where: unknown axis "method"; the cells have seed`},
		{"type in where", "seed", "from: training, metric: selection/pgd/loss, where: {method: 3}", `where.method: 3 is a number, the values of the axis are l2l-naive, l2l-grad, l2l-2step, plain (a string)`},
		{"axis in over", "sed", "from: training, metric: selection/pgd/loss, where: {method: plain}", `over[0]: unknown axis "sed" (did you mean "seed"?)`},
		{"axis that nobody named", "seed", "from: training, metric: selection/pgd/loss", `at k = 1 the cells of training differ in axis method (l2l-naive, l2l-grad, l2l-2step, plain): fix it in where, or name it in over`},
		{"no line at all", "seed", "from: training, metric: selection/pgd/loss, where: {method: trades}", `no figure has a line or point whose cells are part of this run and hold its metric; in its cells method is l2l-naive`},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := decodeFigures(t, "over: ["+c.over+"]\nfigures: [{title: f, x: epoch, y: loss, lines: [{name: l, "+c.line+"}]}]")
			_, err := BuildFigures(l, gathered)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
			problems := early(func(r spec.Reporter) { before(gathered).CheckFigures(l, r) })
			if byKind := c.name == "stage" || strings.HasPrefix(c.name, "axis in ") || c.name == "axis of another stage"; !byKind && len(problems) == 0 {
				t.Error("nothing is reported before the cells run")
			}
		})
	}
}

func TestProblemsOfLinesComeTogether(t *testing.T) {
	_, err := BuildFigures(decodeFigures(t, `figures:
  - {title: f, x: k, y: y, lines: [{name: a, from: x, metric: y}]}
  - {title: g, x: k, y: y, lines: [{name: b, from: training, metric: y}]}`), training(2))
	if err == nil || !strings.Contains(err.Error(), "figures[0].lines[0] (a)") || !strings.Contains(err.Error(), "figures[1].lines[0] (b)") {
		t.Errorf("got %v", err)
	}
}

func TestFiguresLayoutIsChecked(t *testing.T) {
	many := ""
	for i := range 21 {
		many += "{name: l" + integer(i).String() + ", from: m, metric: x}, "
	}
	for _, c := range []struct{ layout, want string }{
		{"figures: []", `figures: must not be empty`},
		{"figures: [{title: f, x: k, y: y, lines: []}]", `figures[0]: a figure needs lines (metrics over k, an axis or another metric) or points`},
		{"figures: [{title: f, y: y, lines: [{name: l, from: m, metric: x}]}]", `figures[0].x: is missing`},
		{"figures: [{title: f, x: k, y: y, lines: [{name: l, form: m, metric: x}]}]", `unknown field "form"; did you mean "from"?`},
		{"figures: [{title: f, x: k, y: y, lines: [{name: l, from: m, metric: x}]}, {title: f, x: k, y: y, lines: [{name: l, from: m, metric: x}]}]",
			`figures[1].title: another figure has the title "f", too`},
		{"figures: [{title: f, x: k, y: y, lines: [{name: l, from: m, metric: x}, {name: l, from: m, metric: y}]}]", `figures[0].lines[1].name: another line has the name "l", too`},
		{"figures: [{title: f, x: k, y: y, min: 1, max: 0.5, lines: [{name: l, from: m, metric: x}]}]", `figures[0].max: max is 0.5, but must be greater than min, which is 1`},
		{"figures: [{title: f, x: k, y: y, lines: [{name: l, from: m, metric: x, where: {a: [1]}}]}]", `figures[0].lines[0].where.a: the value of an axis must be`},
		{"figures: [{title: f, x: k, y: y, lines: [" + many + "]}]", `figures[0].lines: a figure has at most 20 lines, so that they can be distinguished, not 21; make two figures`},
		{"over: [a, a]\nfigures: [{title: f, x: k, y: y, lines: [{name: l, from: m, metric: x}]}]", `over[1]: axis "a" occurs twice`},
	} {
		if _, err := decode(c.layout, FiguresLayoutParams); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngot %v\nwant %s", c.layout, err, c.want)
		}
	}
}

// Where k is an axis of its own, each cell gives a point, and nothing is mixed.
func TestCellsWithDifferentKMakeOneLine(t *testing.T) {
	var cells []Cell
	for _, steps := range []int{64, 4, 8} {
		for seed := range 2 {
			cells = append(cells, points([]Axis{axis("seed", seed), axis("steps", steps)}, "accuracy", map[int]float64{steps: 1/float64(steps) + float64(seed)}))
		}
	}
	r := buildFigures(t, decodeFigures(t, "over: [seed]\nfigures: [{title: f, x: steps, y: accuracy, lines: [{name: PGD, from: pgd, metric: accuracy}]}]"),
		map[string][]Cell{"pgd": cells})
	var csv strings.Builder
	if err := render.CSV(&csv, r.Grid()); err != nil {
		t.Fatal(err)
	}
	const want = `figure,line,steps,k,mean,sd,n,not_finite
f,PGD,4,4,0.75,0.7071067811865476,2,
f,PGD,8,8,0.625,0.7071067811865476,2,
f,PGD,64,64,0.515625,0.7071067811865476,2,
`
	if csv.String() != want {
		t.Errorf("got\n%s", csv.String())
	}
}

func TestSingleNumbersBesideACurveAreNoPointsOfIt(t *testing.T) {
	cell := newCell(nil, artifact.Metric{Name: "loss", Value: 9}, artifact.Metric{Name: "loss", K: 2, Value: 1}, artifact.Metric{Name: "loss", K: 1, Value: 3})
	r := buildFigures(t, decodeFigures(t, "figures: [{title: f, x: k, y: y, lines: [{name: l, from: m, metric: loss}]}]"), map[string][]Cell{"m": {cell}})
	p := r.Figures[0].Lines[0].Points
	if len(p) != 2 || p[0].X != 1 || p[0].Mean != 3 || p[1].Place != "2" {
		t.Errorf("got %+v", p)
	}
}

func TestFileNamesAreFitForEverySystem(t *testing.T) {
	for title, want := range map[string]string{
		"The attacker's strength":    "1-the-attackers-strength",
		"../../etc/passwd":           "1-etc-passwd",
		"数据":                         "1",
		"CON":                        "1-con",
		strings.Repeat("word ", 100): "1" + strings.Repeat("-word", 11),
	} {
		if got := fileName(0, title); got != want {
			t.Errorf("%q: got %s, want %s", title, got, want)
		}
	}
}

func TestEvenlyPicksFirstAndLast(t *testing.T) {
	all := make([]int, 76)
	for i := range all {
		all[i] = i + 1
	}
	got := evenly(all, 5)
	for i, want := range []int{1, 20, 39, 57, 76} {
		if got[i] != want {
			t.Fatalf("got %v", got)
		}
	}
}

func TestDigitsTellLinesApart(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   int
	}{
		{[]float64{0.2, 0.45}, 3},
		{[]float64{0.7, 51}, 2},
		{[]float64{12345, 99999}, 0},
		{[]float64{1e-6, 3e-6}, 8},
		{[]float64{0.25, 0.25}, 3},
		{[]float64{0, 0}, 2},
		{[]float64{math.NaN(), math.Inf(1)}, 2},
		{[]float64{-math.MaxFloat64, math.MaxFloat64}, 2},
		{[]float64{0, 5e-324}, 15},
	} {
		if got := digitsFor(c.values); got != c.want {
			t.Errorf("%v: got %d, want %d", c.values, got, c.want)
		}
	}
}
