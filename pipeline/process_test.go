package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"foil/internal/cache"
	"foil/spec"
)

// Other processes are this test binary again, told by the environment to run
// the spec below in a cache and to note in a file which cells ran.
const (
	childCache = "FOIL_TEST_CHILD_CACHE"
	childRuns  = "FOIL_TEST_CHILD_RUNS"
)

const processSpec = `name: processes
stages:
  a: {uses: test/text, matrix: {i: [0, 1, 2, 3]}, with: {n: "${matrix.i}"}}
  b: {uses: test/text, needs: {a: a}, matrix: {j: [0, 1, 2]}, with: {value: "${matrix.j}"}}
  c: {uses: test/gather, gather: {all: b}}
  d: {uses: test/text, needs: {a: c, b: b}}
`

func TestMain(m *testing.M) {
	if dir := os.Getenv(childCache); dir != "" {
		if err := runChild(dir, os.Getenv(childRuns)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func runChild(dir, runs string) error {
	notes, err := os.OpenFile(runs, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	l := &lab{during: func(_ context.Context, c *Cell) error {
		// Half of the output first, so that there is something to leave behind.
		if err := os.WriteFile(filepath.Join(c.OutDir, "text"), []byte("half"), 0o666); err != nil {
			return err
		}
		_, err := fmt.Fprintln(notes, c.ID)
		time.Sleep(3 * time.Millisecond)
		return err
	}}
	s, err := spec.Parse("processes.yaml", []byte(processSpec), spec.Options{})
	if err != nil {
		return err
	}
	g, err := Build(s, l.kinds())
	if err != nil {
		return err
	}
	c, err := cache.Open(dir)
	if err != nil {
		return err
	}
	p, err := g.Plan(context.Background(), Options{Cache: c, Workers: 3})
	if err != nil {
		return err
	}
	_, err = p.Execute(context.Background())
	return err
}

func child(dir, runs string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childCache+"="+dir, childRuns+"="+runs)
	cmd.Stderr = os.Stderr
	return cmd
}

func ranCells(t *testing.T, runs string) []string {
	t.Helper()
	text, err := os.ReadFile(runs)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' })
}

// Killed at any moment, a run goes on: what was finished is not made again, and
// the outcome is that of a run that was left alone.
func TestKilledRunGoesOn(t *testing.T) {
	want := newBench(t)
	_, undisturbed := want.mustRun(processSpec)
	for round := range 2 {
		b := newBench(t)
		r := rand.New(rand.NewPCG(uint64(round), 7))
		finished := map[string]bool{}
		for kill := 0; ; kill++ {
			runs := filepath.Join(t.TempDir(), "runs")
			cmd := child(b.dir, runs)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			killed := false
			if kill < 6 {
				// The process needs some milliseconds to begin.
				time.Sleep(time.Duration(r.IntN(60)) * time.Millisecond)
				killed = cmd.Process.Kill() == nil
			}
			if err := cmd.Wait(); err != nil && !killed {
				t.Fatal(err)
			}
			for _, id := range ranCells(t, runs) {
				if finished[id] {
					t.Errorf("round %d, kill %d: %s was finished, and ran again", round, kill, id)
				}
			}
			plan := b.plan(processSpec)
			for _, c := range plan.Cells {
				if c.State == Hit {
					finished[c.Node.ID] = true
				} else if finished[c.Node.ID] {
					t.Errorf("round %d, kill %d: %s is not a hit any more: %s", round, kill, c.Node.ID, c.Reason)
				}
			}
			if !killed {
				break
			}
		}
		r2 := b.wantRan(processSpec)
		for id, d := range digests(undisturbed) {
			if digests(r2)[id] != d {
				t.Errorf("round %d: %s came out different", round, id)
			}
			if text, err := readText(r2.Of(id).Artifact); err != nil || text == "half" {
				t.Errorf("round %d: %s: %q, %v", round, id, text, err)
			}
		}
	}
}

// Several processes on one cache share the work.
func TestProcessesAtOnceComputeEachCellOnce(t *testing.T) {
	b := newBench(t)
	runs := filepath.Join(t.TempDir(), "runs")
	var children []*exec.Cmd
	for range 3 {
		cmd := child(b.dir, runs)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, cmd)
	}
	for _, cmd := range children {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	ran := ranCells(t, runs)
	slices.Sort(ran)
	want := ids(b.graph(processSpec).Nodes)
	slices.Sort(want)
	if !slices.Equal(ran, want) {
		t.Errorf("ran %d cells, want %d: %s", len(ran), len(want), ran)
	}
	b.wantRan(processSpec)
}

// A run that waits for another one's cell makes it when that one is killed.
func TestKilledOwnerHoldsNothing(t *testing.T) {
	b := newBench(t)
	release := make(chan struct{})
	plan := b.plan("name: x\nstages:\n  a: {uses: test/text}\n  b: {uses: test/text, with: {n: 1}}\n")
	lock, err := b.opts.Cache.TryLock(plan.Cells[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	plan.opts.Workers = 1 // the cell that waits keeps no worker
	plan.opts.OnEvent = func(e Event) {
		switch e := e.(type) {
		case CellWaiting:
			if e.Node.ID != "a" {
				t.Errorf("%s waits", e.Node.ID)
			}
		case CellDone:
			if e.Node.ID == "b" {
				close(release)
			}
		}
	}
	go func() {
		<-release
		lock.Unlock()
	}()
	within(t, 10*time.Second, func() {
		if r, err := plan.Execute(t.Context()); err != nil || r.Made != 2 {
			t.Errorf("%v, %+v", err, r)
		}
	})
}

func TestWaitingRunCanBeCancelled(t *testing.T) {
	b := newBench(t)
	plan := b.plan("name: x\nstages:\n  a: {uses: test/text}\n")
	lock, err := b.opts.Cache.TryLock(plan.Cells[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	plan.opts.OnEvent = func(e Event) {
		if _, ok := e.(CellWaiting); ok {
			cancel()
		}
	}
	within(t, 5*time.Second, func() {
		if _, err := plan.Execute(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
