package local

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/digest"
	"foil/internal/store/disk"
	"foil/pipeline"
)

// ways are the ways in which a process can leave a script. SURVIVOR is a program that does not end.
var ways = map[string]string{
	"holds the pipes":       `SURVIVOR &`,
	"without the pipes":     `SURVIVOR >/dev/null 2>&1 &`,
	"nohup":                 `nohup SURVIVOR >/dev/null 2>&1 &`,
	"setsid":                `setsid SURVIVOR >/dev/null 2>&1 </dev/null &`,
	"setsid with the pipes": `setsid SURVIVOR &`,
	"double fork":           `(SURVIVOR <&- >&- 2>&- 3>&- &)`,
	"daemon":                `(cd /; setsid sh -c 'SURVIVOR &' <&- >&- 2>&- 3>&-)`,
	"no environment":        `(cd /; env -i setsid SURVIVOR <&- >&- 2>&- 3>&- &)`,
}

// stubborn are programs that do not end.
var stubborn = map[string]string{
	"sleeps":          `sh -c "sleep 600; : TOKEN"`,
	"ignores SIGTERM": `sh -c "trap : HUP TERM INT; while :; do sleep 0.05; done; : TOKEN"`,
	"is stopped":      `sh -c "kill -STOP \$\$; sleep 600; : TOKEN"`,
	"writes":          `sh -c "while :; do sleep 0.01; echo more >>DIR/written; done; : TOKEN"`,
}

// leaving is a script that leaves a stubborn program in every way.
func leaving(survivor string) string {
	var script strings.Builder
	for _, start := range ways {
		script.WriteString(strings.ReplaceAll(start, "SURVIVOR", survivor) + "\n")
	}
	return script.String()
}

// chain is a program that starts its successor and ends, a thousand times or more. Each has a
// session of its own.
const chain = `N=0 C='test $N = 5000 || N=$((N+1)) setsid sh -c "$C" &' sh -c 'eval "$C"' >/dev/null 2>&1`

func TestProgramThatLeavesProcessesFailsAndNothingRemains(t *testing.T) {
	scripts := map[string]string{
		"a chain":      chain,
		"four chains":  strings.Repeat(chain+"\n", 4),
		"a late write": `setsid sh -c 'exec 3<>out/x; sleep 600; printf BBBB >&3' >/dev/null 2>&1 </dev/null & sleep 0.05`,
	}
	for way, start := range ways {
		scripts[way] = strings.ReplaceAll(start, "SURVIVOR", stubborn["sleeps"])
	}
	for name, survivor := range stubborn {
		scripts[name] = leaving(survivor)
	}
	l := newLab(t)
	t.Run("all", func(t *testing.T) { // returns after the parallel tests
		for name, script := range scripts {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				l := newLab(t)
				r, _, err := l.script(t.Context(), "printf AAAA >out/x\n"+script)
				const want = "sh ended before the background processes that it had started; let it wait for them (1.5s later still running: "
				if r != nil || err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v", err)
				}
				if err != nil && !strings.Contains(name, "chain") && !strings.Contains(err.Error(), "sh (PID ") {
					t.Errorf("%q does not name the program", err)
				}
				l.mustBeAlone("after the cell")
				if got := l.mustMake("echo next >out/x"); got != "next" {
					t.Errorf("the next cell wrote %q", got)
				}
			})
		}
	})
	l.mustBeAlone("at the end")
}

// Programs may leave processes that end soon. What these write is part of the output. In these
// scripts they wait until the program has ended.
func TestProcessesThatEndSoonAreAwaited(t *testing.T) {
	const after = `while kill -0 $PROGRAM 2>/dev/null; do sleep 0.01; done; echo late >>out/x`
	l := newLab(t)
	for name, script := range map[string]string{
		"holds the pipes":   `(AFTER) &`,
		"without the pipes": `(AFTER) >/dev/null 2>&1 &`,
		"setsid":            `setsid sh -c 'AFTER' >/dev/null 2>&1 </dev/null &`,
		"double fork":       `(setsid sh -c '(AFTER) <&- >&- 2>&- 3>&- &')`,
	} {
		if got := l.mustMake("export PROGRAM=$$\necho first >out/x\n" + strings.ReplaceAll(script, "AFTER", after)); got != "first\nlate" {
			t.Errorf("%s: the output is %q", name, got)
		}
	}
	// Processes that ended before the program, and that nobody waits for.
	if got := l.mustMake(`(setsid sh -c 'echo gone >out/x &'); until test -s out/x; do sleep 0.01; done`); got != "gone" {
		t.Errorf("the output is %q", got)
	}
}

// What a failed program leaves is ended, too.
func TestFailedProgramLeavesNothing(t *testing.T) {
	l := newLab(t)
	for name, survivor := range map[string]string{"sleeps": stubborn["sleeps"], "ignores SIGTERM": stubborn["ignores SIGTERM"]} {
		_, _, err := l.script(t.Context(), leaving(survivor)+"exit 3")
		if err == nil || !strings.Contains(err.Error(), "sh ended with exit status 3") {
			t.Errorf("%s: got %v", name, err)
		}
		l.mustBeAlone(name)
	}
}

// A kind of foil's own that leaves a process fails, too.
func TestKindThatLeavesAProcessFails(t *testing.T) {
	_, _, err := newLab(t).do(t.Context(), "test/leave")
	if err == nil || !strings.Contains(err.Error(), `the cell ended before the processes that it had started (1.5s later still running: sleep (PID `) || !strings.Contains(err.Error(), `, "sleep 600"))`) {
		t.Errorf("got %v", err)
	}
}

// The script kills the process of its cell. This process adopts what it leaves, and ends it.
func TestKilledChildLeavesNothing(t *testing.T) {
	witness := newLab(t)
	running := make(chan error, 1)
	go func() { // another cell is not affected
		_, _, err := witness.script(t.Context(), "echo >DIR/started; until test -e DIR/end; do sleep 0.01; done; sleep 0.1 & wait; echo x >out/x")
		running <- err
	}()
	witness.await("started")
	l := newLab(t)
	for name, script := range map[string]string{
		"sleeps": leaving(stubborn["sleeps"]), "ignores SIGTERM": leaving(stubborn["ignores SIGTERM"]), "a chain": chain + "\n" + chain,
	} {
		_, _, err := l.script(t.Context(), "printf x >out/x\n"+script+"\nkill -9 $PPID\nsleep 600")
		if pipeline.CodeOf(err) != pipeline.Crashed {
			t.Errorf("%s: got %v", name, err)
		}
		l.mustBeAlone(name)
	}
	witness.signal("end")
	if err := <-running; err != nil {
		t.Errorf("the cell beside them: %v", err)
	}
}

// A cancelled cell asks its processes to end, and ends them a little later.
func TestCancelledProgramLeavesNothing(t *testing.T) {
	l := newLab(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		awaitFile(t, filepath.Join(l.dir, "started"))
		cancel()
	}()
	_, _, err := l.script(ctx, "trap : TERM\n"+leaving(stubborn["ignores SIGTERM"])+`
		setsid sh -c "trap 'echo bye >DIR/bye; exit' TERM; echo >DIR/started; while :; do sleep 0.01; done" &
		while :; do sleep 0.05; done`)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	l.mustBeAlone("after the cell")
	if got := l.await("bye"); got != "bye" {
		t.Errorf("a process in another session was not asked to end: %q", got)
	}
}

// Kill is the second Ctrl-C: when it returns, nothing is left.
func TestKillLeavesNothing(t *testing.T) {
	for name, cancelled := range map[string]bool{"at once": false, "after a first one": true} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 2)
			for _, started := range []string{"one", "two"} {
				go func() {
					_, _, err := l.script(ctx, leaving(stubborn["ignores SIGTERM"])+chain+"\necho >DIR/"+started+"\ntrap : TERM\nwhile :; do sleep 0.05; done")
					ended <- err
				}()
			}
			l.await("one")
			l.await("two")
			if cancelled {
				cancel()
			}
			l.p.Kill()
			l.mustBeAlone("after Kill")
			for range 2 {
				if err := <-ended; err == nil {
					t.Error("no error")
				}
			}
			if _, _, err := l.script(t.Context(), "echo x >out/x"); !errors.Is(err, errKilled) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// After its parent was killed, a child ends all that its task started. The lease lasts until then.
func TestOrphanedChildLeavesNothing(t *testing.T) {
	l := newLab(t)
	cache := t.TempDir()
	script := leaving(stubborn["ignores SIGTERM"]) + chain + "\ntrap : TERM\necho >DIR/started\nwhile :; do sleep 0.05; done"
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), orphanCache+"="+cache, orphanScript+"="+l.fill(script))
	parent.Stderr = os.Stderr
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	l.await("started")
	parent.Process.Kill()
	parent.Wait()
	c, err := disk.Open(cache)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	acquire(t, c, digest.KeyOf("orphan")).Release()
	l.mustBeAlone("when the lease is free")
}
