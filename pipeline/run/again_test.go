package run_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/pipeline"
	"foil/pipeline/local"
	"foil/pipeline/pipelinetest"
	"foil/pipeline/run"
)

// A moody executor adds another number to the output of some cells each time they run.
type moody struct {
	run.Executor
	cell func(id string) bool
	n    atomic.Int64
}

func (m *moody) Run(ctx context.Context, t *pipeline.Task, a run.Attempt, h pipeline.Hooks) (pipeline.Usage, error) {
	usage, err := m.Executor.Run(ctx, t, a, h)
	if err == nil && m.cell(t.Cell) {
		var f *os.File
		if f, err = os.OpenFile(filepath.Join(a.Workspace.Out, "text"), os.O_APPEND|os.O_WRONLY, 0); err == nil {
			_, err = fmt.Fprintln(f, m.n.Add(1))
			err = errors.Join(err, f.Close())
		}
	}
	return usage, err
}

// runMoody plans and runs a spec. Some cells give another output each time.
func runMoody(t *testing.T, b *pipelinetest.Bench, m *moody, src string) (r *run.Result, err error) {
	t.Helper()
	p := b.Plan(src)
	m.Executor = &local.Executor{Kinds: b.Kinds(), Store: b.Store, Env: b.Planned.Env, Limits: b.Limits}
	b.Running.Executor = m
	pipelinetest.Within(t, 60*time.Second, func() { r, err = b.RunPlan(t.Context(), p) })
	return r, err
}

// wantConsistent checks that all records were made from the outputs that the same run reports.
func wantConsistent(t *testing.T, r *run.Result) {
	t.Helper()
	for _, o := range r.Outcomes {
		if o.Record == nil {
			continue
		}
		i := 0
		for _, in := range o.Node.Inputs {
			for _, from := range in.From {
				of := r.Of(from.ID)
				if got := o.Record.Inputs[i].Digest; of.Record != nil && got != of.Artifact.Digest() {
					t.Errorf("%s (%s) was made from %s %s, and the run reports %s (%s)", o.Node.ID, o.Status, from.ID, got.Short(), of.Artifact.Digest().Short(), of.Status)
				}
				i++
			}
		}
	}
}

// objects are the paths of the outputs of a run so far.
type objects struct {
	mu    sync.Mutex
	paths map[string]string
}

func (o *objects) see(dir string, e run.Event) {
	var id string
	var files []digest.File
	switch e := e.(type) {
	case run.CellDone:
		id, files = e.Node.ID, e.Record.Outputs
	case run.CellHit:
		id, files = e.Node.ID, e.Record.Outputs
	default:
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.paths == nil {
		o.paths = map[string]string{}
	}
	d := files[0].Digest.String()
	o.paths[id] = filepath.Join(dir, "objects", d[:2], d)
}

func (o *objects) of(id string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.paths[id]
}

// An output that is damaged during the run is made again with another content. The cells that have
// used the old one run again, so that no cell reads old next to new.
func TestAnotherOutputReachesAllThatDependOnIt(t *testing.T) {
	const header = "name: x\nstages:\n  a: {uses: test/text, with: {text: a}}\n"
	tests := map[string]struct {
		src  string
		late string // a cell that begins before a is made again, and ends after
		fail bool   // the late cell fails at first
		runs map[string]int
	}{
		"settled": {
			src:  "  b: {uses: test/text, needs: {a: a}}\n  harm: {uses: test/text, needs: {a: b}}\n  d: {uses: test/text, needs: {a: a, b: b, c: harm}}\n",
			runs: map[string]int{"a": 2, "b": 2, "harm": 2, "d": 1},
		},
		"gathered": {
			src:  "  b: {uses: test/text, needs: {a: a}, with: {value: \"${matrix.i}\"}, matrix: {i: [1, 2]}}\n  harm: {uses: test/text, gather: {g: b}}\n  d: {uses: test/text, needs: {a: a, c: harm}, gather: {g: b}}\n",
			runs: map[string]int{"a": 2, "b[i=1]": 2, "b[i=2]": 2, "harm": 2, "d": 1},
		},
		"same in between": {
			src:  "  b: {uses: test/text, needs: {a: a}, with: {mod: 1}}\n  harm: {uses: test/text, needs: {a: b}}\n  d: {uses: test/text, needs: {a: a, b: b, c: harm}}\n",
			runs: map[string]int{"a": 2, "b": 2, "harm": 1, "d": 1},
		},
		"running": {
			src:  "  b: {uses: test/text, needs: {a: a}}\n  harm: {uses: test/text, needs: {a: b}}\n  d: {uses: test/text, needs: {a: a, b: b, c: harm}}\n  late: {uses: test/text, needs: {b: b}}\n  last: {uses: test/text, needs: {a: late, b: a}}\n",
			late: "late",
			runs: map[string]int{"a": 2, "b": 2, "harm": 2, "d": 1, "late": 2, "last": 1},
		},
		"running and failing": {
			src:  "  b: {uses: test/text, needs: {a: a}}\n  harm: {uses: test/text, needs: {a: b}}\n  d: {uses: test/text, needs: {a: a, b: b, c: harm}}\n  late: {uses: test/text, needs: {b: b}}\n",
			late: "late", fail: true,
			runs: map[string]int{"a": 2, "b": 2, "harm": 2, "d": 1, "late": 2},
		},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			b := pipelinetest.New(t)
			runs, made := &counter{}, &objects{}
			var notes []string
			begun, again := make(chan struct{}), make(chan struct{})
			done := 0
			b.Running.OnEvent = func(e run.Event) {
				made.see(b.Dir, e)
				switch e := e.(type) {
				case run.CellNote:
					notes = append(notes, e.Node.ID+": "+e.Text)
				case run.CellDone:
					if e.Node.ID == "a" {
						if done++; done == 2 {
							close(again)
						}
					}
				}
			}
			b.During = func(_ context.Context, cell *pipeline.Cell) error {
				n := runs.begin(cell.ID)
				switch {
				case n > 1:
				case cell.ID == "harm":
					if c.late != "" {
						<-begun
					}
					return attack(made.of("a"), "in place")
				case cell.ID == c.late:
					close(begun)
					<-again
					if c.fail {
						return errors.New("no luck")
					}
				}
				return nil
			}
			r, err := runMoody(t, b, &moody{cell: func(id string) bool { return id == "a" }}, header+c.src)
			if err != nil {
				t.Fatal(err)
			}
			wantConsistent(t, r)
			if fmt.Sprint(runs.runs) != fmt.Sprint(c.runs) {
				t.Errorf("runs %v, want %v", runs.runs, c.runs)
			}
			if want := []string{"a: it gave another output than before; the cells that depend on it run again"}; !slices.Equal(notes, want) {
				t.Errorf("notes %q, want %q", notes, want)
			}
		})
	}
}

// Cells that give another output each time, damaged outputs, and files that change during the run:
// all records of a run fit together.
func TestRandomDamageLeavesOneVersionOfEachCell(t *testing.T) {
	notes := 0
	for seed := range uint64(25) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := pipelinetest.New(t)
		stages := randomSpec(r)
		m := &moody{cell: func(id string) bool { return digest.Of(fmt.Append(nil, seed, id))[0]%3 > 0 }}
		first, err := runMoody(t, b, m, writeSpec(stages, upTo(len(stages)), ""))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range first.Outcomes {
			if r.IntN(3) == 0 {
				attack(b.ObjectPath(first, o.Node.ID), "in place") // equal cells may have no object any more
			}
		}
		stages[r.IntN(len(stages))].n++
		made := &objects{}
		b.Running.OnEvent = func(e run.Event) {
			made.see(b.Dir, e)
			if n, ok := e.(run.CellNote); ok && strings.HasPrefix(n.Text, "it gave another") {
				notes++
			}
		}
		var harms atomic.Int64
		b.During = func(context.Context, *pipeline.Cell) error {
			time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
			if o := first.Outcomes[rand.IntN(len(first.Outcomes))]; rand.IntN(4) == 0 && harms.Add(1) <= 3 {
				if path := made.of(o.Node.ID); path != "" {
					attack(path, "in place") // the file may be missing
				}
			}
			return nil
		}
		result, err := runMoody(t, b, m, writeSpec(stages, upTo(len(stages)), ""))
		if result == nil || result.Stopped > 0 || err != nil && !errors.As(err, new(*run.FailedError)) {
			t.Fatalf("seed %d: %v, %+v", seed, err, result)
		}
		wantConsistent(t, result)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if notes == 0 {
		t.Error("no cell gave another output")
	}
}

// A program changes its input, which is another one each time it is made. The cells beside it do
// not fail.
func TestInputThatIsAnotherEachTimeAccusesNoOtherCell(t *testing.T) {
	for name, src := range map[string]string{
		"direct": badAndGood,
		"equal content": strings.NewReplacer("  bad: {uses: KIND, needs: {a: a}", "  b: {uses: test/text, needs: {a: a}, with: {mod: 1}}\n  z: {uses: test/text, with: {mod: 1, n: 5}}\n  bad: {uses: KIND, needs: {a: a, b: b, c: z}",
			"needs: {a: a}, with: {n: 2}", "needs: {a: a, b: z}, with: {n: 2}").Replace(badAndGood),
	} {
		t.Run(name, func(t *testing.T) {
			b := pipelinetest.New(t)
			runs := &counter{}
			good := make(chan struct{}, 100)
			b.During = func(_ context.Context, c *pipeline.Cell) error {
				runs.begin(c.ID)
				if c.ID != "bad" && c.ID != "good" {
					return nil
				}
				path, err := inputOf(c)
				if err != nil {
					return err
				}
				if c.ID == "good" {
					good <- struct{}{}
					time.Sleep(50 * time.Millisecond)
					return nil
				}
				select { // as long as they may run at the same time, they do
				case <-good:
				case <-time.After(200 * time.Millisecond):
				}
				return errors.Join(attack(path, "in place"), changedInput)
			}
			r, err := runMoody(t, b, &moody{cell: func(id string) bool { return id == "a" }}, strings.Replace(src, "KIND", "test/program", 1))
			if err == nil || r.Failed != 1 || r.Of("bad").Status != run.WasFailed || !strings.Contains(err.Error(), "the program changed in/a/text") {
				t.Errorf("%v, %+v", err, r)
			}
			if runs.runs["bad"] > 2 {
				t.Errorf("runs %v", runs.runs)
			}
			wantConsistent(t, r)
		})
	}
}
