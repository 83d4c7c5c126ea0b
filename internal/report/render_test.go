package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"foil/internal/report/render"
)

func TestTextColumnsLineUp(t *testing.T) {
	r := build(t, sampleLayout(t), sample([]int{0, 200, 400}, 3))
	var b bytes.Buffer
	if err := render.Text(&b, r.Grid()); err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(b.String(), "Mean ±")
	places := map[int]bool{}
	for _, line := range strings.Split(table, "\n") {
		if before, _, found := strings.Cut(line, "±"); found && strings.Contains(line, "VAE") {
			places[uniseg.StringWidth(before)] = true
		}
	}
	if len(places) != 1 {
		t.Errorf("the first ± stands at %v:\n%s", places, table)
	}
}

func TestWideTablesGoOnBelow(t *testing.T) {
	layout := "columns:\n"
	for i := range 12 {
		layout += fmt.Sprintf("  - {title: Column number %d, from: m, metric: x}\n", i)
	}
	r := build(t, decodeLayout(t, layout+"tables: [{title: t, grid: [a]}]"), map[string][]Cell{"m": {newCell([]Axis{axis("a", 1)}, metric("x", 12345.678))}})
	var b bytes.Buffer
	if err := render.Text(&b, r.Grid()); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if uniseg.StringWidth(line) > 79 {
			t.Errorf("%d wide: %s", uniseg.StringWidth(line), line)
		}
	}
	if n := strings.Count(b.String(), "12345.678"); n != 12 {
		t.Errorf("%d numbers of 12:\n%s", n, b.String())
	}
}

func TestPageHoldsNoMarkupOfTheSpec(t *testing.T) {
	const bad = `<script>alert("x")</script>'"><img src=x>`
	cell := newCell([]Axis{{"data", text(bad)}, axis("fold", 0)}, metric("x", 1))
	r := build(t, &Layout{Title: bad, Notes: []string{bad}, Over: []string{"fold"},
		Columns: []Column{{Title: bad, Selector: Selector{From: bad, Metric: "x"}, Baselines: []Baseline{{Name: bad, Metric: "x"}}}},
		Tables:  []TableLayout{{Title: bad, Grid: []string{"data"}}, {Title: "t", Rows: []RowLayout{{Name: bad}}}},
	}, map[string][]Cell{bad: {cell}})
	var b bytes.Buffer
	if err := render.HTML(&b, r.Grid()); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"<script", "<img", "http:", "https:", "src="} {
		if s := strings.ReplaceAll(b.String(), "&lt;img src=x", ""); strings.Contains(s, tag) {
			t.Errorf("the page holds %s", tag)
		}
	}
}

func TestTextOfASpecStaysOnOneLine(t *testing.T) {
	if got, want := clean("a\n b\x1b[31m\u202e c"), "a b[31m c"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
