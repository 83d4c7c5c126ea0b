package report

import (
	"slices"
	"strings"
	"testing"

	"foil/internal/report/grid"
)

// noted gives the cells of a stage a note where is says so.
func noted(cells []Cell, note string, is func(axes []Axis) bool) {
	for i := range cells {
		if is(cells[i].Axes) {
			cells[i].Notes = append(cells[i].Notes, note)
		}
	}
}

func TestCaptionsTellTheNotesOfCells(t *testing.T) {
	always := func([]Axis) bool { return true }
	ofGender := func(n int) func([]Axis) bool {
		return func(axes []Axis) bool {
			v, _ := value(axes, "gender")
			return v.Equal(integer(n))
		}
	}
	const layout = `over: [fold]
columns:
  - {title: NDCG, from: utility, metric: ndcg, k: 10, checkpoint: best}
  - {title: BAcc, from: privacy, metric: bacc, group: gender, checkpoint: last}
  - {title: MAE, from: privacy, metric: mae, group: age, checkpoint: last}
tables:
  - title: t
    rows:
      - {name: Plain, where: {gender: 0, age: 0}}
      - {name: Gender, where: {gender: 400, age: 0}}`
	for name, c := range map[string]struct {
		note func(g map[string][]Cell)
		want []string // captions with the note
	}{
		"none":     {func(map[string][]Cell) {}, nil},
		"a stage":  {func(g map[string][]Cell) { noted(g["privacy"], "Half.", always) }, []string{"BAcc, MAE: Half."}},
		"a row":    {func(g map[string][]Cell) { noted(g["privacy"], "Half.", ofGender(400)) }, []string{"BAcc, MAE: Half. This is true of the rows Gender."}},
		"not here": {func(g map[string][]Cell) { noted(g["privacy"], "Half.", ofGender(200)) }, nil},
		"everything": {func(g map[string][]Cell) { noted(g["privacy"], "Half.", always); noted(g["utility"], "Half.", always) },
			[]string{"Half."}},
		"two notes": {func(g map[string][]Cell) {
			noted(g["privacy"], "Half.", always)
			noted(g["utility"], "All of it.", ofGender(0))
		},
			[]string{"NDCG: All of it. This is true of the rows Plain.", "BAcc, MAE: Half."}},
		"a hostile note": {func(g map[string][]Cell) { noted(g["utility"], "\x1b[31mHalf.", always) }, []string{"NDCG: " + clean("\x1b[31mHalf.")}},
	} {
		gathered := sample([]int{0, 200, 400}, 2)
		c.note(gathered)
		r := build(t, decodeLayout(t, layout), gathered)
		var got []string
		for _, n := range r.Grid().Tables[0].Caption {
			if strings.Contains(n.Text, "Half") || strings.Contains(n.Text, "All of it") {
				got = append(got, n.Text)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestCaptionsOfFiguresTellTheNotesOfCells(t *testing.T) {
	with := Cell{Notes: []string{"Half."}}
	entry := func(c Cell) Entry { return Entry{Origins: []Origin{{Cell: c}}} }
	line := func(name string, c Cell) Line { return Line{Name: name, Points: []Point{{Entry: entry(c)}}} }
	spots := func(name string, x, y Cell) Series {
		return Series{Name: name, Points: []Spot{{X: Shown{Entry: entry(x)}, Y: Shown{Entry: entry(y)}}}}
	}
	across := entry(with)
	for name, c := range map[string]struct {
		figure Figure
		want   []grid.Note
	}{
		"lines":          {Figure{Lines: []Line{line("a", Cell{}), line("b", with)}}, []grid.Note{{Text: "b: Half."}}},
		"all lines":      {Figure{Lines: []Line{line("a", with), line("b", with)}}, []grid.Note{{Text: "Half."}}},
		"a metric on x":  {Figure{Lines: []Line{line("a", Cell{}), {Name: "b", Points: []Point{{On: &across, Entry: entry(Cell{})}}}}}, []grid.Note{{Text: "b: Half."}}},
		"points":         {Figure{Series: []Series{spots("a", Cell{}, with), spots("b", Cell{}, Cell{})}}, []grid.Note{{Text: "a: Half."}}},
		"points by x":    {Figure{Series: []Series{spots("a", with, Cell{}), spots("b", Cell{}, with)}}, []grid.Note{{Text: "Half."}}},
		"without a note": {Figure{Series: []Series{spots("a", Cell{}, Cell{})}}, nil},
	} {
		if got := c.figure.cellNotes(); !slices.EqualFunc(got, c.want, func(a, b grid.Note) bool { return a.Text == b.Text }) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
