package pipelinetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
	"foil/internal/store/disk"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/local"
	"foil/pipeline/plan"
	"foil/pipeline/run"
	"foil/spec"
)

// A Bench is a lab with a store and an executor. By default the store is a folder, and the executor
// is this process.
type Bench struct {
	Lab
	testing.TB

	Dir     string          // of the store
	Limits  pipeline.Limits // of the executor
	Planned plan.Options    // for plans; Open sets Store
	Running run.Options     // for runs; Executor nil: this process

	// Open opens the store of a plan. Nil: it opens the store in Dir, like a new process.
	Open func() store.Store

	Store store.Store // of the last plan
}

// New returns a bench with an empty store.
func New(t testing.TB) *Bench {
	return &Bench{
		TB: t, Dir: filepath.Join(t.TempDir(), "cache"), Limits: pipeline.Limits{Cores: 64},
		Planned: plan.Options{Numeric: plan.Numeric{Backend: "go"}}, Running: run.Options{Workers: 4},
	}
}

// Parse reads a spec.
func (b *Bench) Parse(src string) *spec.Spec {
	b.Helper()
	s, err := spec.Parse("test.yaml", []byte(src), spec.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// Build makes the graph of a spec that may be wrong.
func (b *Bench) Build(src string) (*graph.Graph, error) {
	b.Helper()
	return graph.Build(b.Parse(src), b.Kinds())
}

// Graph makes the graph of a spec.
func (b *Bench) Graph(src string) *graph.Graph {
	b.Helper()
	g, err := b.Build(src)
	if err != nil {
		b.Fatal(err)
	}
	return g
}

// Plan plans a spec.
func (b *Bench) Plan(src string) *plan.Plan {
	b.Helper()
	return b.PlanGraph(b.Graph(src))
}

// PlanGraph plans a graph with a store that was opened for it.
func (b *Bench) PlanGraph(g *graph.Graph) *plan.Plan {
	b.Helper()
	p, err := b.TryPlan(g)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// TryPlan is PlanGraph with an error result.
func (b *Bench) TryPlan(g *graph.Graph) (*plan.Plan, error) {
	b.Helper()
	if b.Open != nil {
		b.Store = b.Open()
	} else {
		c, err := disk.Open(b.Dir)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(c.Close)
		b.Store = c
	}
	opts := b.Planned
	opts.Store = b.Store
	return plan.New(b.Context(), g, opts)
}

// Options are the options of a run of the last plan.
func (b *Bench) Options() run.Options {
	opts := b.Running
	if opts.Executor == nil {
		opts.Executor = &local.Executor{Kinds: b.Kinds(), Store: b.Store, Env: b.Planned.Env, Limits: b.Limits}
	}
	return opts
}

// Run plans and runs a spec.
func (b *Bench) Run(src string) (*run.Result, error) {
	b.Helper()
	return b.RunPlan(b.Context(), b.Plan(src))
}

// RunPlan runs the last plan.
func (b *Bench) RunPlan(ctx context.Context, p *plan.Plan) (*run.Result, error) {
	return run.Run(ctx, p, b.Options())
}

// RunGraph plans and runs a graph.
func (b *Bench) RunGraph(g *graph.Graph) (*run.Result, error) {
	b.Helper()
	return b.RunPlan(b.Context(), b.PlanGraph(g))
}

// MustRun runs a spec and returns the cells that ran.
func (b *Bench) MustRun(src string) (ran []string, r *run.Result) {
	b.Helper()
	r, err := b.Run(src)
	if err != nil {
		b.Fatal(err)
	}
	return b.Took(), r
}

// WantRan runs a spec and checks that exactly the named cells ran and the others were hits.
func (b *Bench) WantRan(src string, want ...string) *run.Result {
	b.Helper()
	ran, r := b.MustRun(src)
	slices.Sort(want)
	if !slices.Equal(ran, want) {
		b.Errorf("ran %s, want %s", ran, want)
	}
	if r.Made != len(want) || r.Hits != len(r.Outcomes)-len(want) {
		b.Errorf("%d made and %d hits of %d", r.Made, r.Hits, len(r.Outcomes))
	}
	return r
}

// IDs are the IDs of nodes.
func IDs(nodes []*graph.Node) []string {
	var list []string
	for _, n := range nodes {
		list = append(list, n.ID)
	}
	return list
}

// Digests lists the output digest of every cell.
func Digests(r *run.Result) map[string]digest.Digest {
	m := map[string]digest.Digest{}
	for _, o := range r.Outcomes {
		m[o.Node.ID] = o.Artifact.Digest()
	}
	return m
}

// ObjectPath is the path of a cell's output in Dir. It makes the file writable.
func (b *Bench) ObjectPath(r *run.Result, id string) string {
	d := r.Of(id).Artifact.Files[0].Digest.String()
	path := filepath.Join(b.Dir, "objects", d[:2], d)
	os.Chmod(path, 0o666)
	return path
}

// RecordPath is the path of a cell's record in Dir.
func (b *Bench) RecordPath(r *run.Result, id string) string {
	key := r.Of(id).Key.String()
	return filepath.Join(b.Dir, "actions", key[:2], key+".json")
}

// Flip changes a bit in the middle of a file.
func Flip(t testing.TB, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}

// RewriteRecord changes the lines of a record and updates its checksum as docs/format.md describes.
func RewriteRecord(t testing.TB, path string, change func(line string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var body strings.Builder
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, store.SumPrefix) {
			body.WriteString(change(line))
		}
	}
	sum := digest.Of([]byte(body.String()))
	if err := os.WriteFile(path, []byte(body.String()+store.SumPrefix+sum.String()+"\"}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
}

// Within fails the test when f takes too long, and prints where it hangs.
func Within(t testing.TB, d time.Duration, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(d):
		panic(fmt.Sprintf("%s: not done after %s", t.Name(), d))
	}
}
