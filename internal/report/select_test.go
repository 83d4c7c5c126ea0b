package report

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/report/render"
	"foil/spec"
)

// validated are metrics of test and validation users: a formula of the lambdas, so that the best
// pair differs between folds.
func validated(lambdas []int, folds int) map[string][]Cell {
	gathered := map[string][]Cell{}
	for _, age := range lambdas {
		for fold := range folds {
			for _, gender := range lambdas {
				axes := []Axis{axis("age", age), axis("fold", fold), axis("gender", gender)}
				g, a := math.Sqrt(float64(gender)/800), math.Sqrt(float64(age)/800)
				wobble := math.Sin(float64(13*fold+gender+7*age)) * 0.004
				ndcg := 0.511 - 0.012*g - 0.009*a + wobble
				bacc := 0.719 - 0.157*g + 0.02*a + 3*wobble
				gathered["utility"] = append(gathered["utility"], newCell(axes,
					artifact.Metric{Name: "ndcg", K: 10, Split: "test", Value: ndcg},
					artifact.Metric{Name: "ndcg", K: 10, Split: "validation", Value: ndcg + 0.002*math.Cos(float64(fold+gender))}))
				gathered["privacy"] = append(gathered["privacy"], newCell(axes,
					artifact.Metric{Name: "bacc", Group: "gender", Split: "test", Value: bacc},
					artifact.Metric{Name: "bacc", Group: "gender", Split: "validation", Value: bacc + 0.01*math.Cos(float64(fold+age))},
					artifact.Metric{Name: "bacc_majority", Group: "gender", Split: "test", Value: 0.5}))
			}
		}
	}
	return gathered
}

func selectLayout(t *testing.T) *Layout {
	t.Helper()
	src, err := os.ReadFile("testdata/select.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return decodeLayout(t, string(src))
}

func TestChosenRowsMatchGoldenFiles(t *testing.T) {
	r := build(t, selectLayout(t), validated([]int{0, 200, 400}, 3))
	checkGolden(t, "select", r.Grid(), append(tableRenderers, renderer{".choices.csv", render.ChoicesCSV}, renderer{".expect.csv", render.ExpectedCSV}))
}

// choosing is a layout whose row chooses among the values of x by metrics of a stage m.
func choosing(t *testing.T, rule string) *Layout {
	t.Helper()
	return decodeLayout(t, `over: [fold]
columns: [{title: Y, from: m, metric: y, split: test, better: higher}]
tables: [{title: T, rows: [{name: base, where: {x: 0}}, {name: chosen, select: {among: [x], `+rule+`}}]}]`)
}

// scored is a cell with three metrics: the cost that a rule minimizes, the utility of validation
// users, and the number that the table shows.
func scored(x, fold int, cost, utility, shown float64) Cell {
	return newCell([]Axis{axis("fold", fold), axis("x", x)},
		artifact.Metric{Name: "cost", Split: "validation", Value: cost},
		artifact.Metric{Name: "y", Split: "validation", Value: utility},
		artifact.Metric{Name: "y", Split: "test", Value: shown})
}

// The candidates are x = 0 (the reference itself), 1 and 2, on one or more folds.
func TestRulesChoose(t *testing.T) {
	const least = "best: {from: m, metric: cost, split: validation, better: lower}"
	const most = "best: {from: m, metric: cost, split: validation, better: higher}"
	const within = ", within: {from: m, metric: y, split: validation, better: higher, of: base, by: 0.02}"
	nan, inf := math.NaN(), math.Inf(-1)
	for _, c := range []struct {
		name, rule string
		cells      []Cell
		want       string // for each choice: the value chosen, or why there is none
		verdicts   string // of the candidates of the first choice
		shown      float64
	}{
		{"the lowest", least, []Cell{scored(0, 0, 3, 1, 10), scored(1, 0, 2, 1, 11), scored(2, 0, 1, 1, 12)},
			"x=2", "worse, worse, chosen", 12},
		{"the highest", most, []Cell{scored(0, 0, 3, 1, 10), scored(1, 0, 4, 1, 11), scored(2, 0, 1, 1, 12)},
			"x=1", "worse, chosen, worse", 11},
		{"the lowest that is within", least + within, []Cell{scored(0, 0, 3, 0.5, 10), scored(1, 0, 2, 0.495, 11), scored(2, 0, 1, 0.4, 12)},
			"x=1", "worse, chosen, not within", 11},
		{"the limit itself is within", least + within, []Cell{scored(0, 0, 3, 0.5, 10), scored(1, 0, 2, 0.495, 11), scored(2, 0, 1, 0.49, 12)},
			"x=2", "worse, worse, chosen", 12},
		{"just beyond the limit", least + within, []Cell{scored(0, 0, 3, 0.5, 10), scored(1, 0, 2, 0.495, 11), scored(2, 0, 1, 0.4899, 12)},
			"x=1", "worse, chosen, not within", 11},
		{"better than the reference is within", least + within, []Cell{scored(0, 0, 3, 0.5, 10), scored(1, 0, 2, 0.9, 11)},
			"x=1", "worse, chosen", 11},
		{"negative values: the share is of the absolute one", least + within, []Cell{scored(0, 0, 3, -0.5, 10), scored(1, 0, 2, -0.509, 11), scored(2, 0, 1, -0.52, 12)},
			"x=1", "worse, chosen, not within", 11},
		{"within, where lower is better", least + strings.Replace(within, "higher", "lower", 1), []Cell{scored(0, 0, 3, 0.5, 10), scored(1, 0, 2, 0.51, 11), scored(2, 0, 1, 0.52, 12)},
			"x=1", "worse, chosen, not within", 11},
		{"equal: the first in the order of the axis, not of the cells", least, []Cell{scored(2, 0, 1, 1, 12), scored(0, 0, 3, 1, 10), scored(1, 0, 1, 1, 11)},
			"x=1", "worse, chosen, equal", 11},
		{"an undefined score", least, []Cell{scored(0, 0, 3, 1, 10), scored(1, 0, nan, 1, 11), scored(2, 0, inf, 1, 12)},
			"x=0", "chosen, not finite, not finite", 10},
		{"an undefined condition", least + within, []Cell{scored(0, 0, 3, 0.5, 10), scored(1, 0, 2, nan, 11)},
			"x=0", "chosen, not finite", 10},
		{"an undefined reference", least + within, []Cell{scored(0, 0, 3, nan, 10), scored(1, 0, 2, 0.5, 11)},
			"the y split=validation of base, which candidates are compared with, is not finite", "not finite, not compared", 0},
		{"a missing reference", least + within, []Cell{scored(1, 0, 2, 0.5, 11), scored(2, 0, 1, 0.5, 12)},
			"base, which candidates are compared with, is not in this run", "not compared, not compared", 0},
		{"nobody is within", least + ", exclude: [{x: 0}]" + within, []Cell{scored(0, 0, 3, 0.5, 10), scored(1, 0, 2, 0.4, 11), scored(2, 0, 1, 0.45, 12)},
			"the y split=validation of no candidate is within 2 % of that of base, 0.5; the nearest is 0.45 at x=2", "not within, not within", 0},
		{"means over folds", least, []Cell{scored(0, 0, 3, 1, 10), scored(0, 1, 1, 1, 20), scored(1, 0, 0, 1, 11), scored(1, 1, 9, 1, 21)},
			"x=0", "chosen, worse", 15},
		{"each fold on its own", least + ", per: fold", []Cell{scored(0, 0, 3, 1, 10), scored(0, 1, 1, 1, 20), scored(1, 0, 0, 1, 11), scored(1, 1, 9, 1, 21)},
			"x=1; x=0", "worse, chosen", 15.5},
		{"the reference of the same fold", least + within + ", per: fold", []Cell{scored(0, 0, 3, 0.5, 10), scored(0, 1, 3, 0.1, 20), scored(1, 0, 1, 0.3, 11), scored(1, 1, 1, 0.3, 21)},
			"x=0; x=1", "chosen, not within", 15.5},
		{"a candidate that lacks a fold", least, []Cell{scored(0, 0, 3, 1, 10), scored(0, 1, 3, 1, 20), scored(1, 0, 1, 1, 11)},
			"x=0", "chosen, incomplete", 15},
		{"a fold without the candidate", least + ", per: fold", []Cell{scored(0, 0, 3, 1, 10), scored(0, 1, 3, 1, 20), scored(1, 1, 1, 1, 21)},
			"x=0; x=1", "chosen, no value", 15.5},
		{"a reference that lacks a fold", least + within, []Cell{scored(0, 0, 3, 0.5, 10), scored(1, 0, 2, 0.5, 11), scored(1, 1, 2, 0.5, 21)},
			"the y split=validation of base, which candidates are compared with, is over other cells: 1 instead of 2", "incomplete, not compared", 0},
		{"a fold in which nothing is within", least + ", exclude: [{x: 0}], per: fold" + within, []Cell{scored(0, 0, 3, 0.5, 10), scored(0, 1, 3, 0.5, 20), scored(1, 0, 1, 0.5, 11), scored(1, 1, 1, 0.3, 21)},
			"x=1; the y split=validation of no candidate is within 2 % of that of base, 0.5; the nearest is 0.3 at x=1", "chosen", 11},
		{"excluded by a list", most + ", exclude: [{x: [1, 2]}]", []Cell{scored(0, 0, 3, 1, 10), scored(1, 0, 4, 1, 11), scored(2, 0, 5, 1, 12)},
			"x=0", "chosen", 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := BuildTables(choosing(t, c.rule), map[string][]Cell{"m": c.cells})
			if err != nil {
				t.Fatal(err)
			}
			table := r.Tables[0]
			var chosen, verdicts []string
			for i, choice := range table.Selections[0].Choices {
				if choice.Chosen < 0 {
					chosen = append(chosen, choice.Why)
				} else {
					chosen = append(chosen, joined(choice.Candidates[choice.Chosen].Values, ", "))
				}
				for _, k := range choice.Candidates {
					if i == 0 {
						verdicts = append(verdicts, string(k.Verdict))
					}
				}
			}
			if got := strings.Join(chosen, "; "); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
			if got := strings.Join(verdicts, ", "); got != c.verdicts {
				t.Errorf("candidates: got %s, want %s", got, c.verdicts)
			}
			i := slices.IndexFunc(table.Rows, func(row Row) bool { return row.Name == "chosen" })
			switch {
			case c.shown == 0 && i >= 0:
				t.Errorf("a row without a choice shows %v", table.Rows[i].Entries[0].Mean)
			case c.shown != 0 && i < 0:
				t.Error("the row is missing")
			case c.shown != 0 && table.Rows[i].Entries[0].Mean != c.shown:
				t.Errorf("the row shows %v, want %v", table.Rows[i].Entries[0].Mean, c.shown)
			}
			var text strings.Builder
			if err := render.Text(&text, r.Grid()); err != nil || !strings.Contains(text.String(), "Rule for chosen") {
				t.Errorf("%v, in\n%s", err, text.String())
			}
			some := c.shown != 0 && strings.Contains(c.want, "no candidate")
			if some != strings.Contains(text.String(), "chosen: nothing was chosen for fold=1, so its means are over fewer values.") {
				t.Errorf("a caption for choices that failed: %v is wanted, in\n%s", some, text.String())
			}
		})
	}
}

// A variant leaves cells out, and the report must still tell what it can.
func TestRulesOfVariants(t *testing.T) {
	layout := selectLayout(t)
	for _, c := range []struct {
		name    string
		lambdas []int
		want    []string
	}{
		{"without the reference", []int{200, 400}, []string{
			"AdvXMultVAE is missing: MultVAE, which candidates are compared with, is not in this run.",
			"Not in this run: MultVAE [age=0,gender=0], AdvMultVAE (gender) [age=0].",
			"MultVAE NDCG@10 is not part of this run.",
			"5 of 6 expected values are not judged."}},
		{"without candidates", []int{0}, []string{
			"AdvMultVAE (gender) is missing: no candidate has cells in this run.",
			"AdvXMultVAE is missing: no candidate has cells in this run.",
			"1 of 6 expected values is not met; 3 of 6 expected values are not judged."}},
	} {
		r, err := BuildTables(layout, validated(c.lambdas, 1))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var text strings.Builder
		if err := render.Text(&text, r.Grid()); err != nil {
			t.Fatal(err)
		}
		flat := strings.Join(strings.Fields(text.String()), " ")
		for _, want := range c.want {
			if !strings.Contains(flat, want) {
				t.Errorf("%s: no %q in\n%s", c.name, want, text.String())
			}
		}
	}
}

// What a rule would run into at the end is found before the cells run, or when the spec is read.
func TestRulesAreChecked(t *testing.T) {
	const best = "best: {from: m, metric: cost, split: validation, better: lower}"
	const within = "within: {from: m, metric: y, split: validation, better: higher, of: base, by: 0.02}"
	all := []Cell{scored(0, 0, 1, 1, 1), scored(1, 0, 1, 1, 1), scored(0, 1, 1, 1, 1), scored(1, 1, 1, 1, 1)}
	gathered := map[string][]Cell{"m": all, "plain": {newCell([]Axis{axis("x", 0)}, metric("cost", 1)), newCell([]Axis{axis("x", 1)}, metric("cost", 1))}}
	for _, c := range []struct{ name, rule, want string }{
		{"right", best + ", per: fold, exclude: [{x: 0}], " + within, ""},
		{"on test data", strings.Replace(best, "cost, split: validation", "y, split: test", 1), "tables[0].rows[1].select.best.split: a rule must not choose by test data"},
		{"allowed on test data", strings.Replace(best, "cost, split: validation", "y, split: test", 1) + ", allow_test: true", ""},
		{"a condition on test data", best + ", " + strings.Replace(within, "validation", "test", 1), "select.within.split: a rule must not choose by test data"},
		{"data that turns out to be test data", "best: {from: plain, metric: cost, better: lower}", "select.best: a rule must not choose by test data"},
		{"unknown metric", strings.Replace(best, "cost", "csot", 1), `select.best.metric: m has no metric "csot" (did you mean "cost"?)`},
		{"several splits", "best: {from: m, metric: y, better: lower}", `select.best.metric: y fits 2 metrics of m: y split=validation; y split=test; say which with split`},
		{"unknown metric of the condition", best + ", " + strings.Replace(within, "metric: y", "metric: z", 1), `select.within.metric: m has no metric "z"`},
		{"unknown row", best + ", " + strings.Replace(within, "of: base", "of: bsae", 1), `select.within.of: the table has no row "bsae"; did you mean "base"?`},
		{"itself", best + ", " + strings.Replace(within, "of: base", "of: chosen", 1), `select.within.of: a candidate cannot be compared with the row that it is chosen for`},
		{"negative share", best + ", " + strings.Replace(within, "0.02", "-0.02", 1), "select.within.by: must be at least 0"},
		{"per an axis that is not averaged over", best + ", per: x", `select.per: axis "x" is not averaged over; per names an axis of over`},
		{"per of a stage without it", "best: {from: plain, metric: cost, better: lower}, allow_test: true, per: fold", `select: select.per: the cells of plain, which the rule chooses by, have no axis "fold"`},
		{"no direction", strings.Replace(best, ", better: lower", "", 1), "select.best.better: is missing"},
		{"excluded axis", best + ", exclude: [{y: 0}]", `select.exclude[0].y: axis "y" is not in among`},
		{"excluded type", best + ", exclude: [{x: '0'}]", `select.exclude[0].x: "0" is a string`},
		{"everything is excluded", best + ", exclude: [{x: [0, 1]}]", "select.exclude: every candidate is left out"},
		{"empty exclusion", best + ", exclude: [{}]", "select.exclude[0]: an empty map would exclude every candidate"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := `over: [fold]
columns: [{title: Y, from: m, metric: y, split: test}]
tables: [{title: T, rows: [{name: base, where: {x: 0}}, {name: chosen, select: {among: [x], ` + c.rule + `}}]}]`
			var got string
			l, err := decode(src, LayoutParams)
			if err != nil {
				got = err.Error()
			} else {
				got = strings.Join(early(func(r spec.Reporter) { before(gathered).CheckTables(l, r) }), "\n")
				if _, err := BuildTables(l, gathered); c.want != "" && err == nil && !strings.Contains(c.name, "exclude") {
					t.Error("the report is made nevertheless")
				}
			}
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
			if err != nil && !strings.HasPrefix(got, "test.yaml:") {
				t.Errorf("no position: %s", got)
			}
		})
	}
	for _, c := range []struct{ rows, want string }{
		{"{name: a, where: {x: 0}}, {name: b, where: {x: 1}, select: {among: [x], " + best + "}}", `axis "x" has a value in where, so candidates cannot differ in it`},
		{"{name: a, where: {x: 0}}, {name: b, select: {among: [fold], " + best + "}}", `axis "fold" is averaged over`},
		{"{name: a, where: {x: 0}}, {name: b, select: {among: [x, x], " + best + "}}", `among[1]: axis "x" occurs twice`},
		{"{name: a, where: {x: 0}}, {name: b, select: {among: [], " + best + "}}", `among: must not be empty`},
		{"{name: a, where: {x: 0}}, {name: b, where: {fold: 0}, select: {among: [x], per: fold, " + best + "}}", `per: axis "fold" has a value in where`},
		{"{name: base, where: {x: 0, fold: 1}}, {name: b, select: {among: [x], per: fold, " + best + ", " + within + "}}", `row "base" has a single value of axis "fold"`},
		{"{name: base, select: {among: [x], " + best + "}}, {name: b, select: {among: [x], " + best + ", " + within + "}}", `the cells of row "base" are chosen by a rule, too`},
	} {
		_, err := decode("over: [fold]\ncolumns: [{title: Y, from: m, metric: y, split: test}]\ntables: [{title: T, rows: ["+c.rows+"]}]", LayoutParams)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "test.yaml:") {
			t.Errorf("%s\ngot %v\nwant %s", c.rows, err, c.want)
		}
	}
}

// Metrics without a split may be of test data: a rule must not choose by what a column shows of them.
func TestRulesDoNotChooseByWhatIsShown(t *testing.T) {
	const layout = `over: [fold]
columns: [{title: Y, from: m, metric: y, better: higher}, {title: Z, from: m, metric: z, k: 5, better: lower}]
tables: [{title: T, rows: [{name: base, where: {x: 0}}, {name: chosen, select: {among: [x], RULE}}]}]`
	for _, c := range []struct{ rule, want string }{
		{"best: {from: m, metric: y, better: higher}", `tables[0].rows[1].select.best: the rule would choose by the numbers that column "Y" shows`},
		{"best: {from: m, metric: v, better: higher}, within: {from: m, metric: z, k: 5, better: lower, of: base, by: 0.1}", `select.within: the rule would choose by the numbers that column "Z" shows`},
		{"best: {from: m, metric: z, k: 7, better: lower}", ""},
		{"best: {from: m, metric: y, split: validation, better: higher}", ""},
		{"best: {from: m, metric: y, better: higher}, allow_test: true", ""},
	} {
		_, err := decode(strings.Replace(layout, "RULE", c.rule, 1), LayoutParams)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "test.yaml:")) {
			t.Errorf("%s: got %v, want %s", c.rule, err, c.want)
		}
	}
	var cells []Cell
	for x := range 3 {
		cells = append(cells, newCell([]Axis{axis("fold", 0), axis("x", x)}, artifact.Metric{Name: "y", Value: float64(x)}, artifact.Metric{Name: "z", K: 5, Value: 1}))
	}
	l := decodeLayout(t, strings.Replace(layout, "RULE", "best: {from: m, metric: y, better: higher}, allow_test: true", 1))
	g := build(t, l, map[string][]Cell{"m": cells}).Grid()
	if notes := captionOf(g.Selections[0].Chosen); !strings.Contains(notes, testNote) {
		t.Errorf("no %q in\n%s", testNote, notes)
	}
}

// One choice for all folds of a cross-validation has seen test users. The report tells.
func TestOneChoiceForAllFoldsHasSeenTestUsers(t *testing.T) {
	const best = "best: {from: m, metric: cost, split: validation, better: lower}"
	folds := []Cell{scored(0, 0, 3, 1, 10), scored(0, 1, 3, 1, 20), scored(1, 0, 1, 1, 11), scored(1, 1, 1, 1, 21)}
	single := newCell([]Axis{axis("x", 0)}, artifact.Metric{Name: "cost", Split: "validation", Value: 1}, artifact.Metric{Name: "y", Split: "test", Value: 1})
	for _, c := range []struct {
		name, rule string
		cells      []Cell
		want       bool
	}{
		{"over folds", best, folds, true},
		{"per fold", best + ", per: fold", folds, false},
		{"by test data, which is told anyway", "best: {from: m, metric: y, split: test, better: lower}, allow_test: true", folds, false},
		{"without folds", best, []Cell{single}, false},
	} {
		l := choosing(t, c.rule)
		if len(c.cells) == 1 {
			l.Over = nil
		}
		r, err := BuildTables(l, map[string][]Cell{"m": c.cells})
		if err != nil {
			t.Fatal(err)
		}
		var told bool
		for _, n := range r.Grid().Selections[0].Chosen.Caption {
			told = told || strings.HasPrefix(n.Text, "The rule chose once for all values of fold. In a cross-validation, validation users of one fold are test users")
		}
		if told != c.want {
			t.Errorf("%s: told %v", c.name, told)
		}
	}
}
