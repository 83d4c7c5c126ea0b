package graph_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"foil/pipeline"
	"foil/pipeline/pipelinetest"
	"foil/spec"
)

func TestCellsInheritAndJoinAxes(t *testing.T) {
	g := pipelinetest.New(t).Graph(pipelinetest.Paper)
	want := []string{
		"ratings",
		"fold[fold=1]", "fold[fold=0]",
		"model[age=200,fold=1,gender=0]", "model[age=200,fold=1,gender=400]", "model[age=200,fold=0,gender=0]", "model[age=200,fold=0,gender=400]",
		"privacy[age=200,fold=1,gender=0]", "privacy[age=200,fold=1,gender=400]", "privacy[age=200,fold=0,gender=0]", "privacy[age=200,fold=0,gender=400]",
		"table",
	}
	if got := pipelinetest.IDs(g.Nodes); !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, n := range g.Nodes {
		if n.Stage.Name != "privacy" {
			continue
		}
		data, model := n.Inputs[0].From[0], n.Inputs[1].From[0]
		if !strings.HasSuffix(n.ID, pipeline.AxesText(model.Axes)) || pipeline.AxesText(data.Axes) != pipeline.AxesText(model.Axes[1:2]) {
			t.Errorf("%s reads %s and %s", n.ID, data.ID, model.ID)
		}
	}
	if n := len(g.Nodes[len(g.Nodes)-1].Inputs[1].From); n != 4 {
		t.Errorf("table gathers %d cells of privacy", n)
	}
}

func TestExclusionsLeaveCellsOut(t *testing.T) {
	g := pipelinetest.New(t).Graph(`name: x
stages:
  model: {uses: test/text, matrix: {method: [a, b, c], seed: [1, 2, 3]}, exclude: [{method: [b, c], seed: [2, 3]}]}
  score: {uses: test/text, needs: {a: model}, exclude: [{method: c}]}
`)
	want := []string{
		"model[method=a,seed=1]", "model[method=a,seed=2]", "model[method=a,seed=3]", "model[method=b,seed=1]", "model[method=c,seed=1]",
		"score[method=a,seed=1]", "score[method=a,seed=2]", "score[method=a,seed=3]", "score[method=b,seed=1]",
	}
	if got := pipelinetest.IDs(g.Nodes); !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A value may stand for settings of any type. Cells that inherit the axis can use them.
func TestValuesOfAnAxisMayStandForSettings(t *testing.T) {
	g := pipelinetest.New(t).Graph(`name: x
vars: {one: 1}
stages:
  p: {uses: test/text, matrix: {size: {small: {n: 1, text: s}, large: {n: 2, text: l}}}, with: {n: "${matrix.size.n}", text: "a ${matrix.size.text}"}}
  q: {uses: test/text, needs: {a: p}, with: {n: "${matrix.size.n}"}, exclude: [{size: large}]}
  r: {uses: test/text, matrix: {n: {"1": "${vars.one}", two: 2}}, with: {mod: "${matrix.n}"}}
`)
	want := map[string]string{
		"p[size=small]": "{n: 1, text: a s}", "p[size=large]": "{n: 2, text: a l}", "q[size=small]": "{n: 1}",
		`r[n="1"]`: "{mod: 1}", "r[n=two]": "{mod: 2}",
	}
	for _, n := range g.Nodes {
		if got := n.With().String(); got != want[n.ID] {
			t.Errorf("%s has %s, want %s", n.ID, got, want[n.ID])
		}
		delete(want, n.ID)
	}
	if len(want) > 0 {
		t.Errorf("there are no cells %v", want)
	}
}

func TestNumbersKeepTheirSpelling(t *testing.T) {
	g := pipelinetest.New(t).Graph(`name: x
stages:
  p: {uses: test/text, matrix: {v: [3.9, 3.10, 0x10, 1e-7]}, with: {text: "python${matrix.v}"}}
  q: {uses: test/text, needs: {a: p}, matrix: {}, with: {text: "${matrix.v}-"}}
  all: {uses: test/text, matrix: {v: [3.1, 16]}}
  joined: {uses: test/text, needs: {a: all, b: p}}
`)
	var got []string
	for _, n := range g.Nodes {
		text, _ := n.With().Get("text")
		got = append(got, n.ID+" "+text.Str)
	}
	want := []string{
		"p[v=3.9] python3.9", "p[v=3.10] python3.10", "p[v=0x10] python0x10", "p[v=1e-7] python1e-7",
		"q[v=3.9] 3.9-", "q[v=3.10] 3.10-", "q[v=0x10] 0x10-", "q[v=1e-7] 1e-7-",
		"all[v=3.1] ", "all[v=16] ", "joined[v=3.1] ", "joined[v=16] ",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, only := range []string{"p[v=3.10]", "p[v=3.1]", "p[v=3.100]", `p[v=16]`} {
		if part, err := g.Select([]string{only}); err != nil || len(part.Nodes) != 1 {
			t.Errorf("%s: %v", only, err)
		}
	}
}

func TestAxesThatDifferInThePluralAreNoted(t *testing.T) {
	g := pipelinetest.New(t).Graph("name: x\nstages:\n  p: {uses: test/text, matrix: {k: [0]}}\n  q: {uses: test/text, needs: {a: p}, matrix: {ks: [1]}}\n")
	if len(g.Notes) != 1 || !strings.Contains(g.Notes[0].Error(), `:4:48: axis "k" of "p" (through the need "a") and axis "ks"`) {
		t.Errorf("notes %v", g.Notes)
	}
	if part, err := g.Select([]string{"p"}); err != nil || len(part.Notes) != 1 {
		t.Errorf("a part has notes %v (%v)", part.Notes, err)
	}
}

func TestBrokenWiringIsExplained(t *testing.T) {
	const head = "name: x\nstages:\n  one: {uses: test/text}\n  num: {uses: test/number}\n"
	tests := map[string]struct{ stages, want string }{
		"unknown kind":         {"  s: {uses: test/txt}", `5:13: no kind "test/txt"; did you mean "test/text"?`},
		"unknown input":        {"  s: {uses: test/plain, needs: {text: one, txet: one}}", `5:44: test/plain has no input "txet"; did you mean "text"?`},
		"missing input":        {"  s: {uses: test/plain}", `5:3: stage "s" misses the input "text" of test/plain; write needs: {text: STAGE} (one and s make text)`},
		"missing gather":       {"  s: {uses: test/gather}", `5:3: stage "s" gathers nothing, but test/gather takes at least one stage; write gather: {NAME: STAGE} (one and s make text)`},
		"wrong type":           {"  s: {uses: test/text, needs: {a: num}}", `5:35: input "a" of test/text takes text, and stage "num" (test/number) makes number`},
		"wrong type gathered":  {"  s: {uses: test/gather, gather: {x: num}}", `5:38: input "x" of test/gather takes text, and stage "num" (test/number) makes number`},
		"gathered for needed":  {"  s: {uses: test/plain, needs: {text: one, all: one}}", `5:44: input "all" of test/plain takes all cells of a stage; move it from needs to gather`},
		"needed for gathered":  {"  s: {uses: test/plain, gather: {text: one}}", `5:34: input "text" of test/plain is one artifact, not all cells of a stage; move it from gather to needs`},
		"missing open need":    {"  s: {uses: test/any}", `5:3: stage "s" needs nothing, but test/any takes at least one stage; write needs: {NAME: STAGE}`},
		"type by parameter":    {"  p: {uses: test/any, needs: {x: one}, with: {type: number}}\n  s: {uses: test/plain, needs: {text: p}}", `6:39: input "text" of test/plain takes text, and stage "p" (test/any) makes number`},
		"type by axis":         {"  p: {uses: test/any, needs: {x: one}, matrix: {t: [text, number]}, with: {type: \"${matrix.t}\"}}\n  s: {uses: test/plain, needs: {text: p}}", `5:82: type: must be the same in all cells of a stage and cannot depend on an axis`},
		"no such type":         {"  p: {uses: test/any, needs: {x: one}, with: {type: txt}}\n  s: {uses: test/plain, needs: {text: p}}", `5:53: type: "txt" is not allowed`},
		"unknown parameter":    {"  s: {uses: test/text, with: {txt: abc}}", `5:31: unknown field "txt"; did you mean "text"?`},
		"no parameters":        {"  s: {uses: test/plain, needs: {text: one}, with: {txt: abc}}", `5:52: test/plain takes no parameters`},
		"out of bounds":        {"  s: {uses: test/text, matrix: {l: [-1, -1.5, 2, 3]}, with: {n: \"${matrix.l}\"}}", `5:65: n: `},
		"unknown axis":         {"  s: {uses: test/text, matrix: {fold: [0]}, with: {n: \"${matrix.fodl}\"}}", `5:55: ${matrix.fodl}: no axis "fodl" here; did you mean "fold"?`},
		"own and inherited":    {"  p: {uses: test/text, matrix: {fold: [0]}}\n  s: {uses: test/text, needs: {a: p}, matrix: {fold: [0]}}", `6:48: axis "fold" is inherited already, from "p" (through the need "a"); leave it out or give it another name`},
		"case":                 {"  p: {uses: test/text, matrix: {fold: [0]}}\n  q: {uses: test/text, matrix: {Fold: [1]}}\n  s: {uses: test/text, needs: {a: p, b: q}}", `7:41: axis "fold" of "p" (through the need "a") and axis "Fold" of "q" (through the need "b") look like one axis`},
		"dashes":               {"  p: {uses: test/text, matrix: {k-fold: [0]}}\n  q: {uses: test/text, needs: {a: p}, matrix: {k_fold: [1]}}", `6:48: axis "k-fold" of "p" (through the need "a") and axis "k_fold" of the stage's own matrix look like one`},
		"plural, same values":  {"  p: {uses: test/text, matrix: {fold: [0]}}\n  q: {uses: test/text, matrix: {folds: [0]}}\n  s: {uses: test/text, needs: {a: p, b: q}}", `7:41: axis "fold"`},
		"field of a number":    {"  s: {uses: test/text, matrix: {m: [1]}, with: {n: \"${matrix.m.n}\"}}", `5:52: ${matrix.m.n}: matrix.m is the number 1, so it has no field "n"`},
		"unknown setting":      {"  s: {uses: test/text, matrix: {m: {a: {n: 1}}}, with: {n: \"${matrix.m.k}\"}}", `5:60: ${matrix.m.k}: matrix.m has no field "k"`},
		"other settings":       {"  p: {uses: test/text, matrix: {m: {a: {n: 1}}}}\n  q: {uses: test/text, matrix: {m: {a: {n: 2}}}}\n  s: {uses: test/text, needs: {a: p, b: q}}", `7:41: axis "m" of "p" (through the need "a") and axis "m" of "q" (through the need "b") both have a value a, with different settings`},
		"one letter":           {"  p: {uses: test/text, matrix: {gender: [0, 1]}}\n  q: {uses: test/text, matrix: {gendre: [1, 0]}}\n  s: {uses: test/text, needs: {a: p, b: q}}", `7:41: axis "gender"`},
		"number and text":      {"  p: {uses: test/text, matrix: {fold: [0, 1]}}\n  q: {uses: test/text, matrix: {fold: ['0', '1']}}\n  s: {uses: test/text, needs: {a: p, b: q}}", `7:41: axis "fold" of "p" (through the need "a") has the value 0 (a number) and axis "fold" of "q" (through the need "b") has "0" (a text)`},
		"nothing in common":    {"  p: {uses: test/text, matrix: {fold: [0, 1]}}\n  q: {uses: test/text, matrix: {fold: [2, 3]}}\n  s: {uses: test/text, needs: {a: p, b: q}}", `7:41: the needs of "s" have no cell in common: axis "fold" is 2, 3 in "q", and 0, 1 in the other needs`},
		"too many cells":       {"  s: {uses: test/text, matrix: {" + manyAxes + "}}", `stage "s" has more than 1000000 cells`},
		"excluded axis":        {"  s: {uses: test/text, matrix: {fold: [0, 1]}, exclude: [{fodl: 0}]}", `5:59: stage "s" has no axis "fodl"; did you mean "fold"?`},
		"excluded value":       {"  s: {uses: test/text, matrix: {fold: [0, 1]}, exclude: [{fold: [1, 2]}]}", `5:69: axis "fold" has no value 2; it has 0, 1`},
		"all excluded":         {"  s: {uses: test/text, matrix: {fold: [0, 1]}, exclude: [{fold: 0}, {fold: 1}]}", `5:69: no cell of stage "s" is left`},
		"excluded twice":       {"  s: {uses: test/text, matrix: {fold: [0, 1]}, exclude: [{fold: 0}, {fold: 0}]}", `5:69: stage "s" has no cell that matches`},
		"seed that is no seed": {"  s: {uses: test/draws, matrix: {x: [a]}, seed: \"${matrix.x}\"}", `5:49: seed must be a whole number of at least 0, not a`},
		"two seeds":            {"  s: {uses: test/draws, matrix: {seed: [1, 2]}, seed: 3}", `stage "s" sets a seed and also has the axis "seed"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := pipelinetest.New(t)
			_, err := b.Build(head + test.stages + "\n")
			var errs spec.Errors
			if !errors.As(err, &errs) {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(errs[0].Error(), test.want) {
				t.Errorf("got  %v\nwant %s", errs[0], test.want)
			}
			if name != "out of bounds" && len(errs) != 1 {
				t.Errorf("more than one error:\n%v", errs)
			}
		})
	}
}

const manyAxes = "a: [1,2,3,4,5,6,7,8,9,10], b: [1,2,3,4,5,6,7,8,9,10], c: [1,2,3,4,5,6,7,8,9,10], " +
	"d: [1,2,3,4,5,6,7,8,9,10], e: [1,2,3,4,5,6,7,8,9,10], f: [1,2,3,4,5,6,7,8,9,10], g: [1,2]"

func TestOpenInputsTakeAnyTypeUnderAnyName(t *testing.T) {
	b := pipelinetest.New(t)
	r := b.WantRan(`name: x
stages:
  one: {uses: test/text, matrix: {n: [1, 2]}, with: {n: "${matrix.n}"}}
  num: {uses: test/number}
  s: {uses: test/any, needs: {first: one, second: num}, gather: {rest: one}, with: {type: number}}
  t: {uses: test/gather, needs: {extra: num}, gather: {x: one}}
`, "one[n=1]", "one[n=2]", "num", "s[n=1]", "s[n=2]", "t")
	s := r.Of("s[n=2]")
	if s.Node.Output != "number" {
		t.Errorf("s makes %s", s.Node.Output)
	}
	text, err := pipelinetest.ReadText(s.Artifact)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\nfirst: \" 2 ", "\nsecond: \"", "\nrest[n=1]: \" 1 ", "\nrest[n=2]: \" 2 "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in what s read:\n%s", want, text)
		}
	}
}

func TestAxesThatAreNearByNatureAreAllowed(t *testing.T) {
	for _, axes := range [][2]string{{"x", "y"}, {"layer1", "layer2"}, {"age", "sex"}, {"gender", "genre"}, {"lr", "l2"}} {
		src := "name: x\nstages:\n  p: {uses: test/text, matrix: {" + axes[0] + ": [0, 1]}}\n  q: {uses: test/text, matrix: {" + axes[1] +
			": [0, 1]}}\n  s: {uses: test/text, needs: {a: p, b: q}}\n"
		if n := len(pipelinetest.New(t).Graph(src).Nodes); n != 8 {
			t.Errorf("%s: %d cells", axes, n)
		}
	}
}

func TestAllErrorsAreReportedAtOnceAndEachOnce(t *testing.T) {
	b := pipelinetest.New(t)
	_, err := b.Build(`name: x
stages:
  a: {uses: test/txt}
  b: {uses: test/text, matrix: {n: [1, 2, 3]}, with: {txt: x, n: yes}}
  c: {uses: test/plain, needs: {text: b, b: b}}
  d: {uses: test/text, needs: {a: b}, matrix: {n: [1]}}
`)
	var errs spec.Errors
	errors.As(err, &errs)
	var lines []int
	for _, e := range errs {
		lines = append(lines, e.Pos.Line)
	}
	if !slices.Equal(lines, []int{3, 4, 4, 5, 6}) {
		t.Errorf("got %v", err)
	}
}

func TestSeedIsThatOfTheAxisTheStageOrTheSpec(t *testing.T) {
	g := pipelinetest.New(t).Graph(`name: x
seed: 7
stages:
  spec:  {uses: test/draws}
  stage: {uses: test/draws, seed: 8}
  axis:  {uses: test/draws, matrix: {seed: [9]}}
  heir:  {uses: test/draws, needs: {a: axis}}
  other: {uses: test/draws, matrix: {run: [10]}, seed: "${matrix.run}"}
  both:  {uses: test/draws, matrix: {seed: [11]}, seed: "${matrix.seed}"}
`)
	want := []uint64{7, 8, 9, 9, 10, 11}
	for i, n := range g.Nodes {
		if n.Seed != want[i] {
			t.Errorf("%s: seed %d, want %d", n.ID, n.Seed, want[i])
		}
	}
}
