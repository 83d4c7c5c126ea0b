package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestTextColumnsLineUp(t *testing.T) {
	r := build(t, sampleLayout(t), sample([]int{0, 200, 400}, 3))
	var b bytes.Buffer
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(b.String(), "Mean ±")
	places := map[int]bool{}
	for _, line := range strings.Split(table, "\n") {
		if before, _, found := strings.Cut(line, " ± "); found && strings.Contains(line, "VAE") {
			places[width(before)] = true
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
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(b.String(), "\n") {
		if width(line) > textWidth {
			t.Errorf("%d wide: %s", width(line), line)
		}
	}
	if n := strings.Count(b.String(), "12345.678"); n != 12 {
		t.Errorf("%d numbers of 12:\n%s", n, b.String())
	}
}

func TestWidthCountsTerminalColumns(t *testing.T) {
	for s, want := range map[string]int{"0.493 ± 0.004": 13, "数据": 4, "λ": 1, "e\u0301": 1} {
		if got := width(s); got != want {
			t.Errorf("%q: got %d, want %d", s, got, want)
		}
	}
}
