package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"foil/internal/report/grid"
	"foil/spec"
)

// Grid is the tables as readers see them.
func (r *Tables) Grid() *grid.Report {
	g := &grid.Report{Title: r.Title, Notes: r.Notes, Terms: grid.Terms{Title: "Columns"}, Sources: r.sources(), Data: r.data()}
	for _, c := range r.Columns {
		g.Terms.List = append(g.Terms.List, grid.Term{Title: c.Title, Text: c.describe()})
	}
	for _, t := range r.Tables {
		g.Tables = append(g.Tables, r.table(t))
	}
	if units := r.units(); len(units) > 0 {
		all := strings.Join(units, " and ")
		g.Notes = append(slices.Clone(g.Notes), "Intervals and tests over "+all+" tell what to expect of other "+all+
			" with the same trained models. They do not tell what other trainings would give.")
	}
	for i, t := range r.Tables {
		for _, s := range t.Selections {
			g.Selections = append(g.Selections, s.grid(i))
		}
	}
	g.Choices, g.Expected, g.Expectations = r.choices(), r.expectedGrid(), r.expectations()
	g.Clean()
	return g
}

// units are those that means, intervals and tests are over.
func (r *Tables) units() []string {
	var all []string
	add := func(unit string) {
		if unit != "" && !slices.Contains(all, plural(unit)) {
			all = append(all, plural(unit))
		}
	}
	for _, t := range r.Tables {
		for i := range r.Columns {
			if p := t.pooled(i); p != nil {
				add(p.Unit)
			}
		}
		t.eachTested(func(_ int, c *Comparison) { add(c.Design.Unit) })
	}
	return all
}

func (r *Tables) table(t Table) grid.Table {
	g := grid.Table{Title: t.Title, Labels: t.labelHeads(), ByAxes: len(t.Grid) > 0, Caption: r.caption(t)}
	for _, c := range r.Columns {
		g.Columns = append(g.Columns, grid.Column{Title: c.Title, Arrow: arrows[c.Better]})
	}
	formats := r.formats(t)
	for i, row := range t.Rows {
		labels := t.labels(row)
		g.Rows = append(g.Rows, grid.Row{
			Labels:  labels,
			Numbers: r.numbers(t, row, grid.Missing, formats),
			Rule:    len(labels) > 1 && i > 0 && labels[0] != g.Rows[i-1].Labels[0],
		})
	}
	for _, row := range t.Baselines {
		g.Baselines = append(g.Baselines, grid.Row{Labels: []string{row.Name}, Numbers: r.numbers(t, row, grid.Blank, formats)})
	}
	g.Squares = r.squares(t, g)
	g.Differences, g.Gaps = r.differences(t, formats), r.gaps(t, formats)
	return g
}

var arrows = map[string]string{"higher": "↑", "lower": "↓"}

// labelHeads head the labels of rows: the axes of a grid, or nothing.
func (t Table) labelHeads() []string {
	if len(t.Grid) == 0 {
		return []string{""}
	}
	return cleanAll(t.Grid)
}

// labels name a model's row: the values of a grid's axes, or its name.
func (t Table) labels(row Row) []string {
	if len(t.Grid) == 0 {
		return []string{row.Name}
	}
	return axisTexts(row.Axes, t.Grid)
}

// formats are those of the columns.
func (r *Tables) formats(t Table) []format {
	formats := make([]format, len(r.Columns))
	for i, c := range r.Columns {
		var means []float64
		for _, row := range slices.Concat(t.Rows, t.Baselines) {
			means = append(means, row.Entries[i].Mean)
		}
		formats[i] = formatOf(c.Digits, means)
	}
	return formats
}

func (r *Tables) numbers(t Table, row Row, absent grid.State, formats []format) []grid.Number {
	numbers := make([]grid.Number, len(row.Entries))
	for i, e := range row.Entries {
		numbers[i] = e.number(absent, formats[i], t.N[i], r.Over)
		if r.Interval == intervalNone {
			numbers[i].Spread = ""
		}
		if c := r.Columns[i]; c.Show == showCount && numbers[i].State == grid.Present {
			numbers[i] = counted(numbers[i], e, c.Above)
		}
		if e.Difference.tested() {
			numbers[i].Detail += "; " + e.Difference.detail(t.Reference, t.Compare)
		}
	}
	return numbers
}

// counted replaces the mean of a number by how many of the entry's values are above a threshold.
func counted(n grid.Number, e Entry, above float64) grid.Number {
	higher := 0
	for _, o := range e.Origins {
		if o.Value > above {
			higher++
		}
	}
	n.Detail = fmt.Sprintf("%d of %d values are above %s; %s", higher, len(e.Origins), brief(above), n.Detail)
	n.Mean, n.Spread = fmt.Sprintf("%d/%d", higher, len(e.Origins)), ""
	return n
}

// number is the text of an entry, or the state of a place without values. full is the number of
// values when none is missing.
func (e Entry) number(absent grid.State, f format, full int, over []string) grid.Number {
	if e.count() == 0 {
		return grid.Number{State: absent}
	}
	n := grid.Number{State: grid.Present, Odd: e.notFinite()}
	switch {
	case e.N > 0:
		n.Mean = f.mean(e.Mean)
		n.Detail = fmt.Sprintf("mean %s, n = %d", brief(e.Mean), e.N)
		if e.N > 1 {
			n.Spread = f.deviation(e.SD, e.Mean)
			n.Detail = fmt.Sprintf("mean %s, standard deviation %s, n = %d", brief(e.Mean), brief(e.SD), e.N)
		}
		if e.Pooled != nil {
			n.Spread = e.Pooled.spread(f)
			n.Detail = e.Pooled.detail(e.Stat)
		}
		if e.Gap != nil {
			n.Detail = e.Gap.detail(e.Pooled, e.Stat)
		}
		if e.N < full {
			n.N = strconv.Itoa(e.N)
		}
		if len(n.Odd) > 0 {
			n.Detail += ", without values that are not finite"
		}
	default:
		n.Detail = "no finite value"
		if len(n.Odd) == 1 && len(e.NotFinite) == full {
			n.Odd[0].N = ""
		}
	}
	if e.Best {
		n.Mark |= grid.Best
	}
	if e.Difference != nil && e.Difference.Differs {
		n.Mark |= grid.Differs
	}
	for _, o := range e.Origins {
		axes := filter(o.Cell.Axes, func(a Axis) bool { return slices.Contains(over, a.Name) })
		if len(axes) == 0 {
			axes = o.Cell.Axes
		}
		n.Origins = append(n.Origins, grid.Origin{Axes: joined(axes, ", "), Value: brief(o.Value), Digest: o.Cell.Digest})
	}
	return n
}

// describe defines the column's numbers.
func (c Column) describe() string {
	s := c.series(c.K).String() + ", from " + clean(c.From)
	if c.Show == showCount {
		s = "how many values are above " + brief(c.Above) + ": " + s
	}
	if c.Better != "" {
		s += "; " + c.Better + " is better"
	}
	return s
}

// squares show each column of a grid over two axes as a square, shaded from worst to best.
func (r *Tables) squares(t Table, finished grid.Table) []grid.Square {
	if len(t.Grid) != 2 {
		return nil
	}
	down, across := rowValues(t.Rows, t.Grid[0]), rowValues(t.Rows, t.Grid[1])
	if len(down) < 2 || len(across) < 2 {
		return nil
	}
	rowAt := map[string]int{}
	for k, row := range t.Rows {
		rowAt[point(row.Axes, t.Grid)] = k
	}
	var all []grid.Square
	for i, c := range r.Columns {
		s := grid.Square{Title: finished.Columns[i].Heading(), Down: finished.Labels[0], Across: finished.Labels[1],
			Caption: "Stronger colour is better."}
		if c.Better == "" {
			s.Caption = "Stronger colour is higher."
		}
		for _, v := range across {
			s.Heads = append(s.Heads, display(v))
		}
		low, high := bounds(t.Rows, i)
		for _, d := range down {
			row := grid.SquareRow{Label: display(d)}
			for _, a := range across {
				cell := grid.Shaded{Number: grid.Number{State: grid.Missing}}
				k, ok := rowAt[point([]Axis{{t.Grid[0], d}, {t.Grid[1], a}}, t.Grid)]
				if ok && t.Rows[k].Entries[i].count() > 0 {
					cell.Number = finished.Rows[k].Numbers[i]
					cell.Shade = shade(t.Rows[k].Entries[i].Mean, low, high, c.Better == "lower")
				}
				row.Cells = append(row.Cells, cell)
			}
			s.Rows = append(s.Rows, row)
		}
		all = append(all, s)
	}
	return all
}

func rowValues(rows []Row, axis string) []spec.Value {
	var values []spec.Value
	for _, row := range rows {
		if v, ok := value(row.Axes, axis); ok {
			values = append(values, v)
		}
	}
	return distinct(values)
}

// bounds are the lowest and the highest finite mean of column i.
func bounds(rows []Row, i int) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, row := range rows {
		if e := row.Entries[i]; e.N > 0 && finite(e.Mean) {
			low, high = min(low, e.Mean), max(high, e.Mean)
		}
	}
	return low, high
}

// shade is the shade of a mean; 0 where all are equal.
func shade(v, low, high float64, lowerIsBetter bool) int {
	x := (v - low) / (high - low)
	if !finite(x) {
		return 0
	}
	if lowerIsBetter {
		x = 1 - x
	}
	return 1 + min(grid.Shades-1, max(0, int(grid.Shades*x)))
}

// sources list the cells of all columns with the values that the columns select.
func (r *Tables) sources() []grid.Source {
	var all []grid.Source
	for _, t := range r.Origins {
		s := grid.Source{Title: t.From, Axes: cleanAll(t.Axes)}
		for _, c := range t.Columns {
			s.Values = append(s.Values, c.Title)
		}
		for _, c := range t.Cells {
			cell := grid.SourceCell{Axes: axisTexts(c.Axes, t.Axes), Digest: c.Digest}
			for _, v := range c.Values {
				text := "–"
				if v != nil {
					text = brief(*v)
				}
				cell.Values = append(cell.Values, text)
			}
			s.Cells = append(s.Cells, cell)
		}
		all = append(all, s)
	}
	return all
}

// data has one line for each entry and one column for each axis.
func (r *Tables) data() grid.Data {
	d := grid.Data{Head: slices.Concat([]string{"table", "row", "role"}, r.Axes, []string{"column", "mean", "sd", "n", "not_finite"}, statisticsHead)}
	gaps := r.hasGaps()
	if gaps {
		d.Head = append(d.Head, gapHead...)
	}
	for _, t := range r.Tables {
		add := func(rows []Row, role string) {
			for _, row := range rows {
				for i, e := range row.Entries {
					if e.count() == 0 {
						continue
					}
					line := slices.Concat([]string{t.Title, row.Name, role}, axisTexts(row.Axes, r.Axes),
						[]string{r.Columns[i].Title}, e.exact(), e.statistics())
					if gaps {
						line = append(line, e.Gap.exact()...)
					}
					d.Lines = append(d.Lines, line)
				}
			}
		}
		add(t.Rows, "model")
		add(t.Baselines, "baseline")
	}
	return d
}

// exact are mean, deviation and n with all digits, and the infinite and undefined values.
func (e Entry) exact() []string {
	mean, sd := "", ""
	if e.N > 0 {
		mean = shortest(e.Mean)
	}
	if e.N > 1 {
		sd = shortest(e.SD)
	}
	var odd []string
	for _, o := range e.notFinite() {
		odd = append(odd, o.N+" "+o.Value)
	}
	return []string{mean, sd, strconv.Itoa(e.N), strings.Join(odd, ", ")}
}
