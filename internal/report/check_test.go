package report

import (
	"slices"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/spec"
)

// before is what is known about cells before they run: everything but values.
func before(gathered map[string][]Cell) Known {
	n := Known{Gathered: map[string][]Cell{}, Metrics: map[string]bool{}, Units: map[string]map[string]string{}}
	for name, cells := range gathered {
		n.Metrics[name] = true
		n.Units[name] = map[string]string{}
		for _, c := range cells {
			c.Metrics = slices.Clone(c.Metrics)
			for i := range c.Metrics {
				m := &c.Metrics[i]
				m.Value = 0
				if c.Outcomes == nil {
					continue
				}
				if o, err := c.Outcomes(); err == nil {
					if _, found := o.Of(m.Name, m.K, m.Group, m.Split, m.Checkpoint); found {
						n.Units[name][m.Name] = o.Unit
					}
				}
			}
			n.Gathered[name] = append(n.Gathered[name], c)
		}
	}
	return n
}

// early lists what is reported before the cells run.
func early(check func(spec.Reporter)) (problems []string) {
	check(spec.ReportTo(func(path, message string) { problems = append(problems, path+": "+message) }))
	return problems
}

func TestWhatIsNotKnownIsNotReported(t *testing.T) {
	const tables = "\ntables: [{title: t, rows: [{name: r, where: {x: 1}}]}]"
	cell := func(metrics ...artifact.Metric) Cell { return newCell([]Axis{axis("x", 1)}, metrics...) }
	bare := artifact.Metric{Name: "loss"}
	ndcg := func(k int) artifact.Metric { return artifact.Metric{Name: "ndcg", K: k} }
	for _, c := range []struct {
		name, column string
		known        Known
		want         string // "": nothing is reported
	}{
		{"metrics that are not known", "{title: c, from: m, metric: anything}", Known{Gathered: map[string][]Cell{"m": {cell()}}}, ""},
		{"a stage with an error", "{title: c, from: m, metric: anything}", Known{Unknown: map[string]bool{"m": true}, Metrics: map[string]bool{"m": true}}, ""},
		{"a curve of unknown length", "{title: c, from: m, metric: loss, k: 7}",
			Known{Gathered: map[string][]Cell{"m": {cell(bare)}}, Metrics: map[string]bool{"m": true}, Open: map[string]map[string]bool{"m": {"loss": true}}}, ""},
		{"the name of a curve", "{title: c, from: m, metric: los, k: 7}",
			Known{Gathered: map[string][]Cell{"m": {cell(bare)}}, Metrics: map[string]bool{"m": true}, Open: map[string]map[string]bool{"m": {"loss": true}}},
			`columns[0].metric: m has no metric "los" (did you mean "loss"?); it has loss`},
		{"groups that are not known", "{title: c, from: m, metric: ndcg, k: 5, group: gender=f}",
			Known{Gathered: map[string][]Cell{"m": {cell(ndcg(5), ndcg(10))}}, Metrics: map[string]bool{"m": true}, Open: map[string]map[string]bool{"m": {"ndcg": true}}}, ""},
		{"the cut-off without a group", "{title: c, from: m, metric: ndcg, k: 7}",
			Known{Gathered: map[string][]Cell{"m": {cell(ndcg(5), ndcg(10))}}, Metrics: map[string]bool{"m": true}, Open: map[string]map[string]bool{"m": {"ndcg": true}}},
			`columns[0].metric: m has no ndcg@7; it has ndcg@5; ndcg@10`},
	} {
		l := decodeLayout(t, "columns: ["+c.column+"]"+tables)
		got := strings.Join(early(func(r spec.Reporter) { c.known.CheckTables(l, r) }), "\n")
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// A row for a value that no cell has is noted, or an error if the value is nearly that of a cell.
func TestRowsWithoutCells(t *testing.T) {
	gathered := map[string][]Cell{"m": {
		newCell([]Axis{{"way", text("slow")}}, metric("x", 1)), newCell([]Axis{{"way", text("fast")}}, metric("x", 2)),
	}}
	for _, c := range []struct {
		value, problem, note string
		varied               bool
	}{
		{value: "slow"},
		{value: "slwo", problem: `tables[0].rows[1].where.way: no cell has the value "slwo" (did you mean "slow"?); there are slow, fast`},
		{value: "other", note: `tables[0].rows[1].where.way: no cell has the value "other"; there are slow, fast`},
		{value: "slwo", varied: true},
		{value: "other", varied: true},
	} {
		l := decodeLayout(t, "columns: [{title: c, from: m, metric: x}]\ntables: [{title: t, rows: [{name: a, where: {way: fast}}, {name: b, where: {way: "+c.value+"}}]}]")
		n := before(gathered)
		n.Varied = c.varied
		var notes []string
		n.Note = spec.ReportTo(func(path, message string) { notes = append(notes, path+": "+message) })
		problems := early(func(r spec.Reporter) { n.CheckTables(l, r) })
		if strings.Join(problems, "\n") != c.problem || strings.Join(notes, "\n") != c.note {
			t.Errorf("%s (varied: %v): problems %q, notes %q", c.value, c.varied, problems, notes)
		}
	}
}
