package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
)

// explain plans a spec and explains a cell.
func (b *bench) explain(src, id string) *Explanation {
	b.Helper()
	p := b.plan(src)
	h, err := ReadHistory(b.opts.Cache)
	if err != nil {
		b.Fatal(err)
	}
	n, err := p.Graph.Cell(id)
	if err != nil {
		b.Fatal(err)
	}
	return p.Explainer(h).Explain(n)
}

const explained = `name: x
seed: 1
stages:
  a: {uses: test/text, with: {text: a}}
  b: {uses: test/text, needs: {a: a}, with: {n: 2}}
  c: {uses: test/draws, needs: {a: b}}
  d: {uses: test/numeric, needs: {a: b}}
  e: {uses: test/source, with: {n: 3}}
  g: {uses: test/gather, gather: {all: b}}
`

func TestEveryCauseOfAMissIsExplained(t *testing.T) {
	replace := func(old, new string) func(*explainBench) string {
		return func(*explainBench) string { return strings.Replace(explained, old, new, 1) }
	}
	for name, test := range map[string]struct {
		change  func(b *explainBench) string // after the first run; returns the spec
		remade  string                       // a cell that is made again before c is explained
		cell    string
		reason  string
		want    []string // Causes
		nearest string
	}{
		"parameter": {change: replace("n: 2", "n: 5"), cell: "b", reason: "never made", nearest: "b", want: []string{"parameter n 2 -> 5"}},
		"seed":      {change: replace("seed: 1", "seed: 9"), cell: "c", reason: "never made", nearest: "c", want: []string{"seed 1 -> 9"}},
		"version": {change: func(b *explainBench) string {
			b.version++
			return explained
		}, cell: "a", reason: "never made", nearest: "a", want: []string{"code of kind test/text 1 -> 2"}},
		"backend": {change: func(b *explainBench) string {
			b.opts.Backend = "xla:cpu"
			return explained
		}, cell: "d", reason: "never made", nearest: "d", want: []string{`backend "go" -> "xla:cpu"`}},
		"source": {change: func(b *explainBench) string {
			b.sources = func(*textParams) ([]Source, error) {
				return []Source{{Name: "ml.zip", Digest: digest.Of([]byte("2"))}}, nil
			}
			return explained
		}, cell: "e", reason: "never made", nearest: "e", want: []string{"source ml.zip " + digest.Of([]byte("1")).Short() + " -> " + digest.Of([]byte("2")).Short()}},
		"input content, and where it comes from": {change: replace("text: a", "text: other"), remade: "b", cell: "c", reason: "never made", nearest: "c", want: []string{
			"input a has other content, made by b",
			"  input a has other content, made by a",
			`    parameter text "a" -> "other"`,
		}},
		"gathered content": {change: replace("text: a", "text: other"), remade: "b", cell: "g", reason: "never made", nearest: "g", want: []string{
			"input all[] has other content, made by b",
			"  input a has other content, made by a",
			`    parameter text "a" -> "other"`,
		}},
		"a hit": {change: replace("name: x", "name: y"), cell: "c"},
		"new input": {change: replace("needs: {a: b}}\n  d", "needs: {a: b, b: a}}\n  d"), cell: "c", reason: "never made", nearest: "c", want: []string{
			"input b was not there, made by a",
		}},
		"missing object": {change: func(b *explainBench) string { os.Remove(b.object(b.last, "b")); return explained }, cell: "b", reason: "its output text is missing from the cache"},
		"damaged record": {change: func(b *explainBench) string { flip(t, b.record(b.last, "b")); return explained }, cell: "b", reason: "its record does not end in its own checksum"},
		"never made": {change: func(*explainBench) string {
			return strings.Replace(explained, "uses: test/draws, needs: {a: b}", "uses: test/number", 1)
		}, cell: "c", reason: "never made"},
		"not known yet": {change: replace("n: 2", "n: 5"), cell: "c", reason: "depends on b", nearest: "c"},
		"the same work": {change: func(*explainBench) string {
			return strings.Replace(explained, "uses: test/text, with: {text: a}", "uses: test/text, matrix: {i: [0, 1]}, with: {text: new}", 1)
		}, cell: "a[i=1]", reason: "the same work as a[i=0]"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newExplainBench(t)
			src := test.change(b)
			if test.remade != "" {
				g, err := b.graph(src).Select([]string{test.remade})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := b.planGraph(g).Execute(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			e := b.explain(src, test.cell)
			if e.Reason != test.reason {
				t.Errorf("reason %q, want %q", e.Reason, test.reason)
			}
			if got := e.Causes(); !slices.Equal(got, test.want) {
				t.Errorf("causes:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			if e.Nearest != nil && e.Nearest.Cell != test.nearest || e.Nearest == nil && test.nearest != "" {
				t.Errorf("compared with %+v, want %s", e.Nearest, test.nearest)
			}
		})
	}
}

// newExplainBench has run the spec once.
func newExplainBench(t *testing.T) *explainBench {
	b := &explainBench{bench: newBench(t)}
	b.sources = func(*textParams) ([]Source, error) {
		return []Source{{Name: "ml.zip", Digest: digest.Of([]byte("1"))}}, nil
	}
	_, b.last = b.mustRun(explained)
	return b
}

// An explainBench is a bench after a run.
type explainBench struct {
	*bench
	last *Result
}

func TestCellThatWaitsIsExplainedByWhatItWaitsFor(t *testing.T) {
	b := newExplainBench(t)
	e := b.explain(strings.Replace(explained, "n: 2", "n: 5", 1), "c")
	if e.Waits == nil || e.Waits.Node.ID != "b" || e.Waits.Short() != "new: parameter n 2 -> 5" {
		t.Errorf("%+v", e.Waits)
	}
	if len(e.Differences) != 0 {
		t.Errorf("nothing differs as far as is known: %v", e.Differences)
	}
	// What is known to differ already is told.
	e = b.explain(strings.NewReplacer("n: 2", "n: 5", "seed: 1", "seed: 3").Replace(explained), "c")
	if got := e.Causes(); !slices.Equal(got, []string{"seed 1 -> 3"}) {
		t.Errorf("%v", got)
	}
}

func TestNewerRecordIsTheExplanation(t *testing.T) {
	b := newExplainBench(t)
	path := b.record(b.last, "b")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(path, resum(strings.Replace(string(text), `"format": 1`, `"format": 9`, 1)), 0o666)
	g, err := b.graph(explained).Select([]string{"c"})
	if err != nil {
		t.Fatal(err)
	}
	c, _ := disk.Open(b.dir)
	_, err = g.Plan(t.Context(), Options{Cache: c, Env: &Env{}})
	var newer *store.NewerFormatError
	if !errors.As(err, &newer) || !strings.Contains(err.Error(), "b: test/text: ") || !strings.Contains(err.Error(), "newer foil") {
		t.Errorf("got %v", err)
	}
}

// Of records that differ in as many lines, that of the same cell is nearest.
func TestNearestIsOfTheSameCell(t *testing.T) {
	b := newBench(t)
	src := func(n, m string) string {
		return "name: x\nstages:\n  one: {uses: test/text, with: {n: " + n + "}}\n  two: {uses: test/text, with: {n: " + m + "}}\n"
	}
	b.mustRun(src("1", "2"))
	for cell, want := range map[string]string{"one": "one", "two": "two"} {
		if e := b.explain(src("11", "12"), cell); e.Nearest.Cell != want {
			t.Errorf("%s is compared with %s", cell, e.Nearest.Cell)
		}
	}
}

func TestSameWorkThatCameOutDifferentIsSaid(t *testing.T) {
	b := newBench(t)
	src := "name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, needs: {a: a}}\n"
	b.mustRun(src)
	other := "first"
	b.during = func(_ context.Context, c *Cell) error {
		p := c.Params.(*textParams)
		if c.ID == "a" {
			p.Text = other
		}
		return nil
	}
	_, r := b.mustRun("name: x\nstages:\n  a: {uses: test/text}\n")
	os.Remove(b.record(r, "a"))
	b.mustRun("name: x\nstages:\n  a: {uses: test/text}\n")
	got := b.explain(src, "b").Causes()
	if len(got) != 1 || !strings.HasPrefix(got[0], "input a has other content, made by a; the same work") {
		t.Errorf("%v", got)
	}
}

func TestEveryLineOfAKeyIsRead(t *testing.T) {
	b := newExplainBench(t)
	p := b.plan(paperSpec)
	for _, c := range append(b.plan(explained).Cells, p.Cells...) {
		seen := map[KeyLine]bool{}
		for _, l := range keyLines(c.KeyText) {
			id := KeyLine{Part: l.Part, Name: l.Name}
			if seen[id] {
				t.Errorf("%s: two lines are about %s %s", c.Node.ID, l.Part, l.Name)
			}
			seen[id] = true
			if l.Value == "" {
				t.Errorf("%s: %s %s has no value", c.Node.ID, l.Part, l.Name)
			}
		}
	}
}

func FuzzKeyLines(f *testing.F) {
	f.Add("foil key 1\nkind \"a\" version 1\nwith x = 1\nneed \"a\" 00\ngather \"b\" 2\ncell [x=1] 11\n")
	f.Add("need\ncell\nwith = \n\n")
	f.Fuzz(func(t *testing.T, text string) {
		if d := distance(sortedLines(text), sortedLines(text)); d != 0 {
			t.Errorf("%q differs from itself in %d lines", text, d)
		}
	})
}

func TestEstimateGoesByTheNearestParameters(t *testing.T) {
	b := newBench(t)
	took := func(src string, d time.Duration) {
		t.Helper()
		_, r := b.mustRun(src)
		for _, o := range r.Outcomes {
			rewriteWall(t, b.record(r, o.Node.ID), d)
		}
	}
	spec := func(with string) string { return "name: x\nstages:\n  a: {uses: test/text, with: {" + with + "}}\n" }
	took(spec("n: 1"), time.Second)
	took(spec("n: 200, text: x"), 99*time.Second)
	took(spec("n: 200, text: y"), 100*time.Second)
	took(spec("n: 200, text: z"), 500*time.Second)

	plan := b.plan(`name: x
stages:
  a: {uses: test/text, matrix: {i: [p, q, r]}, with: {n: 200, text: "${matrix.i}"}}
  b: {uses: test/text, needs: {a: a}, with: {n: 1, quiet: true}}
  c: {uses: test/gather, gather: {all: b}}
`)
	plan.opts.Workers, plan.opts.Limits.Cores = 2, 8
	h, err := ReadHistory(b.opts.Cache)
	if err != nil {
		t.Fatal(err)
	}
	e := plan.Estimate(h)
	want := []StageEstimate{{"a", 3, 300 * time.Second, 0}, {"b", 3, 3 * time.Second, 0}, {"c", 1, 0, 1}}
	if !slices.Equal(e.Stages, want) || e.Wall != 303*time.Second || e.Blank != 1 || e.Run != 303*time.Second/2 {
		t.Errorf("%+v", e)
	}
	plan.opts.Workers = 16
	if e := plan.Estimate(h); e.Run != 101*time.Second {
		t.Errorf("with 16 at once: %s", e.Run)
	}
	plan.opts.Cores, plan.opts.Limits.Cores = 4, 5
	if e := plan.Estimate(h); e.Run != 303*time.Second*4/5 {
		t.Errorf("with four cores each, of five: %s", e.Run)
	}
}

func TestEstimateKeepsToMemoryAndGPUs(t *testing.T) {
	b := newBench(t)
	_, r := b.mustRun("name: x\nstages:\n  a: {uses: test/text}\n")
	rewriteWall(t, b.record(r, "a"), 100*time.Second)
	h, err := ReadHistory(b.opts.Cache)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		asks string
		all  Limits
		want time.Duration
	}{
		{"", Limits{Cores: 8}, 100 * time.Second},
		{"memory: 3GB", Limits{Cores: 8}, 100 * time.Second},
		{"memory: 3GB", Limits{Cores: 8, Memory: 4e9}, 300 * time.Second},
		{"gpus: 1", Limits{Cores: 8, GPUs: 2}, 200 * time.Second},
		{"gpus: 1", Limits{Cores: 2, GPUs: 4}, 200 * time.Second},
		{"gpus: 1", Limits{Cores: 8}, 100 * time.Second}, // a run would refuse
	} {
		b.opts.Limits = c.all
		plan := b.plan("name: x\nstages:\n  a: {uses: test/text, matrix: {i: [1, 2, 3, 4]}, with: {n: \"${matrix.i}\"}, " + c.asks + "}\n")
		if e := plan.Estimate(h); e.Run != c.want {
			t.Errorf("%q of %+v: %s, want %s", c.asks, c.all, e.Run, c.want)
		}
	}
}

func TestWallOfAnEvenNumberOfRecordsIsBetweenTheMiddleTwo(t *testing.T) {
	b := newBench(t)
	for i, d := range []time.Duration{1, 2, 4, 90} {
		_, r := b.mustRun(strings.Replace("name: x\nseed: 7\nstages:\n  a: {uses: test/draws}\n", "7", string('1'+rune(i)), 1))
		rewriteWall(t, b.record(r, "a"), d*time.Second)
	}
	h, err := ReadHistory(b.opts.Cache)
	if err != nil {
		t.Fatal(err)
	}
	if e := b.plan("name: x\nseed: 99\nstages:\n  a: {uses: test/draws}\n").Estimate(h); e.Wall != 3*time.Second {
		t.Errorf("%+v", e)
	}
}

// rewriteWall changes how long a record says that its work took.
func rewriteWall(t *testing.T, path string, d time.Duration) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, ` "wall_seconds": `) {
			line = fmt.Sprintf(" \"wall_seconds\": %g,\n", d.Seconds())
		}
		b.WriteString(line)
	}
	os.WriteFile(path, resum(b.String()), 0o666)
}

func TestCellNamesOneCell(t *testing.T) {
	g := newBench(t).graph(paperSpec)
	for text, want := range map[string]string{
		"table":                              "table",
		"model[age=200, gender=400, fold=1]": "model[age=200,fold=1,gender=400]",
		"model":                              "these are",
		"modl":                               `did you mean "model"?`,
		"model[fold=1]":                      "name one, such as model[",
		"model[fold=7,age=200,gender=0]":     `no value "7"`,
		"model[floor=7]":                     `no axis "floor"`,
	} {
		n, err := g.Cell(text)
		if err == nil && n.ID != want || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, %v; want %s", text, n, err, want)
		}
	}
}

func TestCutFilePartsCellAndFile(t *testing.T) {
	for text, want := range map[string][2]string{
		"model":                   {"model", ""},
		"model/a/b.txt":           {"model", "a/b.txt"},
		"model[x=1]/w":            {"model[x=1]", "w"},
		"model[x=a/b]":            {"model[x=a/b]", ""},
		`model[x="]/"]/w`:         {`model[x="]/"]`, "w"},
		`model[x="a\"]/"]/w[0]/y`: {`model[x="a\"]/"]`, "w[0]/y"},
		"model/":                  {"model", ""},
	} {
		if cell, file := CutFile(text); cell != want[0] || file != want[1] {
			t.Errorf("%s: %q, %q", text, cell, file)
		}
	}
}
