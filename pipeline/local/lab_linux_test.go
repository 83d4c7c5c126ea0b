package local

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"foil/internal/store"
	"foil/pipeline"
)

// A lab runs scripts as tasks of the kind command.
type lab struct {
	*site
	p     *Processes
	token string // in the environment or the arguments of every process of a script
	dir   string // for files that scripts write
}

func newLab(t testing.TB) *lab {
	t.Helper()
	for _, program := range []string{"sh", "setsid", "nohup", "env", "sleep"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	l := &lab{p: processes(), token: "token" + rand.Text(), dir: t.TempDir()}
	l.site = newSite(t, l.p)
	t.Cleanup(func() { // a test that fails must not leave them
		for _, pid := range l.survivors() {
			unix.Kill(pid, unix.SIGKILL)
		}
	})
	return l
}

// scriptTask makes a task of a script that writes out/x. In the script, TOKEN and DIR stand for
// those of the lab.
func (l *lab) scriptTask(script string) *pipeline.Task { return scriptTask(l.fill(script)) }

func (l *lab) fill(script string) string {
	return strings.NewReplacer("TOKEN", l.token, "DIR", l.dir).Replace("export FOIL_TEST=TOKEN\n" + script)
}

// script runs a script.
func (l *lab) script(ctx context.Context, script string) (*store.Record, pipeline.Usage, error) {
	l.Helper()
	return l.doTask(ctx, l.scriptTask(script))
}

// mustMake runs a script that succeeds, and returns what it wrote.
func (l *lab) mustMake(script string) string {
	l.Helper()
	r, _, err := l.script(l.Context(), script)
	if err != nil {
		l.Fatalf("%s: %v", script, err)
	}
	return strings.TrimSpace(l.text(r))
}

// survivors lists the running processes of the scripts of this lab.
func (l *lab) survivors() []int { return withToken(l.token) }

func withToken(token string) []int {
	var found []int
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		env, _ := os.ReadFile(filepath.Join(dir, "environ"))
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if p, ok := readProcess(pid); ok && !p.ended && bytes.Contains(append(env, line...), []byte(token)) {
			found = append(found, pid)
		}
	}
	return found
}

// mustBeAlone fails if a process of a script is running.
func (l *lab) mustBeAlone(after string) {
	l.Helper()
	for _, pid := range l.survivors() {
		l.Errorf("%s: %s is still running", after, describe(pid))
	}
}

// await waits for a file of a script, and returns its content.
func (l *lab) await(name string) string {
	l.Helper()
	return awaitFile(l, filepath.Join(l.dir, name))
}

func awaitFile(t testing.TB, path string) string {
	t.Helper()
	for range 6000 {
		if text, err := os.ReadFile(path); err == nil && bytes.HasSuffix(text, []byte("\n")) {
			return strings.TrimSpace(string(text))
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%s was not written", path)
	return ""
}

// signal makes a file that a script waits for.
func (l *lab) signal(name string) {
	l.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, name), nil, 0o666); err != nil {
		l.Fatal(err)
	}
}
