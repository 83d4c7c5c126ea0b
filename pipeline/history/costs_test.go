package history_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"foil/pipeline"
	"foil/pipeline/history"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/plan"
)

// A pastRun is a run with its time, for estimates of later runs.
type pastRun struct {
	stages  string
	seconds map[string]float64 // by cell
}

func runPast(t *testing.T, b *pipelinetest.Bench, runs []pastRun) {
	t.Helper()
	for _, past := range runs {
		_, r := b.MustRun("name: x\nstages:\n" + past.stages)
		for id, s := range past.seconds {
			rewriteWall(t, b.RecordPath(r, id), time.Duration(s*float64(time.Second)))
		}
	}
}

func TestEstimateGoesByTheNearestParameters(t *testing.T) {
	b := pipelinetest.New(t)
	one := func(with string, seconds float64) pastRun {
		return pastRun{"  a: {uses: test/text, with: {" + with + "}}\n", map[string]float64{"a": seconds}}
	}
	runPast(t, b, []pastRun{one("n: 1", 1), one("n: 200, text: x", 99), one("n: 200, text: y", 100), one("n: 200, text: z", 500)})
	p := b.Plan(`name: x
stages:
  a: {uses: test/text, matrix: {i: [p, q, r]}, with: {n: 200, text: "${matrix.i}"}}
  b: {uses: test/text, matrix: {j: [1, 2, 3]}, with: {n: 1, mod: "${matrix.j}"}}
  c: {uses: test/gather, gather: {all: b}}
`)
	past := costs(b, p)
	e := p.Estimate(past, pipeline.Limits{Cores: 8}, 2)
	want := []plan.StageEstimate{
		{Stage: "a", Cells: 3, Wall: 300 * time.Second, Rough: true}, {Stage: "b", Cells: 3, Wall: 3 * time.Second, Rough: true},
		{Stage: "c", Cells: 1, Blank: 1, Why: "no cell of test/gather yet"},
	}
	for i, s := range e.Stages {
		if *s != want[i] {
			t.Errorf("%+v, want %+v", *s, want[i])
		}
	}
	if e.Wall != 303*time.Second || e.Blank != 1 || e.Run != 303*time.Second/2 {
		t.Errorf("%+v", e)
	}
	if e := p.Estimate(past, pipeline.Limits{Cores: 8}, 16); e.Run != 100*time.Second {
		t.Errorf("with 16 at once: %s", e.Run)
	}
	for workers, want := range map[int]time.Duration{1: 303 * time.Second, 2: 303 * time.Second / 2, 3: 101 * time.Second, 4: 100 * time.Second, 400: 100 * time.Second} {
		if got, _ := e.With(workers); got != want {
			t.Errorf("with %d workers: %s, want %s", workers, got, want)
		}
	}
	p.Options.Cores = 4
	if e := p.Estimate(past, pipeline.Limits{Cores: 5}, 16); e.Run != 303*time.Second*4/5 {
		t.Errorf("with four cores each, of five: %s", e.Run)
	}
}

// One cell takes most of the time: more workers than two do not help. Cells that waited for the
// processor are faster elsewhere. A record without processor time counts as busy all the time.
func TestEstimateWithWorkers(t *testing.T) {
	b := pipelinetest.New(t)
	_, r := b.MustRun("name: x\nstages:\n  a: {uses: test/text, with: {n: 1, text: x}}\n  b: {uses: test/text, with: {n: 2, text: y}}\n  c: {uses: test/text, with: {n: 3, text: z}}\n")
	for id, seconds := range map[string][2]float64{"a": {10, 3}, "b": {40, 80}, "c": {20, 0}} {
		rewriteTimes(t, b.RecordPath(r, id), seconds[0], seconds[1])
	}
	p := b.Plan("name: x\nstages:\n  a: {uses: test/text, with: {n: 1, text: x, mod: 2}}\n  b: {uses: test/text, with: {n: 2, text: y, mod: 2}}\n  c: {uses: test/text, with: {n: 3, text: z, mod: 2}}\n")
	e := p.Estimate(costs(b, p), pipeline.Limits{Cores: 1}, 0)
	if e.Wall != 70*time.Second || e.Run != 70*time.Second || e.Processor != 63*time.Second {
		t.Errorf("%+v", e)
	}
	for workers, want := range map[int][2]time.Duration{1: {70, 63}, 2: {40, 40}, 9: {40, 40}} {
		if wall, processor := e.With(workers); wall != want[0]*time.Second || processor != want[1]*time.Second {
			t.Errorf("with %d workers: %s and %s, want %d and %d seconds", workers, wall, processor, want[0], want[1])
		}
	}
}

// The time of test/timed is in proportion to n and to the size of its input a. Cells with another
// value cannot be compared.
func TestEstimateScalesOrIsUnknown(t *testing.T) {
	const data = "  a: {uses: test/text, with: {text: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}}\n" // 50 bytes
	const noData = "its inputs are not made yet"
	long := strings.Repeat("a", 39+100)
	timed := func(with string) string { return "  m: {uses: test/timed, needs: {a: a}, with: {" + with + "}}\n" }
	first := pastRun{data + timed("n: 10, value: 1, text: x"), map[string]float64{"a": 7, "m": 20}}
	for _, c := range []struct {
		name   string
		past   []pastRun
		before string // run before the plan
		stages string
		want   string // of m
	}{
		{"twenty times the epochs", []pastRun{first}, "", data + timed("n: 200, value: 1"), "6m40s"},
		{"a tenth of the epochs", []pastRun{first}, "", data + timed("n: 1, value: 1"), "2s"},
		{"another parameter that changes little", []pastRun{first}, "", data + timed("n: 10, value: 1, text: other, mod: 3"), "20s"},
		{"almost four times the data", []pastRun{first}, strings.Replace(data, "aaa", long, 1), strings.Replace(data, "aaa", long, 1) + timed("n: 10, value: 1"), "1m14.4s"},
		{"data that has not been made", []pastRun{first}, "", strings.Replace(data, "aaa", long, 1) + timed("n: 10, value: 1"), noData},
		{"data that depends on a kind without a record", []pastRun{first}, "", "  z: {uses: test/draws}\n  a: {uses: test/text, needs: {b: z}}\n" + timed("n: 10, value: 1"), noData},
		{"another network", []pastRun{first}, "", data + timed("n: 10, value: 2"), "earlier cells differ in value"},
		{"another kind", []pastRun{first}, "", data + "  m: {uses: test/draws, needs: {a: a}}\n", "no cell of test/draws yet"},
		{"no epochs in the past", []pastRun{{data + timed("n: 0, value: 1"), map[string]float64{"m": 20}}}, "", data + timed("n: 10, value: 1"), "the inputs of earlier cells are not known"},
		{"the nearest of two, scaled", []pastRun{first, {data + timed("n: 40, value: 1, text: y"), map[string]float64{"m": 400}}}, "", data + timed("n: 20, value: 1, text: y"), "3m20s"},
		{"an absurd number", []pastRun{first}, "", data + timed("n: 9000000000000000000, value: 1"), "277777h46m40s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := pipelinetest.New(t)
			runPast(t, b, c.past)
			if c.before != "" {
				b.MustRun("name: x\nstages:\n" + c.before)
			}
			p := b.Plan("name: x\nstages:\n" + c.stages)
			past := costs(b, p)
			got := past.Cost(p.Cells[len(p.Cells)-1])
			text := got.Why
			if got.Known {
				text = got.Wall.Round(100 * time.Millisecond).String()
			}
			if text != c.want || got.Rough {
				t.Errorf("%+v, want %s", got, c.want)
			}
		})
	}
}

// What has not been made has the size of similar work on inputs of the same size. The time of a
// kind without a Cost grows with the bytes of its inputs.
func TestSizesArePredictedFromSimilarWork(t *testing.T) {
	const chain = `  a: {uses: test/text, with: {text: "%s"}}
  b: {uses: test/text, needs: {a: a}, with: {n: %d}}
  c: {uses: test/text, needs: {b: b}}
  d: {uses: test/gather, gather: {all: b}}
`
	past := pastRun{fmt.Sprintf(chain, "some", 1), map[string]float64{"a": 1, "b": 2, "c": 3, "d": 4}}
	for _, c := range []struct {
		name, stages string
		want         string
	}{
		{"a changed step", fmt.Sprintf(chain, "some", 2), "b 2s, c 3s, d 4s"},
		{"changed data", fmt.Sprintf(chain, "other data that may have any size", 1), "a 1s, b ?, c ?, d ?"},
		{"changed data of the same kind and parameters", "  z: {uses: test/draws}\n" + fmt.Sprintf(chain, "some", 1), "z ?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := pipelinetest.New(t)
			runPast(t, b, []pastRun{past})
			p := b.Plan("name: x\nstages:\n" + c.stages)
			w := costs(b, p)
			var texts []string
			for _, cell := range p.Cells {
				if cell.State == plan.Hit {
					continue
				}
				text := "?"
				if cost := w.Cost(cell); cost.Known {
					text = cost.Wall.Round(100 * time.Millisecond).String()
				}
				texts = append(texts, cell.Node.ID+" "+text)
			}
			if got := strings.Join(texts, ", "); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestEstimateKeepsToMemoryAndGPUs(t *testing.T) {
	b := pipelinetest.New(t)
	_, r := b.MustRun("name: x\nstages:\n  a: {uses: test/text}\n")
	rewriteWall(t, b.RecordPath(r, "a"), 100*time.Second)
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
		if e := p.Estimate(costs(b, p), c.all, 0); e.Run != c.want {
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
	p := b.Plan("name: x\nseed: 99\nstages:\n  a: {uses: test/draws}\n")
	if e := p.Estimate(costs(b, p), pipeline.Limits{Cores: 8}, 0); e.Wall != 3*time.Second {
		t.Errorf("%+v", e)
	}
}

// rewriteWall changes how long a record says that its work took.
func rewriteWall(t *testing.T, path string, d time.Duration) {
	t.Helper()
	rewriteTimes(t, path, d.Seconds(), 0)
}

// rewriteTimes sets the times of a record, in seconds. No processor time (0) is not known.
func rewriteTimes(t *testing.T, path string, wall, processor float64) {
	t.Helper()
	pipelinetest.RewriteRecord(t, path, func(line string) string {
		switch {
		case strings.HasPrefix(line, ` "wall_seconds": `):
			line = fmt.Sprintf(" \"wall_seconds\": %g,\n", wall)
			if processor > 0 {
				line += fmt.Sprintf(" \"cpu_seconds\": %g,\n", processor)
			}
		case strings.HasPrefix(line, ` "cpu_seconds": `):
			line = ""
		}
		return line
	})
}

// costs are those that the records of a bench tell about a plan.
func costs(b *pipelinetest.Bench, p *plan.Plan) *history.Costs {
	b.Helper()
	h, err := history.Read(b.Context(), b.Store)
	if err != nil {
		b.Fatal(err)
	}
	return history.NewCosts(h, p)
}
