//go:build unix

package stress

import (
	"maps"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"foil/internal/testenv"
	"foil/pipeline/plan"
)

const tree = `name: tree
stages:
  a: {uses: test/steps, matrix: {i: [0, 1, 2]}, with: {n: "${matrix.i}", steps: 20, bytes: 5000, keep: 1000}}
  b: {uses: test/steps, needs: {in: a}, matrix: {j: [0, 1]}, with: {n: "${matrix.j}", steps: 6, bytes: 100}}
  all: {uses: test/join, gather: {cells: b}}
  last: {uses: test/steps, needs: {in: all}, with: {steps: 20, keep: 1000000}}
`

// killsOfARound is the number of kills before a run may finish.
const killsOfARound = 8

// The run, one of its cells, or both are killed at random moments. Finished cells are not made
// again, unfinished ones resume from their last checkpoint, no two processes work on the same cell,
// and the result is the same as without kills.
func TestKilledRunGoesOn(t *testing.T) {
	rnd := testenv.Rand(t)
	start := time.Now()
	want := newBench(t, filepath.Join(t.TempDir(), "cache"), tree).mustRun()
	usual := time.Since(start)

	left := testenv.Times(t, killsOfARound)
	for round := 0; left > 0; round++ {
		b := newBench(t, filepath.Join(t.TempDir(), "cache"), tree)
		finished := map[string]int{}
		for range min(left, killsOfARound) {
			b.runAndKill(rnd, time.Duration(rnd.Int64N(int64(usual))))
			b.checkFinished(finished)
			left--
		}
		got := b.mustRun()
		b.checkFinished(finished)
		if !maps.Equal(got, want) {
			t.Errorf("round %d ends in other digests:\n%v, want\n%v", round, got, want)
		}
		b.checkNotes()
		if t.Failed() {
			t.Fatalf("round %d failed, with the notes %v", round, b.taken())
		}
	}
}

// runAndKill kills a run, some of its cells, or both, after some time.
func (b *bench) runAndKill(rnd *rand.Rand, after time.Duration) {
	b.Helper()
	cmd, said := b.command()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	time.Sleep(after)
	what := rnd.IntN(3)
	cells := testenv.Children(cmd.Process.Pid)
	if what < 2 {
		cmd.Process.Kill()
	}
	if what > 0 {
		for _, pid := range cells {
			if rnd.IntN(2) == 0 {
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	if err := cmd.Wait(); err != nil && what == 2 && !strings.Contains(said.String(), "the process crashed: killed by signal 9") {
		b.Errorf("a run whose cells were killed: %v: %s\n%s", err, said, b.logs())
	}
	if code := cmd.ProcessState.ExitCode(); code != -1 && code != 0 && code != 1 {
		b.Errorf("exit code %d: %s", code, said)
	}
}

// checkFinished adds to the cells that are finished, by how often they had begun
// then, and sees to it that they are finished still and did not begin again.
func (b *bench) checkFinished(finished map[string]int) {
	b.Helper()
	_, p := b.plan()
	for _, c := range p.Cells {
		id := c.Node.ID
		before, was := finished[id]
		switch begun := b.count("begin", id); {
		case was && c.State != plan.Hit:
			b.Errorf("%s was finished and is not any more: %s", id, c.Reason)
		case was && begun != before:
			b.Errorf("%s was finished and began again", id)
		case c.State != plan.Hit:
		case b.count("end", id) == 0:
			b.Errorf("%s is finished, and did not come to its end", id)
		default:
			finished[id] = begun
		}
	}
}

func (b *bench) count(what, cell string) int {
	n := 0
	for _, note := range b.taken() {
		if note.what == what && note.cell == cell {
			n++
		}
	}
	return n
}

// checkNotes checks the promises about the work of cells.
func (b *bench) checkNotes() {
	b.Helper()
	saved := map[string]int{}
	for i, n := range b.taken() {
		switch n.what {
		case "twice":
			b.Errorf("note %d: two processes work on %s", i, n.cell)
		case "saved":
			saved[n.cell] = n.step
		case "from":
			// A kill may come between the checkpoint and the note.
			if n.step < saved[n.cell] || n.step > saved[n.cell]+2 {
				b.Errorf("note %d: %s goes on from step %d, and its last checkpoint was at %d", i, n.cell, n.step, saved[n.cell])
			}
			saved[n.cell] = n.step
		}
	}
}

// A killed cell resumes from its checkpoint.
func TestKilledCellGoesOn(t *testing.T) {
	b := newBench(t, filepath.Join(t.TempDir(), "cache"), `name: long
stages:
  a: {uses: test/steps, with: {steps: 100000}}
`)
	cmd, said := b.command()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, cmd, func() bool { return b.count("saved", "a") >= 3 })
	cells := testenv.Children(cmd.Process.Pid)
	if cells == nil {
		cmd.Process.Kill()
	}
	for _, pid := range cells {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	if err := cmd.Wait(); err == nil || cells != nil && !strings.Contains(said.String(), "a: test/steps: the process crashed: killed by signal 9") {
		t.Errorf("%v: %s", err, said)
	}
	cmd, _ = b.command()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, cmd, func() bool { return b.count("from", "a") == 2 })
	cmd.Process.Kill()
	cmd.Wait()
	b.checkNotes()
}

// waitFor waits until something is so while a run runs.
func waitFor(t *testing.T, cmd *exec.Cmd, is func() bool) {
	t.Helper()
	for range 6000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	cmd.Process.Kill()
	cmd.Wait()
	t.Fatalf("waited in vain")
}
