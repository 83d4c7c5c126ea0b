package pipeline

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"foil/internal/digest"
	"foil/internal/store/disk"
	"foil/spec"
)

// A lab holds kinds for tests, and notes what they were asked to do.
type lab struct {
	mu   sync.Mutex
	runs []string // IDs of cells that ran, in the order in which they began

	version int                                         // of test/text
	during  func(ctx context.Context, cell *Cell) error // called by test/text, if set
	sources func(p *textParams) ([]Source, error)       // of test/source
}

type textParams struct {
	Text  string     `yaml:"text" doc:"what is written"`
	N     int        `yaml:"n" doc:"a number" min:"0"`
	Value spec.Value `yaml:"value" doc:"any value"`
	Mod   int        `yaml:"mod" doc:"if given, the output is a hash of all that is read, modulo this" min:"0"`
	Quiet bool       `yaml:"quiet" doc:"changes nothing" key:"-"`
}

// anyParams are those of test/any.
type anyParams struct {
	Type string `yaml:"type" doc:"of the output" oneof:"text,number"`
}

// kinds are test/text, which writes its parameters and what it is given, and
// variations of it.
func (l *lab) kinds() []Kind {
	text := Kind{
		Name: "test/text", Version: 1 + l.version, Output: "text",
		Inputs: []Port{
			{Name: "a", Type: "text", Optional: true},
			{Name: "b", Type: "text", Optional: true},
			{Name: "c", Type: "text", Optional: true},
			{Name: anyName, Type: "text", Optional: true, Gathered: true},
		},
		Params: func() any { return &textParams{} },
		Run:    l.run,
	}
	draws, numeric, source, number, gather, plain := text, text, text, text, text, text
	draws.Name, draws.Draws = "test/draws", true
	numeric.Name, numeric.Numeric = "test/numeric", true
	number.Name, number.Output = "test/number", "number"
	source.Name = "test/source"
	source.Sources = func(_ context.Context, _ *Env, p any) ([]Source, error) {
		if l.sources == nil {
			return nil, nil
		}
		return l.sources(p.(*textParams))
	}
	gather.Name, gather.Inputs = "test/gather", []Port{{Name: anyName, Type: "text", Gathered: true}, {Name: "extra", Type: "number", Optional: true}}
	plain.Name, plain.Params, plain.Inputs = "test/plain", nil, []Port{{Name: "text", Type: "text"}, {Name: "all", Type: "text", Gathered: true, Optional: true}}
	open := Kind{
		Name: "test/any", Version: 1, Output: "text", OutputParam: "type",
		Inputs: []Port{{Name: anyName}, {Name: anyName, Gathered: true, Optional: true}},
		Params: func() any { return &anyParams{Type: "text"} },
		Run:    l.run,
	}
	return []Kind{text, draws, numeric, number, source, gather, plain, open}
}

func (l *lab) run(ctx context.Context, cell *Cell) error {
	l.mu.Lock()
	l.runs = append(l.runs, cell.ID)
	l.mu.Unlock()
	if l.during != nil {
		if err := l.during(ctx, cell); err != nil {
			return err
		}
	}
	p, _ := cell.Params.(*textParams)
	if p == nil {
		p = &textParams{}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %s %d %s\n", p.Text, p.N, p.Value, cell.Seed, cell.Backend)
	for _, name := range slices.Sorted(maps.Keys(cell.Inputs)) {
		content, err := readText(cell.Inputs[name])
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s: %q\n", name, content)
	}
	for _, name := range slices.Sorted(maps.Keys(cell.Gathered)) {
		for _, g := range cell.Gathered[name] {
			content, err := readText(g.Artifact)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%s%s: %q\n", name, AxesText(g.Axes), content)
		}
	}
	text := b.String()
	if p.Mod > 0 {
		h := fnv.New64a()
		h.Write([]byte(text))
		text = fmt.Sprint(h.Sum64() % uint64(p.Mod))
	}
	f, err := cell.Create("text")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func readText(a Artifact) (string, error) {
	path, err := a.Path("text")
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(path)
	return string(b), err
}

// took returns the cells that ran since it was called last, sorted.
func (l *lab) took() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	runs := slices.Sorted(slices.Values(l.runs))
	l.runs = nil
	return runs
}

// A bench is a lab with a cache.
type bench struct {
	lab
	testing.TB
	dir  string
	opts Options
}

func newBench(t testing.TB) *bench {
	return &bench{TB: t, dir: filepath.Join(t.TempDir(), "cache"), opts: Options{Workers: 4, Backend: "go", Limits: Limits{Cores: 64}}}
}

func (b *bench) parse(src string) *spec.Spec {
	b.Helper()
	s, err := spec.Parse("test.yaml", []byte(src), spec.Options{})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func (b *bench) graph(src string) *Graph {
	b.Helper()
	g, err := Build(b.parse(src), b.kinds())
	if err != nil {
		b.Fatal(err)
	}
	return g
}

func (b *bench) plan(src string) *Plan {
	b.Helper()
	return b.planGraph(b.graph(src))
}

// planGraph opens the cache as a new process would.
func (b *bench) planGraph(g *Graph) *Plan {
	b.Helper()
	c, err := disk.Open(b.dir)
	if err != nil {
		b.Fatal(err)
	}
	b.opts.Cache = c
	p, err := g.Plan(b.Context(), b.opts)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// mustRun runs a spec and returns the cells that ran.
func (b *bench) mustRun(src string) (ran []string, r *Result) {
	b.Helper()
	r, err := b.plan(src).Execute(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return b.took(), r
}

func (b *bench) wantRan(src string, want ...string) *Result {
	b.Helper()
	ran, r := b.mustRun(src)
	slices.Sort(want)
	if !slices.Equal(ran, want) {
		b.Errorf("ran %s, want %s", ran, want)
	}
	if r.Made != len(want) || r.Hits != len(r.Outcomes)-len(want) {
		b.Errorf("%d made and %d hits of %d", r.Made, r.Hits, len(r.Outcomes))
	}
	return r
}

func ids(nodes []*Node) []string {
	var list []string
	for _, n := range nodes {
		list = append(list, n.ID)
	}
	return list
}

// digests lists the outcome of every cell.
func digests(r *Result) map[string]digest.Digest {
	m := map[string]digest.Digest{}
	for _, o := range r.Outcomes {
		m[o.Node.ID] = o.Artifact.Digest()
	}
	return m
}

// within fails the test when f takes too long, and says where it hangs.
func within(t testing.TB, d time.Duration, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(d):
		panic(fmt.Sprintf("%s: not done after %s", t.Name(), d))
	}
}
