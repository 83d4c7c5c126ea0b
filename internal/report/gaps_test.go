package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/report/grid"
	"foil/spec"
)

var ages = []string{"1", "18", "25", "35", "45", "50", "56"}

// gapCells are folds of three models, whose users have a gender and an age. Women score .08 less, and
// .04 less than that in the model "wide". The model "lower" scores less for everybody.
func gapCells(folds, n int) map[string][]Cell {
	var cells []Cell
	for fold := range folds {
		for i, m := range []struct {
			name      string
			add, wide float64
		}{{"base", 0, 0}, {"wide", -0.03, 0.04}, {"lower", -0.05, 0}} {
			easy := rand.New(rand.NewPCG(uint64(fold), 1))
			own := rand.New(rand.NewPCG(uint64(fold), uint64(10+i)))
			v := measured{Metric: artifact.Metric{Name: "ndcg", K: 10, Split: "test"}}
			var gender, age []string
			for range n {
				x := 0.5 + 0.15*easy.NormFloat64() + m.add + 0.03*own.NormFloat64()
				gender = append(gender, []string{"m", "m", "m", "f"}[easy.IntN(4)])
				if gender[len(gender)-1] == "f" {
					x -= 0.08 + m.wide
				}
				age = append(age, ages[easy.IntN(len(ages))])
				v.values = append(v.values, x)
			}
			c := cellWithUnits([]Axis{axis("fold", fold), {"model", text(m.name)}}, "user", fold*n, v)
			c = withAttributes(c, artifact.OutcomeAttribute{Name: "gender", Values: gender}, artifact.OutcomeAttribute{Name: "age", Values: age})
			for _, g := range []string{"f", "m"} {
				o, _ := c.Outcomes()
				of, _ := o.Of("ndcg", 10, "gender="+g, "test", "")
				c.Metrics = append(c.Metrics, artifact.Metric{Name: "ndcg", K: 10, Group: "gender=" + g, Split: "test", Value: of.Mean()})
			}
			cells = append(cells, c)
		}
	}
	return map[string][]Cell{"m": cells}
}

// withAttributes gives the units of a cell attributes in place of those that they have.
func withAttributes(c Cell, all ...artifact.OutcomeAttribute) Cell {
	read := c.Outcomes
	c.Outcomes = func() (*artifact.Outcomes, error) {
		o, err := read()
		if err != nil {
			return nil, err
		}
		copied := *o
		copied.Attributes = all
		return &copied, nil
	}
	return c
}

const gapRows = `
tables: [{title: t, rows: [{name: base, where: {model: base}}, {name: wide, where: {model: wide}}, {name: lower, where: {model: lower}}]}]`

const gapColumns = `over: [fold]
columns:
  - {title: NDCG, from: m, metric: ndcg, k: 10, better: higher}
  - {title: Women, from: m, metric: ndcg, k: 10, group: gender=f, better: higher}
  - {title: Gap gender, from: m, metric: ndcg, k: 10, gap: gender, better: lower}
  - {title: Women minus men, from: m, metric: ndcg, k: 10, gap: {attribute: gender, of: [f, m]}}
  - {title: Gap age, from: m, metric: ndcg, k: 10, gap: age}
`

// groupMeans are the means of the groups of an attribute in some cells.
func groupMeans(t *testing.T, cells []Cell, attribute string) map[string]float64 {
	t.Helper()
	sums, n := map[string]float64{}, map[string]float64{}
	for _, c := range cells {
		o, err := c.Outcomes()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range o.Attributes {
			for i, name := range a.Values {
				if a.Name == attribute {
					sums[name] += o.Series[0].Values[i]
					n[name]++
				}
			}
		}
	}
	for name := range sums {
		sums[name] /= n[name]
	}
	return sums
}

func cellsOf(gathered map[string][]Cell, model string) []Cell {
	return filter(gathered["m"], func(c Cell) bool { v, _ := value(c.Axes, "model"); return v.Str == model })
}

func TestGapsAreBetweenMeansOfGroups(t *testing.T) {
	gathered := gapCells(4, 150)
	r := build(t, decodeLayout(t, gapColumns+"compare: {to: base}"+gapRows), gathered)
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}
	for i, row := range r.Tables[0].Rows {
		cells := cellsOf(gathered, row.Name)
		gender, age := groupMeans(t, cells, "gender"), groupMeans(t, cells, "age")
		near("women", row.Entries[1].Mean, gender["f"])
		near("the gap", row.Entries[2].Mean, gender["m"]-gender["f"])
		near("the signed gap", row.Entries[3].Mean, gender["f"]-gender["m"])
		widest := slices.Max(slices.Collect(values(age))) - slices.Min(slices.Collect(values(age)))
		near("the gap by age", row.Entries[4].Mean, widest)
		for k, o := range row.Entries[3].Origins {
			of := groupMeans(t, cells[k:k+1], "gender")
			near("the gap of a cell", o.Value, of["f"]-of["m"])
			near("the gap of a cell", row.Entries[2].Origins[k].Value, of["m"]-of["f"])
		}
		g, signed := row.Entries[2].Gap, row.Entries[3].Gap
		if g.Of != "m" || g.Minus != "f" || signed.Of != "f" || signed.Minus != "m" || g.Means[0] != signed.Means[1] {
			t.Errorf("groups %s and %s, %s and %s", g.Of, g.Minus, signed.Of, signed.Minus)
		}
		// Two groups have a gap that chance does not make, seven have one that it does.
		if g.P > 0.001 || g.Chance > 0.03 || signed.P != g.P || row.Entries[4].Gap.P < 0.05 || row.Entries[4].Gap.Chance < 0.02 {
			t.Errorf("%s: by chance %+v, age %+v", row.Name, g.Gap, row.Entries[4].Gap.Gap)
		}
		if p, q := row.Entries[2].Pooled, row.Entries[3].Pooled; p.Units != 600 || p.Low != -q.High || !(p.Low < p.Value && p.Value < p.High) {
			t.Errorf("intervals %+v and %+v", p, q)
		}
		if i == 0 {
			continue
		}
		base := groupMeans(t, cellsOf(gathered, "base"), "gender")
		for k, sign := range map[int]float64{2: 1, 3: -1} {
			d := row.Entries[k].Difference
			near("the difference", d.Difference.Value, sign*(gender["m"]-gender["f"]-base["m"]+base["f"]))
			if wide := row.Name == "wide"; d.Differs != wide || !(d.Difference.Low < d.Difference.Value) || d.N != 600 {
				t.Errorf("%s, column %d: %+v", row.Name, k, d)
			}
		}
		if above := []int{0, 4, -1}[i]; above >= 0 && (g.Above != above || g.Beside != 4 || signed.Above != 0) {
			t.Errorf("above %d of %d, signed %d", g.Above, g.Beside, signed.Above)
		}
	}
	if got := marksOf(r.Grid().Tables[0], 2); got != "base* wide† lower*" {
		t.Errorf("marks %s", got)
	}
}

func values[K comparable, V any](m map[K]V) func(func(V) bool) {
	return func(yield func(V) bool) {
		for _, v := range m {
			if !yield(v) {
				return
			}
		}
	}
}

// Gaps are compared by units, by folds and with other tests, as other columns are.
func TestGapsAreComparedInAllDesigns(t *testing.T) {
	for _, c := range []struct{ compare, marks, caption string }{
		{"{to: base, test: t}", "base* wide† lower*", "The difference of two gaps has a variance for each group."},
		{"{to: base, paired: [fold]}", "base* wide† lower*", "paired by fold"},
		{"{to: base, test: corrected-t}", "base* wide† lower*", "for a test share of"},
	} {
		layout := `over: [fold]
columns: [{title: Gap gender, from: m, metric: ndcg, k: 10, gap: gender, better: lower}]
compare: ` + c.compare + gapRows
		g := build(t, decodeLayout(t, layout), gapCells(9, 60)).Grid().Tables[0]
		if got := marksOf(g, 0); got != c.marks || !strings.Contains(captionOf(g), c.caption) {
			t.Errorf("%s: marks %s\n%s", c.compare, got, captionOf(g))
		}
	}
	for _, interval := range []string{"sd", "none"} {
		r := build(t, decodeLayout(t, "interval: "+interval+"\n"+gapColumns+gapRows), gapCells(3, 60))
		e := r.Tables[0].Rows[0].Entries[2]
		if want := Summarise([]float64{e.Origins[0].Value, e.Origins[1].Value, e.Origins[2].Value}).Mean; e.Pooled != nil || e.Mean != want || e.Gap.P > 0.05 {
			t.Errorf("%s: %+v", interval, e)
		}
	}
}

// change gives some cells other outcomes.
func change(gathered map[string][]Cell, which func(fold int, model string) bool, to func(o *artifact.Outcomes)) map[string][]Cell {
	for i := range gathered["m"] {
		c := &gathered["m"][i]
		fold, _ := value(c.Axes, "fold")
		model, _ := value(c.Axes, "model")
		if !which(int(fold.Int), model.Str) {
			continue
		}
		o, _ := c.Outcomes()
		changed := *o
		changed.Attributes = nil
		for _, a := range o.Attributes {
			changed.Attributes = append(changed.Attributes, artifact.OutcomeAttribute{Name: a.Name, Values: slices.Clone(a.Values)})
		}
		to(&changed)
		c.Outcomes = func() (*artifact.Outcomes, error) { return &changed, nil }
	}
	return gathered
}

func TestGapsThatCannotBeDecidedSaySo(t *testing.T) {
	everywhere := func(int, string) bool { return true }
	oneWoman := func(o *artifact.Outcomes) {
		for i := range o.Attributes[0].Values {
			o.Attributes[0].Values[i] = "m"
		}
		o.Attributes[0].Values[3] = "f"
	}
	for _, c := range []struct {
		name     string
		gathered map[string][]Cell
		text     string
		caption  []string
	}{
		{"a group of one user", change(gapCells(1, 40), everywhere, oneWoman), "",
			[]string{"No interval where a group has fewer than two units."}},
		{"users without a value", change(gapCells(2, 40), everywhere, func(o *artifact.Outcomes) { clear(o.Attributes[0].Values[:7]) }), "",
			[]string{"over 66 users; without those that have no value of gender, up to 7 in a cell"}},
		{"a cell without the attribute", change(gapCells(3, 40), func(fold int, model string) bool { return fold == 1 && model == "wide" },
			func(o *artifact.Outcomes) { o.Attributes = nil }), " (n=2)", []string{"Fewer values went into a number that gives its own n."}},
		{"a row without the attribute", change(gapCells(2, 40), func(_ int, model string) bool { return model == "wide" },
			func(o *artifact.Outcomes) { o.Attributes = nil }), "–", []string{"over 80 users"}},
		{"a row of one group", change(gapCells(2, 40), func(_ int, model string) bool { return model == "wide" },
			func(o *artifact.Outcomes) {
				for i := range o.Attributes[0].Values {
					o.Attributes[0].Values[i] = "m"
				}
			}), "–", []string{"over 80 users"}},
		{"other users", change(gapCells(2, 40), func(_ int, model string) bool { return model == "wide" },
			func(o *artifact.Outcomes) { slices.Reverse(o.Attributes[0].Values) }), "", []string{"wide and base in Gap (users with other values of age, gender)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			layout := "over: [fold]\ncolumns: [{title: Gap, from: m, metric: ndcg, k: 10, gap: gender, better: lower}]\ncompare: {to: base}" + gapRows
			r := build(t, decodeLayout(t, layout), c.gathered)
			g := r.Grid().Tables[0]
			n := g.Rows[1].Numbers[0]
			if c.text == "–" && n.State != grid.Missing || c.text == " (n=2)" && n.N != "2" || c.text == "" && n.State != grid.Present {
				t.Errorf("%+v", n)
			}
			for _, want := range c.caption {
				if !strings.Contains(captionOf(g), want) {
					t.Errorf("no %q in\n%s", want, captionOf(g))
				}
			}
		})
	}
}

func TestGapsAndGroupsThatDoNotExist(t *testing.T) {
	column := func(rest string) string {
		return "over: [fold]\ncolumns: [{title: c, from: m, metric: ndcg, k: 10, " + rest + "}]" + gapRows
	}
	balanced := map[string][]Cell{"m": {withAttributes(cellWithUnits([]Axis{{"model", text("base")}}, "user", 0,
		measured{Metric: artifact.Metric{Name: "bacc", Group: "gender"}, values: []float64{1, 0, 1, 0}, class: []float64{0, 0, 1, 1}}),
		artifact.OutcomeAttribute{Name: "gender", Values: []string{"f", "f", "m", "m"}})}}
	identified := change(gapCells(1, 20), func(int, string) bool { return true }, func(o *artifact.Outcomes) {
		id := artifact.OutcomeAttribute{Name: "user_id"}
		for i := range o.Units {
			id.Values = append(id.Values, fmt.Sprint(i))
		}
		o.Attributes = []artifact.OutcomeAttribute{id}
	})
	for _, c := range []struct {
		layout   string
		gathered map[string][]Cell
		want     string
	}{
		{column("gap: gendr"), gapCells(2, 20), `columns[0] (c): the outcomes of m have no attribute "gendr" (did you mean "gender"?); they have gender, age`},
		{column("gap: {attribute: gender, of: [m, w]}"), gapCells(2, 20), "columns[0] (c): the outcomes of m have no group gender=w"},
		{column("gap: {attribute: gender, of: [m, w]}"), gapCells(2, 20), "its groups are f, m"},
		{column("gap: {attribute: age, of: [18, 57]}"), gapCells(2, 20), "its groups are 1, 18, 25, 35, 45, 50, 56"},
		{column("gap: user_id"), identified, `have no attribute "user_id"; they have none that makes groups`},
		{column("gap: gender"), withoutUnits(gapCells(2, 20)), "m has no outcomes of users or images, which a gap is computed from"},
		{column("gap: gender"), change(gapCells(1, 20), func(int, string) bool { return true }, func(o *artifact.Outcomes) {
			for i := range o.Attributes[0].Values {
				o.Attributes[0].Values[i] = "m"
			}
		}), "have fewer than two groups of gender: m"},
		{column("group: gender=x"), gapCells(2, 20), `(did you mean "gender=f"?); it has the groups gender=f, gender=m`},
		{column("group: age=1"), map[string][]Cell{"m": {newCell([]Axis{axis("fold", 0), {"model", text("base")}},
			artifact.Metric{Name: "ndcg", K: 10, Split: "test"})}}, "m has no ndcg@10 group=age=1; it has no groups of ndcg"},
		{column("group: gender=mm"), gapCells(2, 20), `(did you mean "gender=m"?); it has`},
		{"columns: [{title: c, from: m, metric: bacc, group: gender, gap: gender}]\ntables: [{title: t, rows: [{name: base, where: {model: base}}]}]", balanced,
			"bacc group=gender is a mean over classes, which has no gap between groups"},
	} {
		_, err := BuildTables(decodeLayout(t, c.layout), c.gathered)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	for _, c := range []struct{ layout, want string }{
		{column("gap: {attribute: gender, of: [m]}"), "columns[0].gap.of: a gap is between two groups, not 1"},
		{column("gap: {attribute: gender, of: [m, m]}"), `columns[0].gap.of[1]: a gap is between two different groups, and both are "m"`},
		{column("gap: {attribute: gender, of: [m, '']}"), "columns[0].gap.of: users without a value are no group; name a value of gender"},
		{column("gap: {of: [m, f]}"), "columns[0].gap.attribute"},
		{column("gap: gender, baselines: [{metric: ndcg}]"), "columns[0].baselines: a gap has no baselines"},
	} {
		if _, err := decode(c.layout, LayoutParams); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	// A metric without outcomes is reported before anything runs.
	coverage := gapCells(1, 20)
	for i := range coverage["m"] {
		coverage["m"][i].Metrics = append(coverage["m"][i].Metrics, artifact.Metric{Name: "coverage", Split: "test"})
	}
	l := decodeLayout(t, strings.Replace(column("gap: gender"), "metric: ndcg, k: 10", "metric: coverage", 1))
	got := early(func(r spec.Reporter) { before(coverage).CheckTables(l, r) })
	if want := "columns[0].metric: coverage split=test of m has no outcomes of users or images, which a gap is computed from"; !slices.Contains(got, want) {
		t.Errorf("got %q", got)
	}
}

// Rules, expected values and figures take gaps as they take metrics. Groups of numbers are written as
// such, and women by age are groups of a group.
func TestGapsStandWhereMetricsStand(t *testing.T) {
	gathered := gapCells(3, 80)
	for i := range gathered["m"] { // a rule must look at other users
		c := &gathered["m"][i]
		for j := range c.Metrics {
			c.Metrics[j].Split = "validation"
		}
		o, _ := c.Outcomes()
		o.Parts[0].Split = "validation"
	}
	r := build(t, decodeLayout(t, `over: [fold]
columns:
  - {title: Gap, from: m, metric: ndcg, k: 10, gap: gender}
  - {title: Old and young women, from: m, metric: ndcg, k: 10, group: gender=f, gap: {attribute: age, of: [56, 18]}}
tables:
  - title: t
    rows:
      - {name: base, where: {model: base}}
      - name: chosen
        select: {among: [model], best: {from: m, metric: ndcg, k: 10, gap: gender, split: validation, better: higher}}
expect: [{row: chosen, column: Gap, value: 0.12, tolerance: 0.05, source: here}, {row: base, column: Gap, value: 0.3, tolerance: 0.1, source: here}]`), gathered)
	if got := r.Tables[0].Selections[0].Choices[0]; got.Candidates[got.Chosen].Values[0].Value.Str != "wide" {
		t.Errorf("chosen: %+v", got)
	}
	if r.Expected[0].Status != Met || r.Expected[1].Status != Missed {
		t.Errorf("expected: %+v", r.Expected)
	}
	if g := r.Tables[0].Rows[0].Entries[1].Gap; g.Of != "56" || g.Minus != "18" || g.Units > 60 || g.Units < 5 {
		t.Errorf("women by age: %+v", g)
	}
	f := buildFigures(t, decodeFigures(t, `figures:
  - title: Gap against NDCG
    x: {label: NDCG, from: m, metric: ndcg, k: 10}
    y: {label: gap, from: m, metric: ndcg, k: 10, gap: {attribute: gender, of: [m, f]}}
    points: [{name: models, grid: [model, fold]}]
  - title: Gap by fold
    x: {label: fold, axis: fold}
    y: gap
    lines: [{name: base, from: m, metric: ndcg, k: 10, gap: gender, where: {model: base}}]`), gathered)
	for _, p := range f.Figures[0].Series[0].Points {
		fold, _ := value(p.Axes, "fold")
		model, _ := value(p.Axes, "model")
		means := groupMeans(t, cellsOf(gathered, model.Str)[fold.Int:fold.Int+1], "gender")
		if math.Abs(p.Y.Mean-(means["m"]-means["f"])) > 1e-9 || p.Y.Pooled.Reason != "" {
			t.Errorf("a point at %v: %+v, want %v", p.Axes, p.Y, means)
		}
	}
	if got := len(f.Figures[1].Lines[0].Points); got != 3 {
		t.Errorf("a line of %d points", got)
	}
	for _, layout := range []string{
		"figures: [{title: t, x: {label: x, axis: fold}, y: {label: y, from: m, metric: ndcg, k: 10, gap: gendr}, points: [{name: p, grid: [model]}]}]",
		"figures: [{title: t, x: {label: x, axis: fold}, y: y, lines: [{name: p, from: m, metric: ndcg, k: 10, gap: gendr, where: {model: base}}]}]",
		"figures: [{title: t, x: k, y: y, lines: [{name: p, from: m, metric: ndcg, gap: gendr, where: {model: base}}]}]",
	} {
		if _, err := BuildFigures(decodeFigures(t, layout), gathered); err == nil || !strings.Contains(err.Error(), `no attribute "gendr"`) {
			t.Errorf("%s: %v", layout, err)
		}
	}
	_, err := BuildTables(decodeLayout(t, `over: [fold]
columns: [{title: c, from: m, metric: ndcg, k: 10}]
tables: [{title: t, rows: [{name: r, select: {among: [model], best: {from: m, metric: ndcg, k: 10, gap: gendr, split: validation, better: lower}}}]}]`), gathered)
	if err == nil || !strings.Contains(err.Error(), `select.best: the outcomes of m have no attribute "gendr"`) {
		t.Errorf("got %v", err)
	}
}

// Several columns of gaps read each file once, and do not change each other's numbers.
func TestGapsAreReadOnceAndAlone(t *testing.T) {
	gathered := gapCells(3, 60)
	reads := countReads(gathered)
	together := filled(t, gapColumns+"compare: {to: base}"+gapRows, gathered)
	for d, n := range reads {
		if n != 1 {
			t.Errorf("%s was read %d times", d.Short(), n)
		}
	}
	if len(reads) != 9 {
		t.Errorf("%d cells were read", len(reads))
	}
	alone := filled(t, `over: [fold]
columns: [{title: Gap age, from: m, metric: ndcg, k: 10, gap: age}]
compare: {to: base}`+gapRows, gathered)
	for r := range alone.Tables[0].Rows {
		a, b := alone.Tables[0].Rows[r].Entries[0], together.Tables[0].Rows[r].Entries[4]
		if !slices.Equal(a.Gap.exact(), b.Gap.exact()) || *a.Pooled != *b.Pooled || r > 0 && (a.Difference.P != b.Difference.P || a.Difference.Difference != b.Difference.Difference) {
			t.Errorf("alone %+v %+v, together %+v %+v", a.Gap, a.Difference, b.Gap, b.Difference)
		}
	}
}

// filled fills a layout without looking at it before, which would read outcomes.
func filled(t *testing.T, layout string, gathered map[string][]Cell) *Tables {
	t.Helper()
	r, err := BuildTables(decodeLayout(t, layout), gathered)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
