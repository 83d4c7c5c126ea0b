package report

import (
	"math"
	"strings"
	"testing"

	"foil/internal/report/render"
	"foil/spec"
)

// expecting makes a report of the values of some folds with one expected value.
func expecting(t *testing.T, expect string, values ...float64) (*Tables, error) {
	t.Helper()
	l := decodeLayout(t, `over: [fold]
columns: [{title: NDCG@10, from: m, metric: x, better: higher}]
tables: [{title: T, rows: [{name: MultVAE, where: {a: 0}}, {name: other, where: {a: 1}}]}]
expect: [`+expect+`]`)
	var cells []Cell
	for i, v := range values {
		cells = append(cells, newCell([]Axis{axis("a", 0), axis("fold", i)}, metric("x", v)))
	}
	cells = append(cells, newCell([]Axis{axis("a", 2), axis("fold", 0)}, metric("x", 7)))
	return BuildTables(l, map[string][]Cell{"m": cells})
}

func TestExpectedValuesAreJudged(t *testing.T) {
	const row = "row: MultVAE, column: NDCG@10, source: a paper, "
	for _, c := range []struct {
		name, expect string
		values       []float64
		status       Status
		sentence     string
	}{
		{"far", row + "value: 0.455, tolerance: 0.005", []float64{0.433}, Missed, "MultVAE NDCG@10 is 0.433, allowed 0.450 to 0.460 (a paper)"},
		{"inside", row + "value: 0.435, tolerance: 0.005", []float64{0.433}, Met, ""},
		{"at the lower end", row + "value: 0.455, tolerance: 0.005", []float64{0.45}, Met, ""},
		{"at the upper end", row + "value: 0.3, tolerance: 0.1", []float64{0.4}, Met, ""},
		{"the value itself", row + "value: 0.3, tolerance: 0", []float64{0.3}, Met, ""},
		{"beyond the last printed digit", row + "value: 0.455, tolerance: 0.005", []float64{0.4499}, Missed, "MultVAE NDCG@10 is 0.4499, allowed 0.4500 to 0.4600 (a paper)"},
		{"a mean", row + "value: 0.5, tolerance: 0.01", []float64{0.4, 0.6}, Met, ""},
		{"negative", row + "value: -2, tolerance: 0.5", []float64{-1.4}, Missed, "MultVAE NDCG@10 is -1.400, allowed -2.500 to -1.500 (a paper)"},
		{"undefined", row + "value: 0.5, tolerance: 1", []float64{math.NaN()}, Missed, "MultVAE NDCG@10 is NaN, allowed -0.500 to 1.500 (a paper)"},
		{"partly undefined", row + "value: 0.5, tolerance: 1", []float64{0.5, math.Inf(1), 0.5}, Missed,
			"MultVAE NDCG@10 has 1 of 3 values that are not finite, allowed -0.500 to 1.500 (a paper)"},
		{"not in this run", "row: other, column: NDCG@10, source: s, value: 1, tolerance: 1", []float64{0.5}, Unjudged, "other NDCG@10 is not part of this run, allowed 0.000 to 2.000 (s)"},
		// mean 0.5, deviation 0.01, t(3) = 3.182: for one value +- 3.182 * 0.01 * sqrt(1 + 1/4), for four +- 3.182 * 0.01 * sqrt(1/4 + 1/4).
		{"inside of runs", row + "value: 0.5, sd: 0.01, n: 4", []float64{0.535}, Met, ""},
		{"outside of runs", row + "value: 0.5, sd: 0.01, n: 4", []float64{0.536}, Missed, "MultVAE NDCG@10 is 0.5360, allowed 0.4644 to 0.5356 (a paper)"},
		{"a mean varies less than one value", row + "value: 0.5, sd: 0.01, n: 4", []float64{0.535, 0.535, 0.535, 0.535}, Missed,
			"MultVAE NDCG@10 is 0.535, allowed 0.477 to 0.523 (a paper)"},
		{"runs", row + "runs: [0.49, 0.51]", []float64{0.7}, Met, ""}, // t(1) is 12.7
		{"many runs", row + "runs: [0.49, 0.5, 0.51, 0.49, 0.5, 0.51]", []float64{0.53}, Missed, "MultVAE NDCG@10 is 0.530, allowed 0.475 to 0.525 (a paper)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := expecting(t, "{"+c.expect+"}", c.values...)
			if err != nil {
				t.Fatal(err)
			}
			x := r.Expected[0]
			if x.Status != c.status || c.sentence != "" && x.Sentence() != c.sentence {
				t.Errorf("%s: %s, in %v to %v", x.Status, x.Sentence(), x.Low, x.High)
			}
			// Programs and foil run read the same from the CSV.
			var text strings.Builder
			if err := render.ExpectedCSV(&text, r.Grid()); err != nil {
				t.Fatal(err)
			}
			v, err := ReadExpected(strings.NewReader(text.String()))
			if err != nil || v.Line() != Tally(r.Expected).Line() || v.Total() != 1 {
				t.Errorf("read %+v, %v from\n%s", v, err, text.String())
			}
		})
	}
}

func TestExpectedValuesAreChecked(t *testing.T) {
	const row = "row: MultVAE, column: NDCG, source: s, "
	for _, c := range []struct{ expect, want string }{
		{row + "value: 1, tolerance: 0.1", ""},
		{row + "runs: [1, 2]", ""},
		{row + "value: 1, sd: 0.1, n: 2", ""},
		{"table: U, row: gender=0, column: NDCG, source: s, value: 1, tolerance: 0.1", ""},
		{"table: T, row: always, column: NDCG, source: s, value: 1, tolerance: 0.1", ""},
		{row + "value: 1", "expect[0].value: needs a tolerance, or sd and n of repeated runs"},
		{row + "tolerance: 1", "expect[0]: has no value"},
		{row + "value: 1, tolerance: -0.1", "expect[0].tolerance: must be at least 0, not -0.1"},
		{row + "runs: [1]", "expect[0].runs: needs at least 2 runs"},
		{row + "runs: []", "expect[0].runs: needs at least 2 runs"},
		{row + "runs: [1, 1, 1]", "expect[0].runs: all runs are equal"},
		{row + "runs: [1, 2], value: 1", "expect[0].runs: an expected value has one form"},
		{row + "runs: [1, 2], tolerance: 1", "expect[0].runs: an expected value has one form"},
		{row + "runs: [1, 2], n: 2", "expect[0].runs: an expected value has one form"},
		{row + "value: 1, tolerance: 1, sd: 1, n: 5", "expect[0].tolerance: an expected value has one form"},
		{row + "value: 1, tolerance: 1, n: 5", "expect[0].tolerance: an expected value has one form"},
		{row + "value: 1, sd: 1", "expect[0].sd: sd needs n"},
		{row + "value: 1, n: 5", "expect[0].n: n needs sd"},
		{row + "value: 1, sd: 1, n: 1", "expect[0].n: must be at least 2, not 1"},
		{row + "value: 1, sd: 0, n: 5", "expect[0].sd: must be greater than 0"},
		{row + "runs: [1e308, -1e308]", "expect[0].runs: the numbers are too large for an interval"},
		{"row: MultVAE, column: NDCG, value: 1, tolerance: 1", "expect[0].source: is missing"},
		{"row: MultVEA, column: NDCG, source: s, value: 1, tolerance: 1", `expect[0].row: there is no row "MultVEA"; did you mean "MultVAE"?`},
		{"row: MultVAE, column: NDGC, source: s, value: 1, tolerance: 1", `expect[0].column: there is no column "NDGC"; did you mean "NDCG"?`},
		{"table: X, row: MultVAE, column: NDCG, source: s, value: 1, tolerance: 1", `expect[0].table: there is no table "X"`},
		{"row: twice, column: NDCG, source: s, value: 1, tolerance: 1", `expect[0].row: several tables have a row "twice"; say which one with table`},
		{"table: S, row: twice, column: NDCG, source: s, value: 1, tolerance: 1", ""},
		{"row: always, column: NDCG, source: s, value: 1, tolerance: 1", `every table has the baseline "always"; say which one with table`},
		{"table: T, row: always, column: MAE, source: s, value: 1, tolerance: 1", `there is no row "always"`},
		{"row: gender=1, column: NDCG, source: s, value: 1, tolerance: 1", `expect[0].row: there is no row "gender=1"; did you mean "gender=0"?`},
		{"row: absent, column: NDCG, source: s, value: 1, tolerance: 1", `expect[0].row: row "absent" has no cells`},
	} {
		gathered := map[string][]Cell{"m": {newCell([]Axis{axis("gender", 0)}, metric("x", 1), metric("y", 1), metric("z", 1)), newCell([]Axis{axis("gender", 400)}, metric("x", 2))}}
		src := `columns: [{title: NDCG, from: m, metric: x, baselines: [{name: always, metric: z}]}, {title: MAE, from: m, metric: y}]
tables:
  - {title: T, rows: [{name: MultVAE, where: {gender: 0}}, {name: twice, where: {gender: 0}}, {name: absent, where: {gender: 7}}]}
  - {title: S, rows: [{name: twice, where: {gender: 0}}]}
  - {title: U, grid: [gender]}
expect: [{` + c.expect + `}]`
		if strings.Contains(c.want, "MultVEA") { // the names of the rows of grids are not known yet
			src = strings.Replace(src, "\n  - {title: U, grid: [gender]}", "", 1)
		}
		l, err := decode(src, LayoutParams)
		var got string
		if err != nil {
			got = err.Error()
		} else {
			got = strings.Join(early(func(r spec.Reporter) { before(gathered).CheckTables(l, r) }), "\n")
		}
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s\ngot %s\nwant %s", c.expect, got, c.want)
		}
		if c.want == "" {
			n := before(gathered)
			n.Varied = true
			if got := early(func(r spec.Reporter) { n.CheckTables(l, r) }); len(got) > 0 {
				t.Errorf("%s: of a variant: %q", c.expect, got)
			}
		}
	}
}

func TestVerdictsInOneLine(t *testing.T) {
	var all Verdicts
	all.Add(Verdicts{Met: 2}, "")
	if got := all.Line(); got != "2 of 2 expected values are met" {
		t.Errorf("got %s", got)
	}
	all.Add(Verdicts{Missed: []string{"A is 1"}}, "table")
	if got := all.Line(); got != "1 of 3 expected values is not met: table: A is 1" {
		t.Errorf("got %s", got)
	}
	all.Add(Verdicts{Unjudged: []string{"B is not part of this run"}}, "")
	if got, want := all.Line(), "1 of 4 expected values is not met: table: A is 1; 1 of 4 expected values is not judged: B is not part of this run"; got != want {
		t.Errorf("got %s", got)
	}
	many := Verdicts{Missed: []string{"a", "b", "c", "d", "e", "f", "g"}}
	if got := many.Line(); got != "7 of 7 expected values are not met: a; b; c; and 4 more in the report" {
		t.Errorf("got %s", got)
	}
	if got := (Verdicts{Met: 1}).Line(); got != "1 of 1 expected value is met" {
		t.Errorf("got %s", got)
	}
}

func TestExpectedValuesAreReadWithCare(t *testing.T) {
	r, err := expecting(t, "{row: MultVAE, column: NDCG@10, source: '=1', value: 0.9, tolerance: 0.1}", 0.5)
	if err != nil {
		t.Fatal(err)
	}
	r.Expected[0].Row = "+ age, \"x\"" // a spreadsheet would read a formula
	var text strings.Builder
	if err := render.ExpectedCSV(&text, r.Grid()); err != nil {
		t.Fatal(err)
	}
	v, err := ReadExpected(strings.NewReader(text.String()))
	if err != nil || v.Missed[0] != `+ age, "x" NDCG@10 is 0.500, allowed 0.800 to 1.000 (=1)` {
		t.Errorf("%+v, %v", v, err)
	}
	for _, bad := range []string{"", "a,b\n", strings.Join(expectedHead, ",") + "\n" + "T,r,c,1,2,3,4,5,6,tolerance,perhaps,s,x\n", "\"", strings.Replace(text.String(), "not met", "met\n", 1)} {
		if _, err := ReadExpected(strings.NewReader(bad)); err == nil {
			t.Errorf("no error for %q", bad)
		}
	}
}

func FuzzReadExpected(f *testing.F) {
	head := strings.Join(expectedHead, ",") + "\n"
	f.Add(head + "T,r,c,1,2,3,4,5,6,tolerance,not met,s,r c is 2\n")
	f.Add(head + "\"a\nb\",r,c,1,,0,,5,6,3 runs,not judged,s,\"'=1\"\n")
	f.Add("table,row")
	f.Fuzz(func(t *testing.T, text string) {
		v, err := ReadExpected(strings.NewReader(text))
		if err == nil && v.Total() > strings.Count(text, "\n") {
			t.Errorf("%d expected values in %q", v.Total(), text)
		}
	})
}

// A column and a row that do not exist are both reported at once.
func TestUnknownColumnDoesNotHideAnUnknownRow(t *testing.T) {
	for _, c := range []struct {
		expect string
		want   []string
	}{
		{"{row: MultVEA, column: NDCG@1O, value: 1, tolerance: 1, source: s}", []string{
			`expect[0].column: there is no column "NDCG@1O"; did you mean "NDCG@10"?`, `expect[0].row: there is no row "MultVEA"; did you mean "MultVAE"?`}},
		{"{row: MultVAE, column: nothing, value: 1, tolerance: 1, source: s}", []string{`expect[0].column: there is no column "nothing"`}},
		{"{row: nobody, column: NDCG@10, value: 1, tolerance: 1, source: s}", []string{`expect[0].row: there is no row "nobody"`}},
		{"{row: guess, column: nothing, value: 1, tolerance: 1, source: s}", []string{`expect[0].column: there is no column "nothing"`}},
		{"{row: nobody, column: nothing, table: U, value: 1, tolerance: 1, source: s}", []string{
			`expect[0].column: there is no column "nothing"`, `expect[0].table: there is no table "U"`}},
	} {
		_, err := decode(`columns: [{title: NDCG@10, from: m, metric: x, baselines: [{name: guess, metric: y}]}]
tables: [{title: T, rows: [{name: MultVAE, where: {a: 0}}]}]
expect: [`+c.expect+`]`, LayoutParams)
		if err == nil {
			t.Errorf("%s: no error", c.expect)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: no %s in\n%v", c.expect, want, err)
			}
		}
		if n := strings.Count(err.Error(), "expect[0]"); n != len(c.want) {
			t.Errorf("%s: %d errors in\n%v", c.expect, n, err)
		}
	}
}
