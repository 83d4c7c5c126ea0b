package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"foil/pipeline/graph"
	"foil/pipeline/run"
)

func TestNotesOfSeveralCells(t *testing.T) {
	node := map[string]*graph.Node{}
	for _, id := range []string{"a", "b", "c", "d"} {
		node[id] = &graph.Node{ID: id}
	}
	for _, c := range []struct {
		name  string
		notes [][2]string // cell and text
		want  []string
	}{
		{"one cell", [][2]string{{"a", "x"}}, nil},
		{"one cell twice", [][2]string{{"a", "x"}, {"a", "x"}}, nil},
		{"other texts", [][2]string{{"a", "x"}, {"b", "y"}}, nil},
		{"two cells", [][2]string{{"b", "x"}, {"a", "x"}}, []string{"in 2 cells (b, a): x"}},
		{"many cells", [][2]string{{"a", "x"}, {"b", "y"}, {"b", "x"}, {"c", "x"}, {"c", "y"}, {"d", "x"}},
			[]string{"in 4 cells (a, b, c, ...): x", "in 2 cells (b, c): y"}},
	} {
		var out bytes.Buffer
		l := &lines{out: &out}
		texts := map[string]bool{}
		for _, n := range c.notes {
			texts[n[1]] = true
			l.event(run.CellNote{Node: node[n[0]], Text: n[1]})
		}
		if n := strings.Count(out.String(), "note"); n != len(texts) {
			t.Errorf("%s: %d lines while it runs:\n%s", c.name, n, &out)
		}
		out.Reset()
		l.event(run.RunDone{})
		var got []string
		for line := range strings.Lines(out.String()) {
			got = append(got, strings.TrimSpace(strings.TrimPrefix(line, "note")))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
