package history_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/pipeline"
	"foil/pipeline/history"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

// explain plans a spec and explains a cell.
func explain(b *pipelinetest.Bench, src, id string) *history.Explanation {
	b.Helper()
	p := b.Plan(src)
	h, err := history.Read(b.Context(), b.Store)
	if err != nil {
		b.Fatal(err)
	}
	n, err := p.Graph.Cell(id)
	if err != nil {
		b.Fatal(err)
	}
	return history.NewExplainer(p, h).Explain(n)
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
	replace := func(from, to string) func(*explainBench) string {
		return func(*explainBench) string { return strings.Replace(explained, from, to, 1) }
	}
	for name, test := range map[string]struct {
		change  func(b *explainBench) string // after the first run; returns the spec
		remade  string                       // a cell that is made again before c is explained
		cell    string
		reason  string
		want    []string // Causes
		nearest string
	}{
		"parameter": {change: replace("n: 2", "n: 5"), cell: "b", reason: "never made", nearest: "b", want: []string{"parameter n is 5 instead of 2"}},
		"seed":      {change: replace("seed: 1", "seed: 9"), cell: "c", reason: "never made", nearest: "c", want: []string{"seed is 9 instead of 1"}},
		"version": {change: func(b *explainBench) string {
			b.Version++
			return explained
		}, cell: "a", reason: "never made", nearest: "a", want: []string{"code of kind test/text is version 2 instead of 1"}},
		"backend": {change: func(b *explainBench) string {
			b.Planned.Numeric.Backend = "xla:cpu"
			return explained
		}, cell: "d", reason: "never made", nearest: "d", want: []string{`backend is "xla:cpu" instead of "go"`}},
		"source": {change: func(b *explainBench) string {
			b.Sources = func(*pipeline.Env) ([]pipeline.Source, error) {
				return []pipeline.Source{{Name: "ml.zip", Digest: digest.Of([]byte("2"))}}, nil
			}
			return explained
		}, cell: "e", reason: "never made", nearest: "e", want: []string{"source ml.zip is " + digest.Of([]byte("2")).Short() + " instead of " + digest.Of([]byte("1")).Short()}},
		"input content, and where it comes from": {change: replace("text: a", "text: other"), remade: "b", cell: "c", reason: "never made", nearest: "c", want: []string{
			"input a has different content, made by b",
			"  input a has different content, made by a",
			`    parameter text is "other" instead of "a"`,
		}},
		"gathered content": {change: replace("text: a", "text: other"), remade: "b", cell: "g", reason: "never made", nearest: "g", want: []string{
			"input all[] has different content, made by b",
			"  input a has different content, made by a",
			`    parameter text is "other" instead of "a"`,
		}},
		"a hit": {change: replace("name: x", "name: y"), cell: "c"},
		"new input": {change: replace("needs: {a: b}}\n  d", "needs: {a: b, b: a}}\n  d"), cell: "c", reason: "never made", nearest: "c", want: []string{
			"input b is additional, made by a",
		}},
		"missing object": {change: func(b *explainBench) string { os.Remove(b.ObjectPath(b.last, "b")); return explained }, cell: "b", reason: "its output text is missing from the cache"},
		"damaged record": {change: func(b *explainBench) string { pipelinetest.Flip(t, b.RecordPath(b.last, "b")); return explained }, cell: "b", reason: "its record has no valid checksum in its last line"},
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
				g, err := b.Graph(src).Select([]string{test.remade})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := b.RunGraph(g); err != nil {
					t.Fatal(err)
				}
			}
			e := explain(b.Bench, src, test.cell)
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
	b := &explainBench{Bench: pipelinetest.New(t)}
	b.Sources = func(*pipeline.Env) ([]pipeline.Source, error) {
		return []pipeline.Source{{Name: "ml.zip", Digest: digest.Of([]byte("1"))}}, nil
	}
	_, b.last = b.MustRun(explained)
	return b
}

// An explainBench is a bench after a run.
type explainBench struct {
	*pipelinetest.Bench
	last *run.Result
}

func TestCellThatWaitsIsExplainedByWhatItWaitsFor(t *testing.T) {
	b := newExplainBench(t)
	e := explain(b.Bench, strings.Replace(explained, "n: 2", "n: 5", 1), "c")
	if e.Waits == nil || e.Waits.Node.ID != "b" || e.Waits.Short() != "new: parameter n is 5 instead of 2" {
		t.Errorf("%+v", e.Waits)
	}
	if len(e.Differences) != 0 {
		t.Errorf("nothing differs as far as is known: %v", e.Differences)
	}
	// Known differences are shown even if an input is not known yet.
	e = explain(b.Bench, strings.NewReplacer("n: 2", "n: 5", "seed: 1", "seed: 3").Replace(explained), "c")
	if got := e.Causes(); !slices.Equal(got, []string{"seed is 3 instead of 1"}) {
		t.Errorf("%v", got)
	}
}

func TestNewerRecordIsTheExplanation(t *testing.T) {
	b := newExplainBench(t)
	pipelinetest.RewriteRecord(t, b.RecordPath(b.last, "b"), func(line string) string {
		return strings.Replace(line, `"format": 1`, `"format": 9`, 1)
	})
	g, err := b.Graph(explained).Select([]string{"c"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.TryPlan(g)
	var newer *store.NewerFormatError
	if !errors.As(err, &newer) || !strings.Contains(err.Error(), "b: test/text: ") || !strings.Contains(err.Error(), "newer foil") {
		t.Errorf("got %v", err)
	}
}

// Among records with equally many differences, the record of the same cell is nearest.
func TestNearestIsOfTheSameCell(t *testing.T) {
	b := pipelinetest.New(t)
	src := func(n, m string) string {
		return "name: x\nstages:\n  one: {uses: test/text, with: {n: " + n + "}}\n  two: {uses: test/text, with: {n: " + m + "}}\n"
	}
	b.MustRun(src("1", "2"))
	for cell, want := range map[string]string{"one": "one", "two": "two"} {
		if e := explain(b, src("11", "12"), cell); e.Nearest.Cell != want {
			t.Errorf("%s is compared with %s", cell, e.Nearest.Cell)
		}
	}
}

func TestSameWorkThatCameOutDifferentIsSaid(t *testing.T) {
	b := pipelinetest.New(t)
	src := "name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, needs: {a: a}}\n"
	b.MustRun(src)
	b.During = func(_ context.Context, c *pipeline.Cell) error {
		if c.ID == "a" {
			c.Seed++ // which no key of test/text holds
		}
		return nil
	}
	_, r := b.MustRun("name: x\nstages:\n  a: {uses: test/text}\n")
	os.Remove(b.RecordPath(r, "a"))
	b.MustRun("name: x\nstages:\n  a: {uses: test/text}\n")
	got := explain(b, src, "b").Causes()
	if len(got) != 1 || !strings.HasPrefix(got[0], "input a has different content, made by a; the same work") {
		t.Errorf("%v", got)
	}
}
