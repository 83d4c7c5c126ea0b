package graph_test

import (
	"context"
	"strings"
	"testing"

	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/spec"
)

// modalKinds are one kind with two modes, one with one of them, and one without.
func modalKinds() []pipeline.Kind {
	type size struct {
		N int    `yaml:"n"`
		S string `yaml:"s" oneof:"a,b"`
	}
	kind := func(name string, modes map[string]func(*size)) pipeline.Kind {
		params := &spec.Params[size]{
			Defaults: func() size { return size{N: 1, S: "a"} },
			Docs:     spec.Docs{"n": "a number", "s": "a letter"},
			Modes:    modes,
		}
		run := func(context.Context, *pipeline.Cell, *size) error { return nil }
		return pipeline.Define(pipeline.Kind{Name: name, Version: 1, Output: "text"}, params, pipeline.Work[size]{Run: run})
	}
	return []pipeline.Kind{
		kind("test/two", map[string]func(*size){
			"published": func(p *size) { p.N, p.S = 2, "b" },
			"quick":     func(p *size) { p.N = 0 },
		}),
		kind("test/one", map[string]func(*size){"published": func(p *size) { p.N = 3 }}),
		kind("test/none", nil),
	}
}

// A mode is a set of defaults: parameters of the spec override it, and in a key it is the parameters.
func TestModeChangesTheDefaultsOfAllStages(t *testing.T) {
	const stages = "stages:\n  a: {uses: test/two}\n  b: {uses: test/two, matrix: {i: [1, 2]}, with: {s: a, n: \"${matrix.i}\"}}\n" +
		"  c: {uses: test/one}\n  d: {uses: test/none}\n  e: {uses: test/two, with: {n: 1, s: a}}\n"
	for mode, want := range map[string][]string{
		"":                  {"1 a", "1 a", "2 a", "1 a", "1 a", "1 a"},
		"mode: published\n": {"2 b", "1 a", "2 a", "3 a", "1 a", "1 a"},
		"mode: quick\n":     {"0 a", "1 a", "2 a", "1 a", "1 a", "1 a"},
	} {
		s, err := spec.Parse("test.yaml", []byte("name: x\n"+mode+stages), spec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		g, err := graph.Build(s, modalKinds())
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range g.Nodes {
			number, letter, _ := strings.Cut(want[i], " ")
			if want := "n = " + number + "\ns = \"" + letter + "\"\n"; n.Params.Canonical != want {
				t.Errorf("%q: parameters of %s are %q, want %q", mode, n.ID, n.Params.Canonical, want)
			}
		}
	}
}

func TestModesThatChangeNothingAreErrors(t *testing.T) {
	for _, c := range []struct{ mode, uses, want string }{
		{"publishd", "test/two", `test.yaml:2:7: no mode "publishd"; did you mean "published"?`},
		{"Published", "test/one", `test.yaml:2:7: no mode "Published"; did you mean "published"?`},
		{"paper", "test/none", `test.yaml:2:7: no mode "paper"; there are published and quick`},
		{"published", "test/none", "test.yaml:2:7: mode published changes nothing here: it sets defaults of test/two, test/one, and no stage uses one of them"},
		{"quick", "test/one", "test.yaml:2:7: mode quick changes nothing here: it sets defaults of test/two, and no stage uses one of them"},
		{"quick", "test/tow", `test.yaml:3:20: no kind "test/tow"`}, // it may be meant to have the mode
	} {
		s, err := spec.Parse("test.yaml", []byte("name: x\nmode: "+c.mode+"\nstages: {a: {uses: "+c.uses+"}}\n"), spec.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err = graph.Build(s, modalKinds()); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("mode %s of %s: %v, want %s", c.mode, c.uses, err, c.want)
		}
	}
}
