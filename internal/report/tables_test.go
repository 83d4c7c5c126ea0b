package report

import (
	"math"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/spec"
)

func TestProblemsNameWhatIsThere(t *testing.T) {
	const tail = "\ntables: [{title: t, grid: [gender, age]}]"
	const over = "over: [fold]\n"
	for _, c := range []struct{ name, layout, want string }{
		{"stage", over + "columns: [{title: c, from: utilty, metric: ndcg}]" + tail,
			`columns[0] (c): nothing is gathered as "utilty" (did you mean "utility"?); there is privacy, utility`},
		{"metric", over + "columns: [{title: c, from: utility, metric: ndgc}]" + tail,
			`columns[0] (c): utility has no metric "ndgc" (did you mean "ndcg"?); it has ndcg, recall`},
		{"cut-off", over + "columns: [{title: c, from: utility, metric: recall, k: 20}]" + tail,
			`columns[0] (c): utility has no recall@20; it has recall@10 split=test checkpoint=best`},
		{"group", over + "columns: [{title: c, from: privacy, metric: bacc, group: gendre, checkpoint: last}]" + tail,
			`privacy has no bacc group=gendre checkpoint=last (did you mean "gender"?); it has bacc group=gender split=test checkpoint=best; bacc`},
		{"no group is all users", over + "columns: [{title: c, from: privacy, metric: bacc, checkpoint: last}]" + tail,
			`privacy has no bacc checkpoint=last; it has bacc group=gender`},
		{"several metrics", over + "columns: [{title: c, from: utility, metric: ndcg}]" + tail,
			`ndcg fits 3 metrics of utility: ndcg@10 split=test checkpoint=best; ndcg@10 split=test checkpoint=last; ndcg@50 split=test checkpoint=best; say which with k, checkpoint`},
		{"baseline", over + "columns: [{title: c, from: utility, metric: recall, baselines: [{metric: majority}]}]" + tail,
			`utility has no metric "majority"; it has ndcg, recall`},
		{"baseline of another group", over + "columns: [{title: c, from: privacy, metric: mae, group: age, checkpoint: last, baselines: [{metric: bacc_majority}]}]" + tail,
			`privacy has no bacc_majority beside mae group=age split=test checkpoint=last; it has bacc_majority group=gender split=test`},
		{"axis in over", "over: [folds]\ncolumns: [{title: c, from: utility, metric: recall}]" + tail,
			`over[0]: unknown axis "folds" (did you mean "fold"?); the cells have age, fold, gender`},
		{"axis in grid", over + "columns: [{title: c, from: utility, metric: recall}]\ntables: [{title: t, grid: [gender, ages]}]",
			`tables[0].grid[1]: unknown axis "ages" (did you mean "age"?)`},
		{"axis in where", over + "columns: [{title: c, from: utility, metric: recall}]\ntables: [{title: t, rows: [{name: r, where: {gendr: 0, age: 0}}]}]",
			`tables[0].rows[0].where: unknown axis "gendr" (did you mean "gender"?)`},
		{"type in where", over + "columns: [{title: c, from: utility, metric: recall}]\ntables: [{title: t, rows: [{name: r, where: {gender: '400', age: 0}}]}]",
			`tables[0].rows[0].where.gender: "400" is a string, the values of the axis are 0, 400 (a number)`},
		{"axis that nobody named", over + "columns: [{title: c, from: utility, metric: recall}]\ntables: [{title: t, rows: [{name: r, where: {gender: 0}}]}]",
			`tables[0] (t): row r: the cells of utility differ in axis age (0, 400): fix it in where, or name it in grid or in over`},
		{"fold not averaged over", "columns: [{title: c, from: utility, metric: recall}]" + tail,
			`the cells of utility differ in axis fold (0, 1)`},
		{"no row at all", over + "columns: [{title: c, from: utility, metric: recall}]\ntables: [{title: t, rows: [{name: r, where: {gender: 7, age: 0}}]}]",
			`no table has a row whose cells are part of this run; in its cells age is 0, 400; fold is 0, 1; gender is 0, 400`},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, gathered := decodeLayout(t, c.layout), sample([]int{0, 400}, 2)
			_, err := BuildTables(l, gathered)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
			// It is known before the cells run, unless it is a name that the kind checks.
			problems := early(func(r spec.Reporter) { before(gathered).CheckTables(l, r) })
			if c.name != "stage" && !strings.HasPrefix(c.name, "axis in ") && len(problems) == 0 {
				t.Error("nothing is reported before the cells run")
			}
		})
	}
}

func TestProblemsOfColumnsComeTogether(t *testing.T) {
	_, err := BuildTables(decodeLayout(t, `columns: [{title: a, from: x, metric: y}, {title: b, from: utility, metric: y}]
tables: [{title: t, grid: [gender]}]`), sample([]int{0}, 1))
	if err == nil || !strings.Contains(err.Error(), "columns[0] (a)") || !strings.Contains(err.Error(), "columns[1] (b)") {
		t.Errorf("got %v", err)
	}
}

func TestLayoutIsCheckedWithPositions(t *testing.T) {
	for _, c := range []struct{ layout, want string }{
		{"columns: [{title: c, from: m, metric: x}, {title: c, from: m, metric: y}]\ntables: [{title: t, grid: [a]}]", `columns[1].title: another column has the title "c", too`},
		{"columns: [{title: c, from: m, metric: x}]\ntables: [{title: t}]", `a table needs rows`},
		{"columns: [{title: c, from: m, metric: x}]\ntables: [{title: t, grid: [a], rows: [{name: r}]}]", `a table has rows or grid, not both`},
		{"over: [fold]\ncolumns: [{title: c, from: m, metric: x}]\ntables: [{title: t, grid: [fold]}]", `axis "fold" is averaged over`},
		{"over: [fold, fold]\ncolumns: [{title: c, from: m, metric: x}]\ntables: [{title: t, grid: [a]}]", `axis "fold" occurs twice`},
		{"columns: [{title: c, from: m, metric: x}]\ntables: [{title: t, rows: [{name: r, where: {a: [1]}}]}]", `the value of an axis must be`},
		{"columns: [{title: c, from: m, metric: x, better: bigger}]\ntables: [{title: t, grid: [a]}]", `"bigger" is not allowed`},
		{"columns: []\ntables: [{title: t, grid: [a]}]", `columns`},
		{"columns: [{title: c, from: m, metric: x, baselines: [{metric: y}, {metric: z, name: y}]}]\ntables: [{title: t, grid: [a]}]", `another baseline`},
	} {
		_, err := decode(c.layout, LayoutParams)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "test.yaml:") {
			t.Errorf("%s\ngot %v\nwant %s", c.layout, err, c.want)
		}
	}
}

func TestMeansAreOverFoldsAlone(t *testing.T) {
	l := decodeLayout(t, `over: [fold]
columns: [{title: c, from: m, metric: x}]
tables: [{title: t, grid: [lambda]}, {title: one fold, rows: [{name: r, where: {lambda: 10, fold: 1}}]}]`)
	var cells []Cell
	for _, lambda := range []int{1, 10, 2} { // numbers sort as numbers, whatever the order they come in
		for fold := range 3 {
			cells = append(cells, newCell([]Axis{axis("fold", fold), axis("lambda", lambda)}, metric("x", float64(lambda*(fold+1)))))
		}
	}
	r := build(t, l, map[string][]Cell{"m": cells})
	for i, want := range []struct {
		name     string
		mean, sd float64
	}{{"lambda=1", 2, 1}, {"lambda=2", 4, 2}, {"lambda=10", 20, 10}} {
		row := r.Tables[0].Rows[i]
		if e := row.Entries[0]; row.Name != want.name || e.Mean != want.mean || e.SD != want.sd || e.N != 3 {
			t.Errorf("row %d: got %s %+v, want %+v", i, row.Name, e.Stat, want)
		}
	}
	if e := r.Tables[1].Rows[0].Entries[0]; e.Mean != 20 || e.N != 1 {
		t.Errorf("a row of one fold: got %+v", e.Stat)
	}
}

// A stage without an axis is the same for all its values.
func TestStagesWithFewerAxesJoin(t *testing.T) {
	l := decodeLayout(t, `columns: [{title: c, from: model, metric: x}, {title: d, from: data, metric: y}]
tables: [{title: t, rows: [{name: one, where: {lambda: 1}}, {name: nobody trained, where: {lambda: 7}}]}]`)
	r := build(t, l, map[string][]Cell{
		"model": {newCell([]Axis{axis("lambda", 1)}, metric("x", 1)), newCell([]Axis{axis("lambda", 2)}, metric("x", 2))},
		"data":  {newCell(nil, metric("y", 9))},
	})
	got := r.Tables[0]
	if len(got.Rows) != 1 || got.Rows[0].Entries[1].Mean != 9 {
		t.Errorf("got rows %+v", got.Rows)
	}
	if len(got.Missing) != 1 || got.Missing[0] != "nobody trained [lambda=7]" {
		t.Errorf("got missing %q", got.Missing)
	}
}

func TestBaselineThatDiffersBetweenRowsIsSplit(t *testing.T) {
	l := decodeLayout(t, `over: [fold]
columns: [{title: c, from: m, metric: x, baselines: [{name: Mean, metric: x_mean}]}]
tables: [{title: t, grid: [data, lambda]}]`)
	var cells []Cell
	for i, data := range []string{"books", "films"} {
		for lambda := range 2 {
			for fold := range 2 {
				cells = append(cells, newCell([]Axis{{"data", text(data)}, axis("fold", fold), axis("lambda", lambda)},
					metric("x", 1), metric("x_mean", float64(10*i+fold))))
			}
		}
	}
	r := build(t, l, map[string][]Cell{"m": cells})
	base := r.Tables[0].Baselines
	if len(base) != 2 || base[0].Name != "Mean (data=books)" || base[1].Name != "Mean (data=films)" {
		t.Fatalf("got %+v", base)
	}
	if e := base[1].Entries[0]; e.Mean != 10.5 || e.N != 2 || math.Abs(e.SD-math.Sqrt(0.5)) > 1e-15 {
		t.Errorf("each fold counts once: got %+v", e.Stat)
	}
}

func TestMetricTwiceInACellIsAnError(t *testing.T) {
	l := decodeLayout(t, "columns: [{title: c, from: m, metric: x}]\ntables: [{title: t, grid: [a]}]")
	_, err := BuildTables(l, map[string][]Cell{"m": {newCell([]Axis{axis("a", 1)}, metric("x", 1), metric("x", 2))}})
	if err == nil || !strings.Contains(err.Error(), "m[a=1] holds x split=test twice") {
		t.Errorf("got %v", err)
	}
}

func TestReportWithoutAxesHasOneRow(t *testing.T) {
	l := decodeLayout(t, "columns: [{title: c, from: m, metric: x}]\ntables: [{title: t, rows: [{name: only}]}]")
	r := build(t, l, map[string][]Cell{"m": {newCell(nil, artifact.Metric{Name: "x", Value: 3})}})
	if rows := r.Tables[0].Rows; len(rows) != 1 || rows[0].Entries[0].Mean != 3 {
		t.Errorf("got %+v", rows)
	}
}

// Models that different stages make are rows of one table.
func TestRowsHaveStagesOfTheirOwn(t *testing.T) {
	ndcg := func(fold int, v float64) Cell {
		return newCell([]Axis{axis("fold", fold)}, artifact.Metric{Name: "ndcg", K: 10, Value: v})
	}
	gathered := map[string][]Cell{
		"ease": {ndcg(0, 0.5), ndcg(1, 0.7)},
		"bpr":  {ndcg(0, 0.1), ndcg(1, 0.3)},
	}
	layout := `over: [fold]
marks: any
columns: [{title: NDCG, from: ease, metric: ndcg, better: higher}]
tables: [{title: t, rows: [{name: EASE}, {name: BPR, from: bpr}]}]`
	r, err := BuildTables(decodeLayout(t, layout), gathered)
	if err != nil {
		t.Fatal(err)
	}
	rows := r.Tables[0].Rows
	if len(rows) != 2 || math.Abs(rows[0].Entries[0].Mean-0.6) > 1e-12 || math.Abs(rows[1].Entries[0].Mean-0.2) > 1e-12 {
		t.Errorf("rows %+v", rows)
	}
	if !rows[0].Entries[0].Best || rows[1].Entries[0].Best {
		t.Error("EASE is the best")
	}
	if len(r.Origins) != 2 || len(r.Origins[1].Columns) != 1 || len(r.Origins[1].Cells) != 2 {
		t.Errorf("origins %+v", r.Origins)
	}
	gathered["other"] = []Cell{newCell([]Axis{axis("fold", 0)}, artifact.Metric{Name: "ndcg", K: 50, Value: 0.9})}
	other := strings.Replace(layout, "from: bpr", "from: other", 1)
	if _, err := BuildTables(decodeLayout(t, other), gathered); err == nil || !strings.Contains(err.Error(), "other has no ndcg@10") {
		t.Errorf("a row shows another cut-off than its column: %v", err)
	}
	layout = strings.Replace(layout, "from: bpr", "from: bprr", 1)
	const want = `tables[0].rows[1] (BPR): columns[0] (NDCG): nothing is gathered as "bprr" (did you mean "bpr"?)`
	if _, err := BuildTables(decodeLayout(t, layout), gathered); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}
