package graph_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/pipelinetest"
	"foil/spec"
)

// A wrong need, axis or field hides no wrong parameter, and what depends on the mistake is not
// reported again.
func TestParametersAreCheckedInSpiteOfOtherErrors(t *testing.T) {
	const head = "name: x\nstages:\n  a: {uses: test/text, matrix: {i: [1, 2]}}\n"
	for _, c := range []struct {
		name, stages string
		want         []string // beginnings of the messages, in order
	}{
		{"no such stage", "  b: {uses: test/text, needs: {a: aa}, with: {n: -1}}\n", []string{`no stage "aa"`, "n: must be at least 0"}},
		{"the stages behind it", "  b: {uses: test/text, needs: {a: aa}}\n  c: {uses: test/text, needs: {a: b}, with: {nn: 1}}\n",
			[]string{`no stage "aa"`, `unknown field "nn"`}},
		{"an unknown field of the stage", "  b: {uses: test/text, need: {a: a}, with: {n: x}}\n", []string{`a stage has no field "need"`, "n: must be a whole number"}},
		{"a wrong resource", "  b: {uses: test/text, cores: two, with: {n: x}}\n", []string{"cores must be a whole number", "n: must be a whole number"}},
		{"a wrong seed", "  b: {uses: test/draws, seed: -1, with: {n: x}}\n", []string{"seed must be at least 0", "n: must be a whole number"}},
		{"a wrong axis", "  b: {uses: test/text, matrix: {k: []}, with: {n: \"${matrix.k}\", mod: -1}}\n", []string{`axis "k" must not be empty`, "mod: must be at least 0"}},
		{"an axis that may be inherited", "  b: {uses: test/text, needs: {a: aa}, with: {n: \"${matrix.k}\", mod: -1}}\n", []string{`no stage "aa"`, "mod: must be at least 0"}},
		{"values of axes that are known", "  b: {uses: test/text, needs: {a: a, b: bb}, matrix: {k: [0, -2]}, with: {n: \"${matrix.k}\", mod: \"${matrix.i}x\"}}\n",
			[]string{`no stage "bb"`, "n: must be at least 0", `mod: must be a whole number, not the text "1x"`, `mod: must be a whole number, not the text "2x"`}},
		{"a variable that is not there", "  b: {uses: test/text, with: {n: \"${vars.none}\", mod: -1}}\n", []string{"${vars.none}: ", "mod: must be at least 0"}},
		{"a wrong expression", "  b: {uses: test/text, with: {n: \"${matrix.none}\", mod: -1}}\n", []string{`${matrix.none}: no axis "none"`, "mod: must be at least 0"}},
		{"a wrong type", "  b: {uses: test/number, with: {n: -3}}\n  c: {uses: test/text, needs: {a: b}, with: {n: -4}}\n",
			[]string{"n: must be at least 0, not -3", `input "a" of test/text takes text`, "n: must be at least 0, not -4"}},
		{"a cycle", "  b: {uses: test/text, needs: {a: c}, with: {n: -1}}\n  c: {uses: test/text, needs: {a: b}, with: {n: -2}}\n",
			[]string{"n: must be at least 0, not -1", "stages depend on each other", "n: must be at least 0, not -2"}},
		{"an unknown kind", "  b: {uses: test/tex, with: {n: -1}}\n  c: {uses: test/text, needs: {a: b}, with: {n: -2}}\n", []string{`no kind "test/tex"`, "n: must be at least 0, not -2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := pipelinetest.New(t)
			s, err := spec.Parse("test.yaml", []byte(head+c.stages), spec.Options{})
			var errs, wiring spec.Errors
			errors.As(err, &errs)
			_, err = graph.Build(s, b.Kinds())
			errors.As(err, &wiring)
			errors.As(s.Report(append(errs, wiring...)), &errs)
			var got []string
			for _, e := range errs {
				got = append(got, e.Msg)
				if e.Pos.Line < 4 || e.Pos.Column == 0 {
					t.Errorf("%v has no good position", e)
				}
			}
			if len(got) != len(c.want) || slices.ContainsFunc(c.want, func(w string) bool {
				return !slices.ContainsFunc(got, func(g string) bool { return strings.HasPrefix(g, w) })
			}) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// What is known about an output reaches the stages behind it, and other cells have no part in it.
func TestFactsReachTheInputs(t *testing.T) {
	b := pipelinetest.New(t)
	type size struct {
		N int `yaml:"n"`
	}
	params := &spec.Params[size]{Docs: spec.Docs{"n": "a number"}}
	var seen []string
	kind := func(name string, work pipeline.Work[size], ports ...pipeline.Port) pipeline.Kind {
		work.Run = func(context.Context, *pipeline.Cell, *size) error { return nil }
		return pipeline.Define(pipeline.Kind{Name: name, Version: 1, Output: "text", Inputs: ports}, params, work)
	}
	need := pipeline.Port{Name: "data", Type: "text"}
	kinds := []pipeline.Kind{
		kind("load", pipeline.Work[size]{Facts: func(p *size, _ map[string]*pipeline.Facts) *pipeline.Facts {
			return &pipeline.Facts{AtMost: map[string]int{"items": p.N}}
		}}),
		kind("unknown", pipeline.Work[size]{}, need),
		kind("filter", pipeline.Work[size]{Facts: pipeline.PassOn[size]("data")}, need),
		kind("use", pipeline.Work[size]{CheckFacts: func(p *size, inputs []pipeline.Input, report, _ spec.Reporter) {
			items, ok := pipeline.AtMost(inputs, "data", "items")
			_, other := pipeline.AtMost(inputs, "data", "users")
			seen = append(seen, fmt.Sprint(p.N, items, ok, other))
			if ok && p.N > items {
				report("n", "too large")
			}
		}}, need),
	}
	const src = `name: x
stages:
  l: {uses: load, matrix: {i: [5, 7]}, with: {n: "${matrix.i}"}}
  f: {uses: filter, needs: {data: l}}
  u: {uses: use, needs: {data: f}, with: {n: 9}}
  q: {uses: unknown, needs: {data: l}}
  v: {uses: use, needs: {data: q}, with: {n: 2}}
`
	g, err := graph.Build(b.Parse(src), kinds)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Doubts(); err == nil || !strings.HasPrefix(err.Error(), "test.yaml:5:46: n: too large") {
		t.Errorf("doubts: %v", err)
	}
	if part, err := g.Select([]string{"v"}); err != nil || part.Doubts() != nil {
		t.Errorf("a part without the stage: %v, doubts %v", err, part.Doubts())
	}
	if want := []string{"9 7 true false", "2 0 false false"}; !slices.Equal(seen, want) {
		t.Errorf("%q, want %q", seen, want)
	}
}

// The given parameters of a cell are made from its axes when they are asked for, also from axes that
// name settings or are inherited.
func TestParametersAsGiven(t *testing.T) {
	g := pipelinetest.New(t).Graph(`name: x
stages:
  a: {uses: test/text, matrix: {size: {small: {n: 1, mod: 0}, large: {n: 7, mod: 2}}}, with: {n: "${matrix.size.n}", mod: "${matrix.size.mod}"}}
  b: {uses: test/text, needs: {a: a}, matrix: {i: [1.50, x]}, with: {text: "$${i} ${matrix.i}", n: "${matrix.size.n}"}}
  c: {uses: test/text, with: {text: plain}}
  d: {uses: test/text}
`)
	want := map[string]string{
		"a[size=small]":        "{n: 1, mod: 0}",
		"a[size=large]":        "{n: 7, mod: 2}",
		"b[i=1.50,size=large]": `{text: "${i} 1.50", n: 7}`,
		"b[i=x,size=small]":    `{text: "${i} x", n: 1}`,
		"c":                    "{text: plain}",
		"d":                    "{}",
	}
	for _, n := range g.Nodes {
		if text, ok := want[n.ID]; ok && n.With().String() != text {
			t.Errorf("%s has %s, want %s", n.ID, n.With(), text)
		}
		delete(want, n.ID)
	}
	if len(want) > 0 {
		t.Errorf("there is no %v", want)
	}
}
