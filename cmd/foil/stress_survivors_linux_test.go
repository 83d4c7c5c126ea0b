package main

import (
	"bytes"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"foil/internal/testenv"
)

// In survivorSpec, every cell leaves writers that do not end, in all sessions, with and without its
// files open. With CALM set, all cells succeed. That variable is not in the key.
const survivorSpec = `name: survivors
stages:
  late:
    uses: command
    matrix: {way: [pipes, quiet, session, closed, daemon, chain]}
    with: {run: [sh, start.sh, "${matrix.way}"], files: [start.sh, write.sh], outputs: [x], inherit: [CALM, TOKEN]}
  soon:
    uses: command
    matrix: {i: [0, 1, 2]}
    with: {run: [sh, soon.sh, "${matrix.i}"], files: [soon.sh], outputs: [x], inherit: [TOKEN]}
  after: {uses: command, gather: {soon: soon}, with: {run: [sh, -c, "cat in/soon/*/x >out/x"], outputs: [x], inherit: [TOKEN]}}
`

// survivorFiles are the programs of survivorSpec.
var survivorFiles = map[string]string{
	"survivors.yaml": survivorSpec,
	"start.sh": `echo $1 >out/x
test -n "$CALM" && exit
case $1 in
pipes) sh write.sh & ;;
quiet) sh write.sh >/dev/null 2>&1 & ;;
session) setsid sh write.sh >/dev/null 2>&1 </dev/null & ;;
closed) (setsid sh write.sh <&- >&- 2>&- 3>&- &) ;;
daemon) (P=$PWD; cd /; setsid sh -c "sh $P/write.sh $P &" <&- >&- 2>&- 3>&-) ;;
chain) N=0 C='test $N = 5000 || N=$((N+1)) setsid sh -c "$C" &' sh -c 'eval "$C"' >/dev/null 2>&1 ;;
esac
sleep 0.$(($$ % 3))
`,
	"write.sh": `trap : TERM INT HUP
cd ${1:-.}
exec 4<>out/x
while :; do printf z >&4; echo z >>out/x; echo z >out/y; sleep 0.01; done 2>/dev/null
`,
	"soon.sh": `export P=$$
echo $1 >out/x
(setsid sh -c 'while kill -0 $P 2>/dev/null; do sleep 0.01; done; echo late >>out/x' >/dev/null 2>&1 &)
`,
}

// TestKilledRunsLeaveNoWriters interrupts runs whose programs leave processes behind, and kills
// foil or its cells, at any moment. No process remains, and what is published is as good as from a
// run in which no program left any.
func TestKilledRunsLeaveNoWriters(t *testing.T) {
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Skip(err)
	}
	r := newRig(t)
	for name, text := range survivorFiles {
		r.write(name, []byte(text))
	}
	token := rand.Text()
	t.Cleanup(func() {
		for _, pid := range withToken(token) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	run := func(cache string, env ...string) (*exec.Cmd, *bytes.Buffer) {
		cmd, said := r.foil(cache, "run", "survivors.yaml", "--jobs", "3", "--cores", "3")
		cmd.Env = append(append(cmd.Env, "TOKEN="+token), env...)
		return cmd, said
	}
	calm := func(cache string) string {
		cmd, said := run(cache, "CALM=yes")
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		return r.digests(cache)
	}
	want := calm("undisturbed")
	cmd, said := run("cache")
	if err := cmd.Run(); err == nil || strings.Count(said.String(), "\nFAILED late[way=") != 6 || !strings.Contains(said.String(), "10 cells: 0 cached, 4 made, 6 failed") {
		t.Errorf("%v\n%s", err, said)
	}
	nothingRemains(t, token, "after a whole run", 0)
	for range testenv.Times(t, 6) {
		cmd, _ := run("cache")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(r.rnd.Int64N(int64(2 * time.Second))))
		what, patience := "", time.Duration(0)
		switch r.rnd.IntN(4) {
		case 0:
			what = "after a Ctrl-C"
			cmd.Process.Signal(os.Interrupt)
		case 1:
			what = "after two Ctrl-C"
			cmd.Process.Signal(os.Interrupt)
			time.Sleep(time.Duration(r.rnd.Int64N(int64(time.Second))))
			cmd.Process.Signal(os.Interrupt)
		case 2:
			what = "after a cell's process was killed"
			r.killACell(cmd)
		case 3:
			what, patience = "after foil was killed", time.Minute // its cells end a moment later
			cmd.Process.Kill()
		}
		cmd.Wait()
		nothingRemains(t, token, what, patience)
	}
	if got := calm("cache"); got != want {
		t.Errorf("the records are\n%s\nwant\n%s", got, want)
	}
	check, said := r.foil("cache", "verify")
	if err := check.Run(); err != nil || !strings.Contains(said.String(), "0 problems") {
		t.Errorf("%v\n%s", err, said)
	}
}

// nothingRemains fails if a process with a token is running after some time.
func nothingRemains(t *testing.T, token, when string, patience time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		left := withToken(token)
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			line, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(left[0]), "cmdline"))
			t.Fatalf("%s %d processes are running: %q", when, len(left), line)
		}
	}
}

// withToken lists the running processes that have a token in their environment.
func withToken(token string) []int {
	var found []int
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		if env, err := os.ReadFile(filepath.Join(dir, "environ")); err != nil || !bytes.Contains(env, []byte(token)) {
			continue // the environment of a process that has ended is empty
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			found = append(found, pid)
		}
	}
	return found
}
