package history_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"foil/pipeline"
	"foil/pipeline/history"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/plan"
)

func TestEstimateGoesByTheNearestParameters(t *testing.T) {
	b := pipelinetest.New(t)
	took := func(src string, d time.Duration) {
		t.Helper()
		_, r := b.MustRun(src)
		for _, o := range r.Outcomes {
			rewriteWall(t, b.RecordPath(r, o.Node.ID), d)
		}
	}
	spec := func(with string) string { return "name: x\nstages:\n  a: {uses: test/text, with: {" + with + "}}\n" }
	took(spec("n: 1"), time.Second)
	took(spec("n: 200, text: x"), 99*time.Second)
	took(spec("n: 200, text: y"), 100*time.Second)
	took(spec("n: 200, text: z"), 500*time.Second)

	p := b.Plan(`name: x
stages:
  a: {uses: test/text, matrix: {i: [p, q, r]}, with: {n: 200, text: "${matrix.i}"}}
  b: {uses: test/text, needs: {a: a}, with: {n: 1, quiet: true}}
  c: {uses: test/gather, gather: {all: b}}
`)
	past := costs(b)
	e := p.Estimate(past, pipeline.Limits{Cores: 8}, 2)
	want := []plan.StageEstimate{
		{Stage: "a", Cells: 3, Wall: 300 * time.Second}, {Stage: "b", Cells: 3, Wall: 3 * time.Second}, {Stage: "c", Cells: 1, Blank: 1},
	}
	if !slices.Equal(e.Stages, want) || e.Wall != 303*time.Second || e.Blank != 1 || e.Run != 303*time.Second/2 {
		t.Errorf("%+v", e)
	}
	if e := p.Estimate(past, pipeline.Limits{Cores: 8}, 16); e.Run != 101*time.Second {
		t.Errorf("with 16 at once: %s", e.Run)
	}
	p.Options.Cores = 4
	if e := p.Estimate(past, pipeline.Limits{Cores: 5}, 16); e.Run != 303*time.Second*4/5 {
		t.Errorf("with four cores each, of five: %s", e.Run)
	}
}

func TestEstimateKeepsToMemoryAndGPUs(t *testing.T) {
	b := pipelinetest.New(t)
	_, r := b.MustRun("name: x\nstages:\n  a: {uses: test/text}\n")
	rewriteWall(t, b.RecordPath(r, "a"), 100*time.Second)
	past := costs(b)
	for _, c := range []struct {
		asks string
		all  pipeline.Limits
		want time.Duration
	}{
		{"", pipeline.Limits{Cores: 8}, 100 * time.Second},
		{"memory: 3GB", pipeline.Limits{Cores: 8}, 100 * time.Second},
		{"memory: 3GB", pipeline.Limits{Cores: 8, Memory: 4e9}, 300 * time.Second},
		{"gpus: 1", pipeline.Limits{Cores: 8, GPUs: 2}, 200 * time.Second},
		{"gpus: 1", pipeline.Limits{Cores: 2, GPUs: 4}, 200 * time.Second},
		{"gpus: 1", pipeline.Limits{Cores: 8}, 100 * time.Second}, // a run would refuse
	} {
		p := b.Plan("name: x\nstages:\n  a: {uses: test/text, matrix: {i: [1, 2, 3, 4]}, with: {n: \"${matrix.i}\"}, " + c.asks + "}\n")
		if e := p.Estimate(past, c.all, 0); e.Run != c.want {
			t.Errorf("%q of %+v: %s, want %s", c.asks, c.all, e.Run, c.want)
		}
	}
}

func TestWallOfAnEvenNumberOfRecordsIsBetweenTheMiddleTwo(t *testing.T) {
	b := pipelinetest.New(t)
	for i, d := range []time.Duration{1, 2, 4, 90} {
		_, r := b.MustRun(strings.Replace("name: x\nseed: 7\nstages:\n  a: {uses: test/draws}\n", "7", string('1'+rune(i)), 1))
		rewriteWall(t, b.RecordPath(r, "a"), d*time.Second)
	}
	if e := b.Plan("name: x\nseed: 99\nstages:\n  a: {uses: test/draws}\n").Estimate(costs(b), pipeline.Limits{Cores: 8}, 0); e.Wall != 3*time.Second {
		t.Errorf("%+v", e)
	}
}

// rewriteWall changes how long a record says that its work took.
func rewriteWall(t *testing.T, path string, d time.Duration) {
	t.Helper()
	pipelinetest.RewriteRecord(t, path, func(line string) string {
		if strings.HasPrefix(line, ` "wall_seconds": `) {
			line = fmt.Sprintf(" \"wall_seconds\": %g,\n", d.Seconds())
		}
		return line
	})
}

// costs are those that the records of a bench tell.
func costs(b *pipelinetest.Bench) *history.Costs {
	b.Helper()
	h, err := history.Read(b.Context(), b.Store)
	if err != nil {
		b.Fatal(err)
	}
	return history.NewCosts(h)
}
