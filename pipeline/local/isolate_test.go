package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"foil/internal/numeric"
	"foil/pipeline"
	"foil/stages/command"
)

// The children are this test binary again.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "cell" {
		if err := Serve(context.Background(), Program{Kinds: kinds, Version: "v1", Numeric: signature}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// signature names the process that it is asked for in.
func signature(string, int) (numeric.Signature, error) {
	return numeric.Signature{Arch: "amd64", Go: "go1.26", FMA: numeric.NoFMA, Level: strconv.Itoa(os.Getpid())}, nil
}

var kinds = []pipeline.Kind{
	newKind("test/talk", func(_ context.Context, c *pipeline.Cell) error {
		c.Note("hello from %s", c.ID)
		c.Time("epoch", 1500*time.Millisecond)
		c.Progress(pipeline.Progress{Done: 1, Total: 2, Loss: math.NaN()})
		time.Sleep(3 * progressInterval)
		fmt.Println("on standard output")
		_, err := fmt.Fprintf(os.Stderr, "%d processors\n", runtime.GOMAXPROCS(0))
		return err
	}),
	pipeline.Define(pipeline.Kind{Name: "test/rounds", Rounds: true}, pipeline.NoParams, work(where)),
	pipeline.Define(pipeline.Kind{Name: "test/rounds-light", Rounds: true, Light: true}, pipeline.NoParams, work(where)),
	newKind("test/nothing", func(context.Context, *pipeline.Cell) error { return nil }),
	newKind("test/leave", func(context.Context, *pipeline.Cell) error { return exec.Command("sleep", "600").Start() }),
	newKind("test/fail", func(context.Context, *pipeline.Cell) error { return errors.New("no luck") }),
	newKind("test/panic", func(context.Context, *pipeline.Cell) error { panic("in the kind") }),
	newKind("test/goexit", func(context.Context, *pipeline.Cell) error { runtime.Goexit(); return nil }),
	newKind("test/crash", func(context.Context, *pipeline.Cell) error {
		go panic("in a goroutine")
		select {}
	}),
	newKind("test/exit", func(context.Context, *pipeline.Cell) error { os.Exit(7); return nil }),
	newKind("test/kill", func(context.Context, *pipeline.Cell) error {
		self, _ := os.FindProcess(os.Getpid())
		self.Kill()
		select {}
	}),
	newKind("test/full", func(context.Context, *pipeline.Cell) error {
		return fmt.Errorf("checkpoint: %w", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})
	}),
	newKind("test/where", where),
	command.Command(),
	pipeline.Define(pipeline.Kind{Name: "test/light", Light: true}, pipeline.NoParams, work(where)),
	newKind("test/copy", copyInput),
	newKind("test/wait", func(ctx context.Context, c *pipeline.Cell) error {
		c.Note("pid %d", os.Getpid())
		<-ctx.Done()
		c.Logf("stopped in time")
		return ctx.Err()
	}),
	newKind("test/hang", func(_ context.Context, c *pipeline.Cell) error {
		c.Note("pid %d", os.Getpid())
		select {}
	}),
}

// newKind makes a kind without parameters.
func newKind(name string, run func(context.Context, *pipeline.Cell) error) pipeline.Kind {
	return pipeline.Define(pipeline.Kind{Name: name}, pipeline.NoParams, work(run))
}

func work(run func(context.Context, *pipeline.Cell) error) pipeline.Work[pipeline.None] {
	return pipeline.Work[pipeline.None]{Run: func(ctx context.Context, c *pipeline.Cell, _ *pipeline.None) error { return run(ctx, c) }}
}

func processes() *Processes {
	return &Processes{Program: os.Args[0], Args: []string{"cells of a test", "cell"}, Version: "v1"}
}

// An attempt is a child of a test.
type attempt struct {
	log   string
	notes chan string
	times []string
	told  []pipeline.Progress
	usage pipeline.Usage
	err   error
}

// do runs a kind in a child. Hold is what the child holds; nil: nothing.
func (r *attempt) do(t *testing.T, ctx context.Context, p *Processes, kind string, hold *os.File) *attempt {
	t.Helper()
	r.log = filepath.Join(t.TempDir(), "log")
	log, err := os.OpenFile(r.log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if r.notes == nil {
		r.notes = make(chan string, 10)
	}
	o := order{Task: &pipeline.Task{Cell: "a[i=1]", Kind: kind, Needs: pipeline.Limits{Cores: 1}}, Site: pipeline.Site{OutDir: t.TempDir()}}
	r.usage, r.err = p.run(ctx, o, false, hold, log, pipeline.Hooks{
		OnProgress: func(p pipeline.Progress) { r.told = append(r.told, p) },
		OnNote:     func(text string) { r.notes <- text },
		OnTiming:   func(name string, d time.Duration) { r.times = append(r.times, fmt.Sprint(name, d)) },
	})
	return r
}

func (r *attempt) logged(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(r.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestChildTellsWhatItsCellDoes(t *testing.T) {
	r := new(attempt).do(t, t.Context(), processes(), "test/talk", nil)
	if r.err != nil {
		t.Fatal(r.err)
	}
	if note := <-r.notes; note != "hello from a[i=1]" {
		t.Errorf("note %q", note)
	}
	if len(r.times) != 1 || r.times[0] != "epoch1.5s" {
		t.Errorf("timings %q", r.times)
	}
	if want := (pipeline.Progress{Done: 1, Total: 2}); len(r.told) != 1 || r.told[0] != want {
		t.Errorf("progress %+v", r.told)
	}
	if log := r.logged(t); log != "hello from a[i=1]\non standard output\n1 processors\n" {
		t.Errorf("log %q", log)
	}
	if r.usage.CPU <= 0 || runtime.GOOS == "linux" && r.usage.PeakMemory < 1<<20 {
		t.Errorf("usage %+v", r.usage)
	}
}

func TestEveryEndSaysWhatHappened(t *testing.T) {
	for _, c := range []struct{ kind, want, log string }{
		{"test/fail", "no luck", ""},
		{"test/panic", "panic: in the kind", "isolate_test.go"},
		{"test/goexit", "the kind ended its goroutine", ""},
		{"test/gone", "no version 0 of the kind test/gone", ""},
		{"test/crash", "the process crashed: panic: in a goroutine (exit status 2)", "isolate_test.go"},
		{"test/exit", "the process crashed: exit status 7", "exit status 7"},
		{"test/kill", "the process crashed: killed by signal 9, SIGKILL: out of memory?", "out of memory?"},
	} {
		if runtime.GOOS == "windows" && c.kind == "test/kill" {
			continue
		}
		r := new(attempt).do(t, t.Context(), processes(), c.kind, nil)
		if r.err == nil || !strings.Contains(r.err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.kind, r.err, c.want)
		}
		if log := r.logged(t); !strings.Contains(log, c.log) {
			t.Errorf("%s: log %q lacks %q", c.kind, log, c.log)
		}
	}
}

func TestChildOfAnotherVersionIsRefused(t *testing.T) {
	p := processes()
	p.Version = "v2"
	r := new(attempt).do(t, t.Context(), p, "test/wait", nil)
	if r.err == nil || !strings.Contains(r.err.Error(), "now foil v1, and this is foil v2") {
		t.Errorf("got %v", r.err)
	}
}

func TestMissingProgramIsAnError(t *testing.T) {
	p := processes()
	p.Program = filepath.Join(t.TempDir(), "none")
	if r := new(attempt).do(t, t.Context(), p, "test/fail", nil); r.err == nil {
		t.Error("no error")
	}
}

// started runs a kind that writes its PID, and then calls then.
func started(t *testing.T, p *Processes, ctx context.Context, kind string, then func(pid int)) *attempt {
	t.Helper()
	r := &attempt{notes: make(chan string, 1)}
	go func() {
		pid, _ := strconv.Atoi(strings.TrimPrefix(<-r.notes, "pid "))
		then(pid)
	}()
	return r.do(t, ctx, p, kind, nil)
}

func TestCancelledChildEnds(t *testing.T) {
	for kind, want := range map[string]string{"test/wait": "stopped in time\n", "test/hang": "pid"} {
		ctx, cancel := context.WithCancel(t.Context())
		r := started(t, processes(), ctx, kind, func(int) { cancel() })
		if r.err == nil || !strings.Contains(r.logged(t), want) || strings.Contains(r.logged(t), "crashed") {
			t.Errorf("%s: %v, log %q", kind, r.err, r.logged(t))
		}
	}
}

func TestKillEndsAllChildrenAndStartsNoMore(t *testing.T) {
	p := processes()
	r := started(t, p, t.Context(), "test/hang", func(int) { p.Kill() })
	if r.err == nil {
		t.Error("no error")
	}
	if r := new(attempt).do(t, t.Context(), p, "test/talk", nil); !errors.Is(r.err, errKilled) {
		t.Errorf("got %v", r.err)
	}
}

// BenchmarkChild measures the cost of a separate process for an empty cell.
func BenchmarkChild(b *testing.B) {
	p := processes()
	o := order{Task: &pipeline.Task{Cell: "a", Kind: "test/nothing", Needs: pipeline.Limits{Cores: 1}}}
	for b.Loop() {
		if _, err := p.run(b.Context(), o, false, nil, nil, pipeline.Hooks{}); err != nil {
			b.Fatal(err)
		}
	}
}
