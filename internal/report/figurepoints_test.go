package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/report/chart"
	"foil/internal/report/render"
	"foil/spec"
)

// tradeoff are cells of two stages over lambda, way and fold.
func tradeoff() map[string][]Cell {
	gathered := map[string][]Cell{}
	for _, lambda := range []int{10, 0, 100} {
		for _, way := range []string{"slow", "fast"} {
			for fold := range 3 {
				axes := []Axis{axis("fold", fold), axis("lambda", lambda), {"way", text(way)}}
				v := float64(lambda)/1000 + float64(len(way)+fold)/100
				gathered["u"] = append(gathered["u"], newCell(axes,
					artifact.Metric{Name: "ndcg", K: 10, Split: "test", Checkpoint: "best", Value: 0.5 - v},
					artifact.Metric{Name: "ndcg", K: 10, Split: "test", Checkpoint: "last", Value: 0.4 - v},
					artifact.Metric{Name: "ndcg", K: 20, Split: "test", Checkpoint: "last", Value: 0.3 - v}))
				gathered["p"] = append(gathered["p"], newCell(axes, artifact.Metric{Name: "bacc", Group: "gender", Split: "test", Value: 0.7 - 2*v},
					artifact.Metric{Name: "loss", Value: float64(lambda)}))
			}
		}
	}
	return gathered
}

// figureOf is a layout of one figure, with y from p, and x too unless it is given.
func figureOf(over, x, rest string) string {
	if x == "" {
		x = "{label: u, from: u, metric: ndcg, k: 10, checkpoint: best, better: higher}"
	}
	return "over: [" + over + "]\nfigures: [{title: f, x: " + x + ", y: {label: p, from: p, metric: bacc, group: gender, better: lower}, " + rest + "}]"
}

func TestProblemsOfPointsNameWhatIsThere(t *testing.T) {
	const grid = "points: [{name: s, grid: [lambda, way]}]"
	for _, c := range []struct{ name, over, x, rest, want string }{
		{"stage", "fold", "{label: u, from: uu, metric: ndcg}", grid, `figures[0].points[0] (s): x: nothing is gathered as "uu" (did you mean "u"?)`},
		{"metric", "fold", "{label: u, from: u, metric: ndgc, k: 10}", grid, `x: u has no metric "ndgc" (did you mean "ndcg"?); it has ndcg`},
		{"several", "fold", "{label: u, from: u, metric: ndcg, checkpoint: last}", grid, `ndcg fits 2 metrics of u: ndcg@10 split=test checkpoint=last; ndcg@20 split=test checkpoint=last; say which with k`},
		{"own choice", "fold", "", "points: [{name: s, grid: [lambda, way], x: {checkpoint: lst}}]", `u has no ndcg@10 checkpoint=lst (did you mean "last"?)`},
		{"axis of the grid", "fold", "", "points: [{name: s, grid: [lamda, way]}]", `grid[0]: unknown axis "lamda" (did you mean "lambda"?)`},
		{"axis of a row", "fold", "", "points: [{name: s, rows: [{name: r, where: {wy: slow}}]}]", `rows[0].where: unknown axis "wy" (did you mean "way"?)`},
		{"type of a row", "fold", "", "points: [{name: s, where: {way: slow}, rows: [{name: r, where: {lambda: ten}}]}]", `rows[0].where.lambda: "ten" is a string, the values of the axis are 0, 10, 100 (a number)`},
		{"axis that nobody named", "fold", "", "points: [{name: s, grid: [lambda]}]", `the cells of u differ in axis way (slow, fast): fix it in where, or name it in grid or in over`},
		{"fold that nobody named", "", "", "points: [{name: s, rows: [{name: r, where: {way: slow, lambda: 10}}]}]", `(s): r: the cells of u differ in axis fold (0, 1, 2)`},
		{"axis on x", "fold", "{label: way, axis: way}", grid, `the values of axis way are not numbers: one is "slow"`},
		{"no such axis on x", "fold", "{label: way, axis: wy}", grid, `axis: unknown axis "wy" (did you mean "way"?)`},
		{"log", "fold", "{label: lambda, axis: lambda, scale: log}", grid,
			`figures[0] (f): x.scale: a logarithmic scale has positive values only, and lambda has the value 0 at the point lambda=0, way=slow of s; scale: symlog has a place for it, on a linear part near zero; or leave these cells out with where`},
		{"log of a metric", "fold", "{label: loss, from: p, metric: loss, scale: log}", grid, `loss has the value 0 at the point lambda=0, way=slow of s (cells [fold=0,lambda=0,way=slow] [fold=1,lambda=0,way=slow] [fold=2,lambda=0,way=slow]); scale: symlog`},
		{"log of a metric in one cell", "fold", "{label: loss, from: p, metric: loss, scale: log}", "points: [{name: s, where: {lambda: 0, way: slow, fold: 1}}]", `loss has the value 0 in s (cell [fold=1,lambda=0,way=slow]); scale: symlog`},
		{"nothing", "fold", "", "points: [{name: s, where: {lambda: 7, way: slow}}]", `no figure has a line or point whose cells are part of this run and hold its metric; in its cells fold is 0, 1, 2; lambda is 0, 10, 100`},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := decodeFigures(t, figureOf(c.over, c.x, c.rest))
			_, err := BuildFigures(l, tradeoff())
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
			problems := early(func(r spec.Reporter) { before(tradeoff()).CheckFigures(l, r) })
			byKind := c.name == "stage" || strings.HasPrefix(c.name, "axis of") || c.name == "no such axis on x"
			byValue := strings.HasPrefix(c.name, "log of a metric")
			if !byKind && !byValue && len(problems) == 0 {
				t.Error("nothing is reported before the cells run")
			}
		})
	}
}

func TestPointsLayoutIsChecked(t *testing.T) {
	const grid = "points: [{name: s, grid: [lambda, way]}]"
	for _, c := range []struct{ x, rest, want string }{
		{"", "points: []", `figures[0]: a figure needs lines`},
		{"", grid + ", lines: [{name: l, from: u, metric: ndcg}]", `figures[0].points: a figure has lines or points, not both`},
		{"u", grid, `figures[0].x: what points show there is not known: from is missing (or axis, for an axis of the cells)`},
		{"{label: u, from: u}", grid, `figures[0].x: what points show there is not known: metric is missing`},
		{"{label: u, from: u}", "points: [{name: s, x: {k: 10}}]", `figures[0].points[0].x: what points show there is not known: metric is missing`},
		{"{label: l, axis: lambda, metric: m}", grid, `figures[0].x.axis: the axis of a figure shows an axis of the cells or a metric, not both`},
		{"{label: l, axis: lambda}", "points: [{name: s, x: {checkpoint: best}}]", `figures[0].points[0].x: the figure shows the axis "lambda" there, and no metric`},
		{"{label: l, axis: fold}", grid, `figures[0].x.axis: axis "fold" is averaged over (see over), so it cannot be shown`},
		{"{label: l, axis: lambda, scale: log, linear: 1}", grid, `figures[0].x.linear: only scale: symlog has a linear part, and scale is log`},
		{"{label: l, axis: lambda, scale: symlog, linear: 0}", grid, `figures[0].x.linear: must be greater than 0, not 0`},
		{"{label: l, axis: lambda, scale: lg}", grid, `figures[0].x.scale: "lg" is not allowed; did you mean "log"?`},
		{"{axis: lambda}", grid, `figures[0].x.label: is missing`},
		{"", "width: colum, " + grid, `figures[0].width: "colum" is not allowed; did you mean "column"?`},
		{"", "points: [{name: s, grid: [way], rows: [{name: r}]}]", `figures[0].points[0].rows: a series has rows or grid, not both`},
		{"", "points: [{name: s, grid: [fold]}]", `figures[0].points[0].grid[0]: axis "fold" is averaged over (see over), so it cannot distinguish points`},
		{"", "points: [{name: s, grid: [way, way]}]", `figures[0].points[0].grid[1]: axis "way" occurs twice`},
		{"", "points: [{name: s, grid: [way], where: {way: slow}}]", `figures[0].points[0].grid[0]: axis "way" has a single value in where`},
		{"", "points: [{name: s, where: {way: slow}, rows: [{name: r, where: {way: fast}}]}]", `figures[0].points[0].rows[0].where.way: axis "way" has a value in where of the series, too`},
		{"", "points: [{name: s, rows: [{name: r}, {name: r}]}]", `figures[0].points[0].rows[1].name: another row has the name "r", too`},
		{"", "points: [{name: s}, {name: s}]", `figures[0].points[1].name: another series has the name "s", too`},
		{"", "points: [{name: a}, {name: b}, {name: c}, {name: d}, {name: e}, {name: f}, {name: g}, {name: h}, {name: i}, {name: j}, {name: k}]",
			`figures[0].points: a figure has at most 10 series, so that they can be distinguished, not 11; make two figures`},
		{"", grid + ", fronts: [{of: [t]}]", `figures[0].fronts[0].of[0]: no series has the name "t"; there is only s`},
		{"", grid + ", fronts: [{of: [s, s]}]", `figures[0].fronts[0].of[1]: the series "s" occurs twice`},
		{"", grid + ", fronts: [{}, {}]", `figures[0].fronts[1].name: a series or another front has the name "Pareto front", too`},
		{"{label: u, from: u, metric: ndcg}", grid + ", fronts: [{}]", `figures[0].fronts[0]: a front needs x.better: whether higher or lower values are better`},
	} {
		if _, err := decode(figureOf("fold", c.x, c.rest), FiguresLayoutParams); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s\ngot  %v\nwant %s", c.x, c.rest, err, c.want)
		}
	}
}

func TestLayoutOfLinesWithAxesIsChecked(t *testing.T) {
	const line = "lines: [{name: l, from: p, metric: bacc, group: gender, where: {way: slow}}]"
	for _, c := range []struct{ x, y, rest, want string }{
		{"l", "{label: y, from: p, metric: bacc}", line, `figures[0].y: y of a figure with lines is a label and a scale: each line names its own metric`},
		{"{label: l, better: lower}", "y", line, `figures[0].x.better: better is for fronts, and only a figure with points has fronts`},
		{"l", "y", line + ", fronts: [{}]", `figures[0].fronts: only a figure with points has fronts`},
		{"l", "y", "lines: [{name: l, from: p, metric: bacc, k: 3}]", `figures[0].lines[0].k: the line is over k, so it has no single k; name an axis in x`},
		{"l", "y", "lines: [{name: l, from: p, metric: bacc, along: lambda}]", `figures[0].lines[0].along: along is for figures whose x is a metric`},
		{"{label: l, axis: lambda}", "y", "lines: [{name: l, from: p, metric: bacc, where: {lambda: 1}}]",
			`figures[0].lines[0].where.lambda: the line is along the axis "lambda", so the axis has no single value`},
		{"{label: l, metric: m}", "y", "lines: [{name: l, from: p, metric: bacc, along: fold}]", `figures[0].lines[0].along: axis "fold" is averaged over (see over), so a line cannot be along it`},
		{"l", "{label: y, scale: log}", "min: 0, " + line, `figures[0].min: min is 0, but a logarithmic scale has positive values only`},
	} {
		if _, err := decode("over: [fold]\nfigures: [{title: f, x: "+c.x+", y: "+c.y+", "+c.rest+"}]", FiguresLayoutParams); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s, %s\ngot  %v\nwant %s", c.x, c.y, c.rest, err, c.want)
		}
	}
}

func csvOf(t *testing.T, r *Figures) string {
	t.Helper()
	var b strings.Builder
	if err := render.CSV(&b, r.Grid()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func textOf(t *testing.T, r *Figures) string {
	t.Helper()
	var b strings.Builder
	if err := render.Text(&b, r.Grid()); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func TestPointsHaveIntervalsOverFolds(t *testing.T) {
	cells := []Cell{}
	for fold, v := range []float64{0.1, 0.2, 0.3} {
		cells = append(cells, newCell([]Axis{axis("fold", fold)}, metric("a", v), metric("b", 2)))
	}
	r := buildFigures(t, decodeFigures(t, "over: [fold]\nfigures: [{title: f, x: {label: A, from: m, metric: a}, y: {label: B, from: m, metric: b}, points: [{name: s}]}]"), map[string][]Cell{"m": cells})
	p := r.Figures[0].Series[0].Points[0]
	// t with 2 degrees of freedom at 0.975 is 4.302653, and the standard error 0.1/sqrt(3).
	if half := (p.X.Pooled.High - p.X.Pooled.Low) / 2; math.Abs(half-4.302653*0.1/math.Sqrt(3)) > 1e-6 || math.Abs(p.X.Mean-0.2) > 1e-12 {
		t.Errorf("%+v", p.X.Pooled)
	}
	text := textOf(t, r)
	for _, want := range []string{"Mean over fold, n = 3.", "± is half the 95 % confidence interval of the mean (t).", "A number without ± has no interval: all "} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestPointsHaveIntervalsOverUnitsWhereTheyAreKnown(t *testing.T) {
	gathered := models(3, 40)
	r := buildFigures(t, decodeFigures(t, `over: [fold]
level: 0.9
figures:
  - title: f
    x: {label: NDCG, from: m, metric: ndcg}
    y: {label: again, from: m, metric: ndcg}
    points: [{name: all, grid: [model]}]`), gathered)
	p := r.Figures[0].Series[0].Points[0]
	want := gathered["m"][0]
	if p.X.Pooled == nil || p.X.Pooled.Unit != "user" || p.X.Pooled.Units != 120 || p.X.Pooled.Level != 0.9 || p.X.N != 3 {
		t.Fatalf("%+v of %v", p.X.Pooled, want.Axes)
	}
	if p.X.at() != p.X.Pooled.Value {
		t.Errorf("drawn at %g, and the mean is %g", p.X.at(), p.X.Pooled.Value)
	}
	if text := textOf(t, r); !strings.Contains(text, "Mean over 120 users, pooled over fold. ± is half the 90 % confidence interval") {
		t.Error(text)
	}
}

func TestPointsWithoutValuesAreNamed(t *testing.T) {
	gathered := map[string][]Cell{"m": {
		newCell([]Axis{axis("x", 1)}, metric("a", 1), metric("b", math.Inf(1))),
		newCell([]Axis{axis("x", 2)}, metric("a", 2), metric("b", 3)),
		newCell([]Axis{axis("x", 3)}, metric("a", 2)),
	}}
	r := buildFigures(t, decodeFigures(t, `figures:
  - title: f
    x: {label: A, from: m, metric: a, better: higher}
    y: {label: B, from: m, metric: b, better: higher}
    points: [{name: s, rows: [{name: one, where: {x: 1}}, {name: two, where: {x: 2}}, {name: three, where: {x: 3}}, {name: four, where: {x: 4}}]}]
    fronts: [{}]`), gathered)
	text := textOf(t, r)
	for _, want := range []string{"Not drawn, because a value is not a finite number: s, one.", "Without values: three [x=3].", "Not in this run: four [x=4].",
		"Single values (n = 1), so there are no intervals. ", "Pareto front: 1 point. No other point is"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if csv := csvOf(t, r); !strings.Contains(csv, "\nf,s,one,1,,1,,,,1,,,,,,0,1 +Inf,\nf,s,two,2,,2,,,,1,,3,,,,1,,Pareto front\n") {
		t.Error(csv)
	}
}

func TestPointsOverAnAxis(t *testing.T) {
	r := buildFigures(t, decodeFigures(t, figureOf("fold", "{label: lambda, axis: lambda, scale: symlog}",
		"points: [{name: slow, grid: [lambda], where: {way: slow}}, {name: fast at 10, where: {way: fast, lambda: 10}}]")), tradeoff())
	f := r.Figures[0]
	if f.X.Scale != chart.SymLog || f.X.Linear != 10 || !f.X.Discrete {
		t.Errorf("%+v", f.X)
	}
	var xs []float64
	for _, p := range f.Series[0].Points {
		xs = append(xs, p.X.at())
	}
	if !slices.Equal(xs, []float64{0, 10, 100}) || f.Series[1].Points[0].X.at() != 10 {
		t.Errorf("%v", xs)
	}
	if text := textOf(t, r); !strings.Contains(text, "The horizontal scale is linear between −10 and 10 (shaded), and logarithmic beyond.") {
		t.Error(text)
	}
}

func TestLinesAlongAnAxis(t *testing.T) {
	r := buildFigures(t, decodeFigures(t, `over: [fold]
figures:
  - title: f
    x: {label: lambda, axis: lambda}
    y: NDCG
    lines:
      - {name: slow, from: u, metric: ndcg, k: 20, where: {way: slow}}
      - {name: fast, from: u, metric: ndcg, k: 10, checkpoint: best, where: {way: fast}}`), tradeoff())
	const want = `figure,line,lambda,way,k,mean,sd,n,not_finite
f,slow,0,slow,20,0.25,0.010000000000000009,3,
f,slow,10,slow,20,0.24,0.010000000000000009,3,
`
	if csv := csvOf(t, r); !strings.HasPrefix(csv, want) {
		t.Errorf("got\n%s", csv)
	}
	for layout, want := range map[string]string{
		"x: {label: way, axis: way}, y: y, lines: [{name: l, from: p, metric: bacc, group: gender, where: {lambda: 0}}]":              `the values of axis way are not numbers: one is "slow"`,
		"x: {label: way, axis: wy}, y: y, lines: [{name: l, from: p, metric: bacc, group: gender}]":                                   `unknown axis "wy" (did you mean "way"?)`,
		"x: {label: l, axis: lambda}, y: y, lines: [{name: l, from: u, metric: ndcg, where: {way: slow}}]":                            `say which with k, checkpoint`,
		"x: {label: l, axis: lambda}, y: y, lines: [{name: l, from: p, metric: bacc, group: gender}]":                                 `at lambda = 0 the cells of p differ in axis way (slow, fast): fix it in where, or name it in over`,
		"x: {label: l, axis: lambda, scale: log}, y: y, lines: [{name: l, from: p, metric: bacc, group: gender, where: {way: slow}}]": `l has the value 0 at 0 of the line l; scale: symlog`,
	} {
		_, err := BuildFigures(decodeFigures(t, "over: [fold]\nfigures: [{title: f, "+layout+"}]"), tradeoff())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot  %v\nwant %s", layout, err, want)
		}
	}
}

func TestLinesOverAnotherMetric(t *testing.T) {
	r := buildFigures(t, decodeFigures(t, `over: [fold]
figures:
  - title: f
    x: {label: BAcc, from: p, metric: bacc, group: gender}
    y: NDCG
    lines: [{name: slow, from: u, metric: ndcg, k: 20, along: lambda, where: {way: slow}}]`), tradeoff())
	var xs []float64
	for _, p := range r.Figures[0].Lines[0].Points {
		xs = append(xs, math.Round(p.X*1000)/1000)
	}
	if !slices.Equal(xs, []float64{0.6, 0.58, 0.4}) {
		t.Errorf("%v", xs)
	}
	if text := textOf(t, r); !strings.Contains(text, "slow lambda 100 0.400 ± 0.020 0.150 ± 0.010") || strings.Contains(text, "Bands") {
		t.Error(text)
	}
	curves := map[string][]Cell{"m": {newCell(nil, artifact.Metric{Name: "a", K: 1, Value: 1}, artifact.Metric{Name: "a", K: 2, Value: 2},
		artifact.Metric{Name: "b", K: 2, Value: 3}, artifact.Metric{Name: "b", K: 3, Value: 4}, artifact.Metric{Name: "c", K: 9, Value: 4})}}
	r = buildFigures(t, decodeFigures(t, "figures: [{title: f, x: {label: A, metric: a}, y: B, lines: [{name: l, from: m, metric: b}]}]"), curves)
	if p := r.Figures[0].Lines[0].Points; len(p) != 1 || p[0].X != 2 || p[0].Mean != 3 || p[0].Place != "2" {
		t.Errorf("%+v", p)
	}
	_, err := BuildFigures(decodeFigures(t, "figures: [{title: f, x: {label: A, metric: a}, y: B, lines: [{name: l, from: m, metric: c}]}]"), curves)
	if err == nil || !strings.Contains(err.Error(), "a and c have no k in common") {
		t.Error(err)
	}
}

// spotsAt are points of a series, at x and y by turns.
func spotsAt(xy ...float64) Series {
	var s Series
	for i := 0; i < len(xy); i += 2 {
		at := func(v float64) Shown { return Shown{Entry: Entry{Stat: Stat{Mean: v, N: 1}}} }
		s.Points = append(s.Points, Spot{X: at(xy[i]), Y: at(xy[i+1])})
	}
	return s
}

func TestFrontsAreStepsThroughPointsThatNoneBeats(t *testing.T) {
	all := []float64{1, 1, 2, 2, 3, 1, 1, 3, 2, 1.5, 3, 1, math.NaN(), 9}
	for _, c := range []struct {
		x, y  string
		front []int
		steps []chart.Corner
	}{
		{"higher", "higher", []int{1, 2, 3, 5}, []chart.Corner{{X: 1, Y: 3}, {X: 1, Y: 2}, {X: 2, Y: 2}, {X: 2, Y: 1}, {X: 3, Y: 1}}},
		{"lower", "lower", []int{0}, []chart.Corner{{X: 1, Y: 1}}},
		{"higher", "lower", []int{2, 5}, []chart.Corner{{X: 3, Y: 1}}},
		{"lower", "higher", []int{3}, []chart.Corner{{X: 1, Y: 3}}},
	} {
		series := []Series{spotsAt(all...)}
		found := fronts(&FigureLayout{X: AxisLayout{Better: c.x}, Y: AxisLayout{Better: c.y}, Fronts: []FrontLayout{{Name: "front"}}}, series)
		var on []int
		for i, p := range series[0].Points {
			if p.Front[0] {
				on = append(on, i)
			}
		}
		if !slices.Equal(on, c.front) || !slices.Equal(found[0].Corners, c.steps) {
			t.Errorf("%s, %s: points %v, steps %v", c.x, c.y, on, found[0].Corners)
		}
	}
}

// Every point off the front is beaten, and no point is on the better side of the line.
func TestNoPointIsBeyondAFront(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var xy []float64
		for range 2 * (1 + r.IntN(30)) {
			xy = append(xy, float64(r.IntN(12)))
		}
		better := []string{"higher", "lower"}
		l := &FigureLayout{X: AxisLayout{Better: better[r.IntN(2)]}, Y: AxisLayout{Better: better[r.IntN(2)]}, Fronts: []FrontLayout{{}}}
		series := []Series{spotsAt(xy...)}
		front := fronts(l, series)[0]
		o := order{sign(l.X.Better), sign(l.Y.Better)}
		for _, p := range series[0].Points {
			beaten := slices.ContainsFunc(series[0].Points, func(q Spot) bool { return o.beats(&q, &p) })
			if beaten == p.Front[0] {
				t.Fatalf("beaten %v, on the front %v", beaten, p.Front[0])
			}
			for i := 2; i < len(front.Corners); i += 2 {
				inner := front.Corners[i-1] // what both of its neighbours reach
				if o.x*(p.X.at()-inner.X) > 0 && o.y*(p.Y.at()-inner.Y) > 0 {
					t.Fatalf("(%g, %g) is beyond the step at %v of %v", p.X.at(), p.Y.at(), inner, front.Corners)
				}
			}
		}
	}
}

func TestFrontsAreOfTheirSeries(t *testing.T) {
	r := buildFigures(t, decodeFigures(t, figureOf("fold", "", `points: [{name: slow, grid: [lambda], where: {way: slow}}, {name: fast, grid: [lambda], where: {way: fast}}], fronts: [{name: of slow, of: [slow]}, {name: of all}]`)), tradeoff())
	f := r.Figures[0]
	if !slices.Equal(f.Fronts[0].Of, []string{"slow"}) || len(f.Fronts[1].Of) != 2 || f.Series[1].Points[0].Front[0] {
		t.Errorf("%+v", f.Fronts)
	}
	if text := textOf(t, r); !strings.Contains(text, "of slow (front 1): 3 points of slow. No other point of slow is at least as good in both u (higher is better) and p (lower is better), and better in one.") {
		t.Error(text)
	}
}

// A terminal shows the points of a large figure that have a name or are on a front. Smaller figures
// are shown in full, and the page has all points in any case.
func TestTerminalShowsWhichPointsOfManyStandOut(t *testing.T) {
	for _, c := range []struct{ lambdas, shown int }{{2, 3}, {manySpots - 1, manySpots}, {manySpots, 2}, {200, 2}} {
		gathered := map[string][]Cell{}
		for lambda := range c.lambdas {
			axes := []Axis{axis("lambda", lambda)}
			v := float64(lambda) / 1000 // the first is better than all others
			gathered["u"] = append(gathered["u"], newCell(axes, artifact.Metric{Name: "ndcg", K: 10, Checkpoint: "best", Value: 0.5 - v}))
			gathered["p"] = append(gathered["p"], newCell(axes, artifact.Metric{Name: "bacc", Group: "gender", Value: 0.5 + v}))
		}
		all, named := "{name: all, grid: [lambda]}", "{name: named, rows: [{name: last, where: {lambda: "+strconv.Itoa(c.lambdas-1)+"}}]}"
		r := buildFigures(t, decodeFigures(t, figureOf("", "", "points: ["+all+", "+named+"], fronts: [{}]")), gathered)
		f := r.Grid().Figures[0]
		if len(f.Summary.Rows) != c.shown || len(f.Numbers.Rows) != c.lambdas+1 {
			t.Errorf("%d points: %d rows on a terminal, want %d, and %d of all", c.lambdas+1, len(f.Summary.Rows), c.shown, len(f.Numbers.Rows))
		}
	}
}
