package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/internal/report/grid"
	"foil/internal/report/render"
	"foil/internal/stats"
	"foil/spec"
)

// A measured is a metric of a cell with the values of its units.
type measured struct {
	artifact.Metric
	values []float64
	class  []float64 // nil: a plain mean
}

// cellWithUnits makes a cell whose metrics are made of the values of units from first on.
func cellWithUnits(axes []Axis, kind string, first int, all ...measured) Cell {
	n := len(all[0].values)
	o := &artifact.Outcomes{Unit: kind, Parts: []artifact.OutcomePart{{Split: all[0].Split, Checkpoint: all[0].Checkpoint, Rows: n}}}
	for u := range n {
		o.Units = append(o.Units, int32(first+u))
	}
	var metrics []artifact.Metric
	for _, m := range all {
		sample := stats.Sample{Values: m.values}
		s := artifact.OutcomeSeries{Name: m.Name, K: m.K, Group: m.Group, Values: m.values}
		if m.class != nil {
			s.Balance = m.Group + ":label"
			o.Series = append(o.Series, artifact.OutcomeSeries{Name: "label", Group: m.Group, Values: m.class})
			for _, c := range m.class {
				sample.Class = append(sample.Class, int32(c))
			}
		}
		o.Series = append(o.Series, s)
		m.Value = sample.Mean()
		metrics = append(metrics, m.Metric)
	}
	c := newCell(axes, metrics...)
	c.Digest = digest.Of(fmt.Append(nil, axes, all))
	c.Outcomes = func() (*artifact.Outcomes, error) { return o, nil }
	return c
}

// users are the NDCG values of users. Those of one fold are the same for all models, but for what a
// model adds: a constant and noise of its own.
func users(fold, n int, add, noise float64, model string) measured {
	shared := rand.New(rand.NewPCG(uint64(fold), 1))
	own := rand.New(rand.NewPCG(uint64(fold), uint64(len(model)*1000+int(model[0]))))
	m := measured{Metric: artifact.Metric{Name: "ndcg", Split: "test"}}
	for range n {
		m.values = append(m.values, 0.4+0.2*shared.NormFloat64()+add+noise*own.NormFloat64())
	}
	return m
}

// models are a reference, one that is truly worse, and one that only seems to be.
func models(folds, n int) map[string][]Cell {
	var cells []Cell
	for fold := range folds {
		for _, m := range []struct {
			name       string
			add, noise float64
		}{{"base", 0, 0.01}, {"worse", -0.02, 0.05}, {"equal", 0, 0.05}} {
			cells = append(cells, cellWithUnits([]Axis{axis("fold", fold), {"model", text(m.name)}}, "user", fold*n, users(fold, n, m.add, m.noise, m.name)))
		}
	}
	return map[string][]Cell{"m": cells}
}

const modelsLayout = `over: [fold]
columns: [{title: NDCG, from: m, metric: ndcg, better: higher}]
compare: {to: base%s}
tables: [{title: t, rows: [{name: base, where: {model: base}}, {name: worse, where: {model: worse}}, {name: equal, where: {model: equal}}]}]`

// withoutUnits are the cells without what is known of users.
func withoutUnits(gathered map[string][]Cell) map[string][]Cell {
	for _, cells := range gathered {
		for i := range cells {
			cells[i].Outcomes = nil
		}
	}
	return gathered
}

// marksOf writes the marks of a column: * is best, † differs.
func marksOf(t grid.Table, column int) string {
	var all []string
	for _, row := range t.Rows {
		s := row.Labels[0]
		if row.Numbers[column].Mark.Has(grid.Best) {
			s += "*"
		}
		if row.Numbers[column].Mark.Has(grid.Differs) {
			s += "†"
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

func captionOf(t grid.Table) string {
	var all []string
	for _, n := range t.Caption {
		all = append(all, n.Text)
	}
	return strings.Join(all, "\n")
}

// The rows are the same in all cases; what is known about them is not.
func TestMarksStandOnlyOnDifferences(t *testing.T) {
	for _, c := range []struct {
		name, compare string
		gathered      map[string][]Cell
		marks         string
		caption       []string
	}{
		{"users decide", "", models(5, 200), "base* worse† equal*",
			[]string{"Mean ± 95 % confidence interval, over 1000 users.", "differs from base by more than noise", "paired by user, after Holm's correction for 3 comparisons. Intervals are not corrected."}},
		{"users of two folds decide", "", models(2, 300), "base* worse† equal*", []string{"over 600 users"}},
		{"a t-test", ", test: t", models(5, 200), "base* worse† equal*", []string{"in a t-test, paired by user"}},
		{"five folds cannot", ", paired: [fold]", models(5, 200), "base worse equal",
			[]string{"Mean ± 95 % confidence interval", "Nothing is marked, because 5 folds alone give no p below 0.0625."}},
		{"two folds cannot", "", withoutUnits(models(2, 200)), "base worse equal",
			[]string{"Mean ± standard deviation over fold, n = 2.", "Nothing is marked, because 2 folds alone give no p below 0.5."}},
		{"one value cannot", "", withoutUnits(models(1, 200)), "base worse equal*",
			[]string{"best value of its column, not tested.", "No difference from base is marked, because single values cannot be tested."}},
		{"eight folds can", "", withoutUnits(models(8, 200)), "base* worse† equal*", []string{"paired by fold"}},
		{"six folds can for one comparison, not for two", "", withoutUnits(models(6, 200)), "base worse equal",
			[]string{"Nothing is marked, because 6 folds give no corrected p below 0.09375."}},
		{"a corrected t-test of folds", ", test: corrected-t", models(5, 200), "base* worse† equal*",
			[]string{"corrected after Nadeau and Bengio (2003) for a test share of 0.25, paired by fold"}},
		{"its test share", ", test: corrected-t, test_share: 0.5", models(5, 200), "base* worse† equal*", []string{"for a test share of 0.5"}},
		{"a level that is too high for the number of draws", ", level: 0.9999", models(5, 200), "base* worse† equal*", []string{"99.99 % confidence interval"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := build(t, decodeLayout(t, fmt.Sprintf(modelsLayout, c.compare)), c.gathered).Grid().Tables[0]
			if got := marksOf(g, 0); got != c.marks {
				t.Errorf("marks %s, want %s", got, c.marks)
			}
			for _, want := range c.caption {
				if !strings.Contains(captionOf(g), want) {
					t.Errorf("no %q in\n%s", want, captionOf(g))
				}
			}
		})
	}
}

func TestNothingIsMarkedOnNoise(t *testing.T) {
	gathered := models(5, 200)
	gathered["m"] = filter(gathered["m"], func(c Cell) bool { v, _ := value(c.Axes, "model"); return v.Str != "worse" })
	layout := strings.Replace(fmt.Sprintf(modelsLayout, ""), "{name: worse, where: {model: worse}}, ", "", 1)
	g := build(t, decodeLayout(t, layout), gathered).Grid().Tables[0]
	if got := marksOf(g, 0); got != "base equal" {
		t.Errorf("marks %s", got)
	}
	if want := "No difference between rows is more than noise."; !strings.Contains(captionOf(g), want) {
		t.Errorf("no %q in\n%s", want, captionOf(g))
	}
	// The old rule marks the higher mean, and the caption says that it is not tested.
	g = build(t, decodeLayout(t, "marks: any\n"+layout), gathered).Grid().Tables[0]
	if got := marksOf(g, 0); strings.Count(got, "*") != 1 || !strings.Contains(captionOf(g), "not tested") {
		t.Errorf("marks %s\n%s", got, captionOf(g))
	}
}

// With more rows that are only noise, the same difference must be clearer.
func TestCorrectionChangesAMark(t *testing.T) {
	d := measured{Metric: artifact.Metric{Name: "x"}}
	base := measured{Metric: d.Metric}
	random := rand.New(rand.NewPCG(5, 5))
	for range 100 {
		base.values = append(base.values, random.NormFloat64())
	}
	shifted := func(by float64, seed uint64) measured {
		own := rand.New(rand.NewPCG(seed, 9))
		m := measured{Metric: d.Metric}
		var noise []float64
		for range base.values {
			noise = append(noise, own.NormFloat64())
		}
		s := Summarise(noise)
		for i, v := range base.values {
			m.values = append(m.values, v+(noise[i]-s.Mean)/s.SD+by) // the difference is exactly by
		}
		return m
	}
	rows := func(n int) (map[string][]Cell, string) {
		cells := []Cell{cellWithUnits([]Axis{axis("a", 0)}, "image", 0, base), cellWithUnits([]Axis{axis("a", 1)}, "image", 0, shifted(-0.22, 1))}
		names := "{name: r0, where: {a: 0}}, {name: r1, where: {a: 1}}"
		for i := 2; i < n; i++ {
			cells = append(cells, cellWithUnits([]Axis{axis("a", i)}, "image", 0, shifted(-0.001, uint64(i))))
			names += fmt.Sprintf(", {name: r%d, where: {a: %d}}", i, i)
		}
		return map[string][]Cell{"m": cells}, names
	}
	for _, c := range []struct {
		rows    int
		correct string
		differs bool
	}{{2, "holm", true}, {2, "bh", true}, {6, "holm", false}, {6, "bh", false}, {6, "none", true}} {
		gathered, names := rows(c.rows)
		layout := "columns: [{title: X, from: m, metric: x, better: higher}]\ncompare: {to: r0, correct: " + c.correct + "}\ntables: [{title: t, rows: [" + names + "]}]"
		r := build(t, decodeLayout(t, layout), gathered)
		d := r.Tables[0].Rows[1].Entries[0].Difference
		if d.Differs != c.differs || d.Design.Unit != "image" || math.Abs(d.Difference.Value+0.22) > 1e-9 || d.N != 100 {
			t.Errorf("%d rows, %s: %+v", c.rows, c.correct, d)
		}
		if want := d.P; c.correct == "none" && d.Corrected != want || c.rows == 6 && c.correct == "holm" && math.Abs(d.Corrected-15*d.P) > 1e-12 {
			t.Errorf("%d rows, %s: corrected %v of %v", c.rows, c.correct, d.Corrected, d.P)
		}
	}
}

// Two rows of the same cells are one row, and a cell that is there twice is one pair.
func TestSameOutputsAreNotIndependent(t *testing.T) {
	gathered := models(3, 50)
	layout := strings.Replace(fmt.Sprintf(modelsLayout, ""), "rows: [", "rows: [{name: again, where: {model: base}}, ", 1)
	r := build(t, decodeLayout(t, layout), gathered)
	if d := r.Tables[0].Rows[0].Entries[0].Difference; d.Problem != sameCells || d.tested() {
		t.Errorf("a row of the same cells: %+v", d)
	}
	if got := marksOf(r.Grid().Tables[0], 0); !strings.HasPrefix(got, "again* base*") {
		t.Errorf("both rows are the best: %s", got)
	}
	// Every fold a second time, under another seed that has no effect.
	var twice []Cell
	for seed := range 2 {
		for _, c := range gathered["m"] {
			c.Axes = append(slices.Clone(c.Axes), axis("seed", seed))
			twice = append(twice, c)
		}
	}
	once := r.Tables[0].Rows[2].Entries[0]
	layout = strings.Replace(fmt.Sprintf(modelsLayout, ""), "over: [fold]", "over: [fold, seed]", 1)
	again := build(t, decodeLayout(t, layout), map[string][]Cell{"m": twice}).Tables[0].Rows[1].Entries[0]
	if *again.Pooled != *once.Pooled || again.Difference.N != 150 || again.Difference.P != once.Difference.P {
		t.Errorf("repeated cells: %+v %+v, once: %+v %+v", again.Pooled, again.Difference, once.Pooled, once.Difference)
	}
	alone := build(t, decodeLayout(t, layout), withoutUnits(map[string][]Cell{"m": twice})).Tables[0]
	if d := alone.Rows[1].Entries[0].Difference; d.N != 3 {
		t.Errorf("%d pairs of three folds", d.N)
	}
}

// A balanced metric keeps its classes, a metric without outcomes falls back to folds.
func TestColumnsHaveDesignsOfTheirOwn(t *testing.T) {
	var cells []Cell
	for fold := range 5 {
		for i, name := range []string{"base", "worse"} {
			ndcg := users(fold, 60, -0.05*float64(i), 0.01, name)
			right, label := make([]float64, 60), make([]float64, 60)
			for u := range right {
				if u%4 == 0 {
					label[u] = 1
				}
				if (u+i*7)%(3+i) > 0 {
					right[u] = 1
				}
			}
			bacc := measured{Metric: artifact.Metric{Name: "bacc", Group: "gender", Split: "test"}, values: right, class: label}
			c := cellWithUnits([]Axis{axis("fold", fold), {"model", text(name)}}, "user", 60*fold, ndcg, bacc)
			c.Metrics = append(c.Metrics, artifact.Metric{Name: "coverage", Split: "test", Value: 0.2 + 0.01*float64(fold) - 0.1*float64(i)})
			cells = append(cells, c)
		}
	}
	r := build(t, decodeLayout(t, `over: [fold]
columns:
  - {title: NDCG, from: m, metric: ndcg, better: higher}
  - {title: BAcc, from: m, metric: bacc, group: gender, better: lower}
  - {title: Coverage, from: m, metric: coverage, better: higher}
compare: {to: base, paired: [user, fold]}
tables: [{title: t, rows: [{name: base, where: {model: base}}, {name: worse, where: {model: worse}}]}]`), map[string][]Cell{"m": cells})
	g := r.Grid().Tables[0]
	for _, want := range []string{
		"NDCG, BAcc: mean ± 95 % confidence interval, over 300 users.",
		"Coverage: mean ± standard deviation over fold, n = 5.",
		"Coverage: nothing is marked, because 5 folds alone give no p below 0.0625.",
		"paired by user",
	} {
		if !strings.Contains(captionOf(g), want) {
			t.Errorf("no %q in\n%s", want, captionOf(g))
		}
	}
	worse := r.Tables[0].Rows[1]
	if e := worse.Entries[1]; math.Abs(e.Mean-e.Pooled.Value) > 0 || e.Pooled.Units != 300 || e.Difference.Design.Unit != "user" {
		t.Errorf("BAcc: %+v %+v", e.Pooled, e.Difference)
	}
	// The pooled balanced accuracy of the second model: 3 of 4 users of each class of each fold.
	var hits, n [2]float64
	for u := range 60 {
		class := 0
		if u%4 == 0 {
			class = 1
		}
		n[class]++
		if (u+7)%4 > 0 {
			hits[class]++
		}
	}
	if want := (hits[0]/n[0] + hits[1]/n[1]) / 2; math.Abs(worse.Entries[1].Mean-want) > 1e-12 {
		t.Errorf("BAcc %v, want %v", worse.Entries[1].Mean, want)
	}
	if d := worse.Entries[2].Difference; d.Design.Unit != "" || d.N != 5 || !math.IsNaN(d.Corrected) {
		t.Errorf("Coverage: %+v", d)
	}
}

// A reference of another table, a row that is not part of the run, and other users.
func TestReferences(t *testing.T) {
	grids := `over: [fold]
columns: [{title: NDCG, from: m, metric: ndcg, better: higher}]
compare: {to: %s}
tables:
  - {title: short, rows: [{name: Base, where: {model: base}}, {name: gone, where: {model: gone}}]}
  - {title: all, grid: [model]}`
	for _, c := range []struct{ to, marks, caption string }{
		{"Base", "base* worse† equal*", ""},
		{"model=equal", "base* worse† equal*", ""},
		{"gone", "base* worse equal*", "Not compared with gone, which is not part of this run."},
	} {
		g := build(t, decodeLayout(t, fmt.Sprintf(grids, c.to)), models(5, 200)).Grid().Tables[1]
		if got := marksOf(g, 0); got != c.marks || !strings.Contains(captionOf(g), c.caption) {
			t.Errorf("%s: marks %s\n%s", c.to, got, captionOf(g))
		}
	}
	other := models(2, 50)
	for i := range other["m"] {
		if v, _ := value(other["m"][i].Axes, "model"); v.Str == "worse" {
			o, _ := other["m"][i].Outcomes()
			for u := range o.Units {
				o.Units[u] += 1000
			}
		}
	}
	g := build(t, decodeLayout(t, fmt.Sprintf(modelsLayout, "")), other).Grid().Tables[0]
	if want := "Not compared: worse and base in NDCG (no common users)"; !strings.Contains(captionOf(g), want) {
		t.Errorf("no %q in\n%s", want, captionOf(g))
	}
}

// Users with equal numbers and other attributes are other users, also where only some numbers are
// equal.
func TestUsersOfOtherDataAreNotPaired(t *testing.T) {
	for _, shift := range []int32{0, 20} {
		gathered := models(2, 50)
		for i := range gathered["m"] {
			o, _ := gathered["m"][i].Outcomes()
			model, _ := value(gathered["m"][i].Axes, "model")
			gender := make([]string, 50)
			for u := range gender {
				if model.Str == "worse" {
					o.Units[u] += shift
				}
				gender[u] = string("fm"[int(o.Units[u])%2])
				if model.Str == "worse" && u == 40-int(shift) {
					gender[u] = "x"
				}
			}
			o.Attributes = []artifact.OutcomeAttribute{{Name: "gender", Values: gender}}
		}
		g := build(t, decodeLayout(t, fmt.Sprintf(modelsLayout, "")), gathered).Grid().Tables[0]
		if want := "worse and base in NDCG (users with other values of gender)"; !strings.Contains(captionOf(g), want) || strings.Contains(captionOf(g), "equal and base") {
			t.Errorf("no %q in\n%s", want, captionOf(g))
		}
		if got := marksOf(g, 0); strings.Contains(got, "worse*") {
			t.Errorf("what is not compared is marked: %s", got)
		}
	}
}

func TestDifferencesAreWrittenLikeTheirColumn(t *testing.T) {
	for _, c := range []struct {
		v    float64
		f    format
		want string
	}{
		{0.0123, format{digits: 4}, "+0.0123"}, {-0.0123, format{digits: 4}, "-0.0123"}, {6.8e-6, format{digits: 4}, "0.0000"},
		{-6.8e-6, format{digits: 4}, "0.0000"}, {0, format{digits: 1}, "0.0"}, {2e9, format{digits: 3}, "+2.00e+09"},
		{-3e-5, format{digits: 3, scientific: true}, "-3.00e-05"},
	} {
		if got := signed(c.v, c.f); got != c.want {
			t.Errorf("%v: got %s, want %s", c.v, got, c.want)
		}
	}
	for p, want := range map[float64]string{0.0625: "0.062", 0.00004: "<0.0001", 0.0004: "0.0004", 1: "1.000", math.NaN(): "–"} {
		if got := pText(p); got != want {
			t.Errorf("p %v: got %s, want %s", p, got, want)
		}
	}
}

// Each fold numbers its own users, so users are known by their ids. A row without ids is paired by
// numbers within a fold.
func TestUsersAreKnownByTheirIDs(t *testing.T) {
	for _, c := range []struct {
		name         string
		id           func(model string, fold, user int) string
		users, pairs int
	}{
		{"no ids: numbers that two folds have are one user", func(string, int, int) string { return "" }, 80, 100},
		{"ids", func(_ string, fold, user int) string { return fmt.Sprint("u", 50*fold+49-user) }, 100, 100},
		{"ids that two folds share", func(_ string, fold, user int) string { return fmt.Sprint("u", 30*fold+user) }, 80, 100},
		{"one row without ids", func(model string, fold, user int) string {
			if model == "worse" {
				return ""
			}
			return fmt.Sprint("u", 50*fold+49-user)
		}, 100, 100},
		{"some common ids", func(model string, fold, user int) string {
			return fmt.Sprint("u", 50*fold+user+10*len(model)/5*(len(model)%2)) // 10 more for worse and equal
		}, 100, 80},
	} {
		gathered := models(2, 50)
		for i := range gathered["m"] {
			o, _ := gathered["m"][i].Outcomes()
			model, _ := value(gathered["m"][i].Axes, "model")
			fold, _ := value(gathered["m"][i].Axes, "fold")
			var ids []string
			for u := range 50 {
				o.Units[u] = int32(30*int(fold.Int) + u)
				if id := c.id(model.Str, int(fold.Int), u); id != "" {
					ids = append(ids, id)
				}
			}
			if ids != nil {
				o.Attributes = []artifact.OutcomeAttribute{{Name: "user_id", Values: ids}}
			}
		}
		row := build(t, decodeLayout(t, fmt.Sprintf(modelsLayout, "")), gathered).Tables[0].Rows
		if p := row[0].Entries[0].Pooled; p.Units != c.users || p.N != 100 {
			t.Errorf("%s: %d users", c.name, p.Units)
		}
		if d := row[1].Entries[0].Difference; d.N != c.pairs || d.Problem != "" || math.Abs(d.Difference.Value+0.02) > 0.02 {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
}

func TestOutcomesMustAgreeWithTheirMetric(t *testing.T) {
	gathered := models(2, 50)
	gathered["m"][3].Metrics[0].Value += 1e-3
	_, err := BuildTables(decodeLayout(t, fmt.Sprintf(modelsLayout, "")), gathered)
	if err == nil || !strings.Contains(err.Error(), "m[fold=1,model=base]: ndcg split=test is ") || !strings.Contains(err.Error(), "but the mean of its outcomes is") {
		t.Errorf("got %v", err)
	}
}

// countReads counts how often the outcomes of each cell are read.
func countReads(gathered map[string][]Cell) map[digest.Digest]int {
	reads := map[digest.Digest]int{}
	var lock sync.Mutex // cells are read at the same time
	for i := range gathered["m"] {
		c := &gathered["m"][i]
		read := c.Outcomes
		c.Outcomes = func() (*artifact.Outcomes, error) {
			lock.Lock()
			defer lock.Unlock()
			reads[c.Digest]++
			return read()
		}
	}
	return reads
}

// Outcomes are read once for each cell, and only of stages whose columns are shown.
func TestOutcomesAreReadOnce(t *testing.T) {
	gathered := models(3, 20)
	reads := countReads(gathered)
	if _, err := BuildTables(decodeLayout(t, fmt.Sprintf(modelsLayout, "")), gathered); err != nil {
		t.Fatal(err)
	}
	for d, n := range reads {
		if n != 1 {
			t.Errorf("%s was read %d times", d.Short(), n)
		}
	}
	if len(reads) != 9 {
		t.Errorf("%d cells were read", len(reads))
	}
	clear(reads)
	if _, err := BuildTables(decodeLayout(t, "interval: sd\n"+fmt.Sprintf(modelsLayout, ", paired: [fold]")), gathered); err != nil {
		t.Fatal(err)
	}
	if len(reads) != 0 {
		t.Errorf("%d cells were read for nothing", len(reads))
	}
}

func TestComparisonsAreCheckedWithPositions(t *testing.T) {
	const columns = "over: [fold]\ncolumns: [{title: c, from: m, metric: ndcg}]\n"
	const rows = "\ntables: [{title: t, rows: [{name: base, where: {model: base}}, {name: worse, where: {model: worse}}]}]"
	for _, c := range []struct{ layout, want string }{
		{columns + "compare: {to: bse}" + rows, `compare.to: no table has a row "bse" (did you mean "base"?)`},
		{columns + "tables: [{title: t, rows: [{name: base}], compare: {to: best}}]", `tables[0].compare.to: no table has a row "best"`},
		{columns + "compare: {to: base, paired: [user, fld]}" + rows, `paired[1]: "fld" is neither a unit (user, image, unit) nor an axis in over (did you mean "fold"?)`},
		{columns + "compare: {to: base, paired: [model]}" + rows, `paired[0]: "model" is neither a unit (user, image, unit) nor an axis in over`},
		{columns + "compare: {to: base, paired: [fold, fold]}" + rows, `"fold" occurs twice`},
		{columns + "compare: {to: base, paired: [user, image]}" + rows, `one kind of unit is enough`},
		{columns + "compare: {to: base, paired: [user], test: corrected-t}" + rows, `compare.test: corrected-t compares means per fold or seed, so it fits no pairs by user`},
		{columns + "compare: {to: base, test: wilcoxon}" + rows, `"wilcoxon" is not allowed`},
		{columns + "compare: {to: base, test_share: 0.2}" + rows, `only corrected-t has a test share`},
		{"columns: [{title: c, from: m, metric: ndcg}]\ncompare: {test: corrected-t}" + rows, `over names no axis`},
		{strings.Replace(columns, "[fold]", "[fold, seed]", 1) + "compare: {test: corrected-t}" + rows, `compare.test_share: with pairs by several axes (fold, seed) the share of test data is not known`},
		{strings.Replace(columns, "[fold]", "[fold, seed, a]", 1) + "compare: {test: corrected-t, paired: [seed, fold]}" + rows, `pairs by several axes (seed, fold)`},
		{columns + "compare: {to: base, level: 1}" + rows, `compare.level`},
		{columns + "marks: bold" + rows, `"bold" is not allowed`},
	} {
		_, err := decode(c.layout, LayoutParams)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "test.yaml:") {
			t.Errorf("%s\ngot %v\nwant %s", c.layout, err, c.want)
		}
	}
	// So are units that no column has.
	for _, c := range []struct {
		paired, want string
		gathered     map[string][]Cell
	}{
		{"fold, image", `compare.paired[1]: no column has outcomes by image; the outcomes of the columns are by user`, models(2, 5)},
		{"user", `compare.paired[0]: no column has outcomes by user; no column has any, so name axes alone`, withoutUnits(models(2, 5))},
		{"unit", `compare.paired[0]: no column has outcomes by unit; no column has any, so name axes alone`, withoutUnits(models(2, 5))},
		{"unit, fold", "", models(2, 5)},
	} {
		l := decodeLayout(t, fmt.Sprintf(modelsLayout, ", paired: ["+c.paired+"]"))
		if got := strings.Join(early(func(r spec.Reporter) { before(c.gathered).CheckTables(l, r) }), "\n"); got != c.want {
			t.Errorf("paired by %s: got %q, want %q", c.paired, got, c.want)
		}
		if _, err := BuildTables(l, c.gathered); (err != nil) != (c.want != "") {
			t.Errorf("paired by %s: got %v", c.paired, err)
		}
	}
	// The names of a grid's rows are known with the cells.
	l := decodeLayout(t, columns+"compare: {to: model=bse}\ntables: [{title: t, grid: [model]}]")
	problems := early(func(r spec.Reporter) { before(models(2, 5)).CheckTables(l, r) })
	if want := `compare.to: no table has a row "model=bse" (did you mean "model=base"?)`; !slices.Contains(problems, want) {
		t.Errorf("got %q", problems)
	}
}

// Columns with single values stand beside tested ones, and the caption tells them apart. Values that a
// rule leaves aside elsewhere, such as infinite ones, are left aside here, too.
func TestSingleValuesAreMarkedButNotTested(t *testing.T) {
	gathered := models(1, 200)
	for i := range gathered["m"] {
		c := &gathered["m"][i]
		c.Metrics = append(c.Metrics, artifact.Metric{Name: "loss", Value: []float64{3, 1, math.Inf(-1)}[i]}, artifact.Metric{Name: "same", Value: 7})
	}
	layout := strings.Replace(fmt.Sprintf(modelsLayout, ", paired: [unit]"), "better: higher}]", "better: higher}, "+
		"{title: Loss, from: m, metric: loss, better: lower}, {title: Same, from: m, metric: same, better: lower}]", 1)
	g := build(t, decodeLayout(t, layout), gathered).Grid().Tables[0]
	for i, want := range []string{"base worse* equal", "base* worse* equal*"} {
		if got := marksOf(g, i+1); got != want {
			t.Errorf("column %d: marks %s, want %s", i+1, got, want)
		}
	}
	if want := "by more than noise; in Loss, Same: best value, not tested."; !strings.Contains(captionOf(g), want) {
		t.Errorf("no %q in\n%s", want, captionOf(g))
	}
}

// Forms without much space name the number of pairs once if it is the same everywhere.
func TestPairsHaveAColumnOnlyWhereTheyDiffer(t *testing.T) {
	text := func(gathered map[string][]Cell) string {
		var b strings.Builder
		if err := render.Text(&b, build(t, decodeLayout(t, fmt.Sprintf(modelsLayout, "")), gathered).Grid()); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if got := text(models(5, 200)); !strings.Contains(got, "Differences from base (pairs: 1000)\n") || strings.Contains(got, "effect  pairs") {
		t.Errorf("got\n%s", got)
	}
	fewer := models(5, 200)
	fewer["m"] = slices.Delete(fewer["m"], 1, 2) // worse lacks a fold
	if got := text(fewer); !strings.Contains(got, "Differences from base\n") || !strings.Contains(got, "effect  pairs") {
		t.Errorf("got\n%s", got)
	}
	one := models(5, 200)
	one["m"] = filter(one["m"], func(c Cell) bool { v, _ := value(c.Axes, "model"); return v.Str != "equal" })
	if got := text(one); !strings.Contains(got, "Differences from base (pairs: 1000)\n") {
		t.Errorf("got\n%s", got)
	}
}

// If all rows are equally good, a table has marks in at most 5 of 100 cases, although the best row is
// the best by chance. A correction for the comparisons with this row alone gives 14.
func TestMarksOfEqualRows(t *testing.T) {
	const rows, users, tables = 10, 100, 300
	random := rand.New(rand.NewPCG(11, 12))
	for _, correct := range []string{"holm", "bh"} {
		layout := decodeLayout(t, "columns: [{title: X, from: m, metric: x, better: higher}]\ncompare: {test: t, correct: "+correct+"}\ntables: [{title: t, grid: [a]}]")
		marked := 0
		for range tables {
			var cells []Cell
			for row := range rows {
				m := measured{Metric: artifact.Metric{Name: "x"}}
				for range users {
					m.values = append(m.values, random.NormFloat64())
				}
				cells = append(cells, cellWithUnits([]Axis{axis("a", row)}, "user", 0, m))
			}
			r := build(t, layout, map[string][]Cell{"m": cells}).Tables[0]
			if slices.ContainsFunc(r.Rows, func(row Row) bool { return row.Entries[0].Best }) {
				marked++
			}
		}
		if marked > tables*8/100 {
			t.Errorf("%s: %d of %d tables have marks", correct, marked, tables)
		}
	}
}

// A family has each pair of rows once, whether it is compared for a mark or with the reference.
func TestSizeOfTheFamily(t *testing.T) {
	for _, c := range []struct {
		compare string
		want    int
	}{{"", 3}, {"compare: {to: worse}\n", 3}, {"marks: any\ncompare: {to: base}\n", 2}} {
		layout := strings.Replace(fmt.Sprintf(modelsLayout, ""), "compare: {to: base}\n", c.compare, 1)
		if got := build(t, decodeLayout(t, layout), models(5, 200)).Tables[0].Compared; got != c.want {
			t.Errorf("%q: %d comparisons, want %d", c.compare, got, c.want)
		}
	}
}

// Units without a difference decide nothing, and the caption says how few are left.
func TestTies(t *testing.T) {
	cells := func(b, c int) map[string][]Cell { // rows that differ from a in so many users
		var all []Cell
		for i, differing := range []int{0, b, c} {
			m := measured{Metric: artifact.Metric{Name: "x"}}
			for u := range 50 {
				m.values = append(m.values, float64(u%3))
				if u < differing {
					m.values[u] += 0.5
				}
			}
			all = append(all, cellWithUnits([]Axis{axis("a", i)}, "user", 0, m))
		}
		return map[string][]Cell{"m": all}
	}
	layout := "columns: [{title: X, from: m, metric: x, better: higher}]\ncompare: {to: a=0%s}\ntables: [{title: t, grid: [a]}]"
	for _, c := range []struct {
		b, c                   int
		compare, marks, wanted string
	}{
		{3, 0, "", "0 1 2", "Nothing is marked, because the 3 of 50 users that differ give no p below 0.25."},
		{0, 0, "", "0 1 2", "No difference between rows is more than noise."},
		{0, 0, ", test: t", "0 1 2", "No difference between rows is more than noise."},
		{7, 7, "", "0 1*† 2*†", "by user, after Holm's correction for 2 comparisons"},
		{6, 0, ", correct: none", "0 1*† 2", "paired by user, not corrected for 2 comparisons"},
	} {
		g := build(t, decodeLayout(t, fmt.Sprintf(layout, c.compare)), cells(c.b, c.c)).Grid().Tables[0]
		if got := marksOf(g, 0); got != c.marks || !strings.Contains(captionOf(g), c.wanted) {
			t.Errorf("%+v: marks %s\n%s", c, got, captionOf(g))
		}
	}
}

// A mean that is over fewer users than others is not called one over all of them.
func TestNumbersOfUsersDiffer(t *testing.T) {
	gathered := models(1, 200)
	gathered["m"][1] = cellWithUnits(gathered["m"][1].Axes, "user", 0, users(0, 150, -0.02, 0.05, "worse"))
	g := build(t, decodeLayout(t, fmt.Sprintf(modelsLayout, "")), gathered).Grid().Tables[0]
	if want := "over 150 to 200 users."; !strings.Contains(captionOf(g), want) {
		t.Errorf("no %q in\n%s", want, captionOf(g))
	}
}

// The threshold of a level is the number that its reader expects: a p of 0.1 is not above 0.1.
func TestThresholds(t *testing.T) {
	for level, want := range map[float64]float64{0.9: 0.1, 0.95: 0.05, 0.8: 0.2, 0.99: 0.01, 0.9999: 0.0001, 0.9375: 0.0625} {
		if got := (&Compare{Level: level}).alpha(); got != want {
			t.Errorf("level %v: %v", level, got)
		}
	}
}
