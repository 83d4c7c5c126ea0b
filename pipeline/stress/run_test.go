//go:build unix

package stress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"foil/internal/digest"
	"foil/internal/store/disk"
	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/local"
	"foil/pipeline/plan"
	"foil/pipeline/run"
	"foil/spec"
)

// The environment of a run.
const (
	cacheDir = "FOIL_TEST_CACHE"
	notesDir = "FOIL_TEST_NOTES"
	specText = "FOIL_TEST_SPEC"

	workerName = "FOIL_TEST_WORKER" // makes the run a worker of this name
)

// TestMain makes this binary a run, or a cell of it.
func TestMain(m *testing.M) {
	var err error
	switch {
	case len(os.Args) > 1 && os.Args[1] == "cell":
		err = local.Serve(context.Background(), local.Program{Kinds: kinds, Version: "v1"})
	case os.Getenv(cacheDir) != "":
		err = runSpec()
	default:
		// A data race in another process must fail the test.
		os.Setenv("GORACE", "halt_on_error=1 atexit_sleep_ms=0")
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runSpec() error {
	c, err := disk.Open(os.Getenv(cacheDir))
	if err != nil {
		return err
	}
	defer c.Close()
	p, err := planOf(c, os.Getenv(specText))
	if err != nil {
		return err
	}
	if name := os.Getenv(workerName); name != "" {
		return work(c, p, name)
	}
	_, err = execute(context.Background(), c, p)
	return err
}

// work makes a process a worker. It notes what it has published.
func work(c *disk.Cache, p *plan.Plan, name string) error {
	opts := options(c)
	opts.Deliver = nil
	opts.Worker = &run.Worker{Name: name, Failures: c}
	file, err := os.OpenFile(filepath.Join(os.Getenv(notesDir), "notes"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	defer file.Close()
	opts.OnEvent = func(e run.Event) {
		if done, ok := e.(run.CellDone); ok {
			(&notes{file: file, cell: done.Node.ID}).add("published", 0)
		}
	}
	_, err = run.Run(context.Background(), p, opts)
	return err
}

// planOf plans a spec.
func planOf(c *disk.Cache, src string) (*plan.Plan, error) {
	s, err := spec.Parse("stress.yaml", []byte(src), spec.Options{})
	if err != nil {
		return nil, err
	}
	g, err := graph.Build(s, kinds)
	if err != nil {
		return nil, err
	}
	return plan.New(context.Background(), g, plan.Options{Store: c})
}

// execute runs a plan with three cells at once, in processes.
func execute(ctx context.Context, c *disk.Cache, p *plan.Plan) (*run.Result, error) {
	return run.Run(ctx, p, options(c))
}

func options(c *disk.Cache) run.Options {
	return run.Options{
		Executor: &local.Executor{
			Kinds: kinds, Store: c, Limits: pipeline.Limits{Cores: 64},
			Processes: &local.Processes{Program: os.Args[0], Args: []string{"stress", "cell"}, Version: "v1"},
		},
		Workers: 3,
		Deliver: func(*graph.Node) bool { return true },
	}
}

// A bench is a cache with the notes of what was done for it.
type bench struct {
	testing.TB
	cache, notes string
	spec         string
	program      string              // of a run
	user         *syscall.Credential // of a run; nil: this one
}

func newBench(t testing.TB, cache, spec string) *bench {
	return &bench{TB: t, cache: cache, notes: t.TempDir(), spec: spec, program: os.Args[0]}
}

// command is a run that has not begun.
func (b *bench) command() (cmd *exec.Cmd, said *bytes.Buffer) {
	said = &bytes.Buffer{}
	cmd = exec.Command(b.program)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: b.user}
	cmd.Env = append(os.Environ(), cacheDir+"="+b.cache, notesDir+"="+b.notes, specText+"="+b.spec)
	cmd.Stdout, cmd.Stderr = said, said
	return cmd, said
}

// mustRun runs to the end and returns the artifacts of all cells, having compared
// every byte of them with its digest.
func (b *bench) mustRun() map[string]digest.Digest {
	b.Helper()
	cmd, said := b.command()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%v: %s\n%s", err, said, b.logs())
	}
	return b.digests()
}

func (b *bench) digests() map[string]digest.Digest {
	b.Helper()
	c, p := b.plan()
	r, err := execute(b.Context(), c, p)
	if err != nil || r.Made > 0 {
		b.Fatalf("after a run that ended well: %v, %+v", err, r)
	}
	digests := map[string]digest.Digest{}
	for _, o := range r.Outcomes {
		digests[o.Node.ID] = o.Artifact.Digest()
	}
	return digests
}

// plan looks at the cache as a new process would.
func (b *bench) plan() (*disk.Cache, *plan.Plan) {
	b.Helper()
	c, err := disk.Open(b.cache)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	p, err := planOf(c, b.spec)
	if err != nil {
		b.Fatal(err)
	}
	return c, p
}

// A note is a line of the notes.
type note struct {
	what, cell string
	step       int
}

func (b *bench) taken() []note {
	b.Helper()
	text, err := os.ReadFile(filepath.Join(b.notes, "notes"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.Fatal(err)
	}
	var list []note
	for line := range strings.Lines(string(text)) {
		var n note
		if _, err := fmt.Sscan(line, &n.what, &n.cell, &n.step); err != nil {
			b.Fatalf("note %q: %v", line, err)
		}
		list = append(list, n)
	}
	return list
}

// logs are the logs of unfinished cells, for failures of a test.
func (b *bench) logs() string {
	var all strings.Builder
	files, _ := filepath.Glob(filepath.Join(b.cache, "work", "*", "log"))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		fmt.Fprintf(&all, "%s:\n%s", file, text)
	}
	return all.String()
}
