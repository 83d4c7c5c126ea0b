package local

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"foil/internal/store"
	"foil/pipeline"
)

// own is a script that writes the PID of its cell's process.
const own = "echo $PPID >out/x"

func TestKindsThatRunProgramsShareAProcess(t *testing.T) {
	l := newLab(t)
	first := l.mustMake(own)
	l.script(t.Context(), "exit 1")
	if second := l.mustMake(own); second != first {
		t.Errorf("the cells ran in processes %s and %s", first, second)
	}
	name, _ := os.ReadFile(filepath.Join("/proc", first, "cmdline"))
	if !strings.HasSuffix(string(name), "\x00command\x00") {
		t.Errorf("the process is called %q", name)
	}
	for _, kind := range []string{"test/where", "test/where"} {
		r, _, err := l.do(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		if pid := l.text(r); pid == first {
			t.Errorf("%s ran in the process of commands", kind)
		}
	}
}

func TestParallelCellsHaveTheirOwnProcesses(t *testing.T) {
	l := newLab(t)
	script := "echo $PPID >out/x; cp out/x DIR/NAME; until test -e DIR/go; do sleep 0.01; done"
	made := make(chan error, 2)
	for _, name := range []string{"one", "two"} {
		go func() {
			_, _, err := l.script(t.Context(), strings.ReplaceAll(script, "NAME", name))
			made <- err
		}()
	}
	if one, two := l.await("one"), l.await("two"); one == two {
		t.Errorf("both cells ran in process %s", one)
	}
	l.signal("go")
	for range 2 {
		if err := <-made; err != nil {
			t.Error(err)
		}
	}
	if n := len(l.p.idle); n != 2 {
		t.Errorf("%d idle processes, want 2", n)
	}
}

func TestProcessServesOnlyCellsWithItsGPUs(t *testing.T) {
	l := newLab(t)
	l.Limits.GPUs = 2
	made := map[string]string{}
	for _, gpus := range []int{0, 1, 2, 1, 0} {
		task := l.scriptTask(`echo $PPID $CUDA_VISIBLE_DEVICES >out/x`)
		task.Needs.GPUs = gpus
		r, _, err := l.doTask(t.Context(), task)
		if err != nil {
			t.Fatal(err)
		}
		pid, devices, _ := strings.Cut(strings.TrimSpace(l.text(r)), " ")
		if want := []string{"", "0", "0,1"}[gpus]; devices != want {
			t.Errorf("%d GPUs: CUDA_VISIBLE_DEVICES=%s, want %s", gpus, devices, want)
		}
		if before, ok := made[devices]; ok && before != pid {
			t.Errorf("the GPUs %q have processes %s and %s", devices, before, pid)
		}
		made[devices] = pid
	}
	if len(made) != 3 {
		t.Errorf("processes by devices: %v", made)
	}
}

// A process that was killed while it was idle does not fail the next cell.
func TestKilledIdleProcessIsReplaced(t *testing.T) {
	l := newLab(t)
	for range 5 {
		pid, err := strconv.Atoi(l.mustMake(own))
		if err != nil {
			t.Fatal(err)
		}
		unix.Kill(pid, unix.SIGKILL)
		if next := l.mustMake(own); next == strconv.Itoa(pid) {
			t.Error("the cell ran in a process that was killed")
		}
	}
}

// A process that ends while it serves a cell has crashed, however many it has served before.
func TestKilledProcessFailsItsCellOnly(t *testing.T) {
	l := newLab(t)
	first := l.mustMake(own)
	_, _, err := l.script(t.Context(), "kill -9 $PPID; sleep 600")
	if pipeline.CodeOf(err) != pipeline.Crashed {
		t.Errorf("got %v", err)
	}
	if next := l.mustMake(own); next == first {
		t.Error("the next cell ran in the process that was killed")
	}
}

func TestEachCellHasItsOwnLogAndUsage(t *testing.T) {
	l := newLab(t)
	const hungry = `x=$(head -c 100000000 /dev/zero | tr '\0' a); echo big; echo "$x" | wc -c >out/x`
	const modest = `echo small; echo small >&2; echo >out/x`
	log := func(r *store.Record) string {
		path, err := l.cache.Fetch(t.Context(), *r.Log)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := os.ReadFile(path)
		_, text2, _ := strings.Cut(string(text), "\n") // the first line is the command
		lines := strings.Split(strings.TrimSpace(text2), "\n")
		return lines[len(lines)-1]
	}
	before, used1, err := l.script(t.Context(), modest)
	if err != nil {
		t.Fatal(err)
	}
	big, used2, err := l.script(t.Context(), hungry)
	if err != nil {
		t.Fatal(err)
	}
	after, used3, err := l.script(t.Context(), modest)
	if err != nil {
		t.Fatal(err)
	}
	if a, b, c := log(before), log(big), log(after); a != "small" || b != "big" || c != "small" {
		t.Errorf("the logs end with %q, %q, %q", a, b, c)
	}
	if used2.PeakMemory < 90<<20 || used1.PeakMemory > 90<<20 || used3.PeakMemory > 90<<20 || used3.PeakMemory < 1<<20 {
		t.Errorf("peak memory %d, %d, %d", used1.PeakMemory, used2.PeakMemory, used3.PeakMemory)
	}
	if used2.CPU < 10*time.Millisecond || used3.CPU > used2.CPU || used3.CPU <= 0 {
		t.Errorf("processor time %s, %s, %s", used1.CPU, used2.CPU, used3.CPU)
	}
}

// What a background process used counts, too.
func TestUsageOfAdoptedProcessesCounts(t *testing.T) {
	l := newLab(t)
	const grandchild = `(setsid sh -c 'x=$(head -c 100000000 /dev/zero | tr "\0" a); echo done >out/x' >/dev/null 2>&1 &); until test -s out/x; do sleep 0.01; done`
	_, used, err := l.script(t.Context(), grandchild)
	if err != nil {
		t.Fatal(err)
	}
	if used.PeakMemory < 90<<20 {
		t.Errorf("peak memory %d", used.PeakMemory)
	}
}

// A program may run for hours and leave many processes that end.
func TestAdoptedProcessesAreReapedWhileTheProgramRuns(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const many = `for i in 0 1 2 3 4 5 6 7 8 9; do (sh -c : &); done
		until test "$(cat /proc/$PPID/task/*/children | tr -d ' ')" = $$; do sleep 0.05; done; echo >out/x`
	if _, _, err := l.script(ctx, many); err != nil {
		t.Error(err)
	}
}

func TestCloseEndsIdleProcesses(t *testing.T) {
	l := newLab(t)
	pid, err := strconv.Atoi(l.mustMake(own))
	if err != nil {
		t.Fatal(err)
	}
	l.p.Close()
	if _, ok := readProcess(pid); ok {
		t.Errorf("process %d is there after Close", pid)
	}
	if next := l.mustMake(own); next == strconv.Itoa(pid) {
		t.Error("the cell ran in a process that had ended")
	}
}

// BenchmarkCommand measures a command that does almost nothing, in a process that is reused.
func BenchmarkCommand(b *testing.B) {
	l := newLab(b)
	for b.Loop() {
		if _, _, err := l.script(b.Context(), "echo >out/x"); err != nil {
			b.Fatal(err)
		}
	}
}
