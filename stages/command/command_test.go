//go:build unix

package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"foil/internal/kindtest"
	"foil/pipeline"
	"foil/spec"
)

func str(s string) spec.Value { return spec.Value{Type: spec.String, Str: s} }

// shell makes parameters that run a script.
func shell(script string, outputs ...string) *Params {
	return &Params{Run: []spec.Text{"sh", "-c", spec.Text(script)}, Outputs: outputs, Type: typeFiles}
}

// artifactOf makes one of a file.
func artifactOf(t *testing.T, name, content string) pipeline.Artifact {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o444); err != nil {
		t.Fatal(err)
	}
	a, err := pipeline.DirArtifact(dir)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func read(t *testing.T, a pipeline.Artifact, name string) string {
	t.Helper()
	path, err := a.Path(name)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// newCell makes a cell whose scratch folder is its own.
func newCell(t *testing.T) *pipeline.Cell {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	if err := os.Mkdir(out, 0o777); err != nil {
		t.Fatal(err)
	}
	return &pipeline.Cell{OutDir: out}
}

func scratchOf(cell *pipeline.Cell) string {
	return cell.OutDir + scratchSuffix
}

func TestProgramFindsItsFilesAndInputs(t *testing.T) {
	cell := newCell(t)
	cell.Sources = []pipeline.Source{{Name: "lib/one", Content: []byte("1")}}
	cell.Inputs = map[string]pipeline.Artifact{"text": artifactOf(t, "x", "2")}
	axes := []pipeline.AxisValue{
		{Axis: "b", Value: spec.Value{Type: spec.Bool, Bool: true}}, {Axis: "f", Value: spec.Value{Type: spec.Float, Float: 0.5}},
		{Axis: "i", Value: spec.Value{Type: spec.Int, Int: 7}}, {Axis: "s", Value: str("x")},
	}
	cell.Gathered = map[string][]pipeline.GatheredCell{"all": {{Artifact: artifactOf(t, "y", "0")}, {Axes: axes, Artifact: artifactOf(t, "y", "3")}}}
	p := shell("cat lib/one in/text/x in/all/1/y >out/z; cp in/all/cells.json out/", "z", "cells.json")
	a := kindtest.MustRun(t, Command(), p, cell)
	if got := read(t, a, "z"); got != "123" {
		t.Errorf("got %q", got)
	}
	var cells []gatheredCell
	if err := json.Unmarshal([]byte(read(t, a, "cells.json")), &cells); err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(cells)
	if want := `[{"folder":"0","axes":{}},{"folder":"1","axes":{"b":true,"f":0.5,"i":7,"s":"x"}}]`; string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := os.Stat(scratchOf(cell)); err == nil {
		t.Error("the scratch folder of a run that went well is still there")
	}
}

func TestEachRunHasAFreshFolder(t *testing.T) {
	cell := newCell(t)
	p := shell("touch left out/x; exit 1", "x")
	if _, err := kindtest.Run(t, Command(), p, cell); err == nil {
		t.Fatal("no error")
	}
	if _, err := os.Stat(filepath.Join(scratchOf(cell), "left")); err != nil {
		t.Errorf("a failed run leaves nothing to look into: %v", err)
	}
	p = shell("test ! -e left && test ! -e out/x && touch out/x", "x")
	if _, err := kindtest.Run(t, Command(), p, cell); err != nil {
		t.Error(err)
	}
}

// Root may write to any file, and people run containers as root. Other users can make their own
// files writable. It does not matter whether the time of the file is restored.
func TestChangedInputIsAnError(t *testing.T) {
	const python = "python3"
	for name, script := range map[string]string{
		"appended":           "chmod u+w in/text/x; echo more >>in/text/x",
		"in place":           "touch -r in/text/x stamp; chmod u+w in/text/x; printf 3 >in/text/x; touch -r stamp in/text/x",
		"in place, hidden":   "touch -r in/text/x stamp; chmod u+w in/text/x; printf 3 | dd of=in/text/x conv=notrunc; touch -r stamp in/text/x; chmod u-w in/text/x",
		"cut first":          "touch -r in/text/x stamp; chmod u+w in/text/x; : >in/text/x; printf 3 >in/text/x; touch -r stamp in/text/x",
		"only its time":      "touch in/text/x",
		"replaced":           `f=$(readlink in/text/x); printf 3 >new; touch -r "$f" new; mv -f new "$f"`,
		"replaced by a copy": `f=$(readlink in/text/x); cp -p "$f" new; mv -f new "$f"`,
		"removed":            `rm -f "$(readlink in/text/x)"`,
		"through memory":     python + ` -c "import mmap,os;p='in/text/x';s=os.stat(p);os.chmod(p,0o600);f=open(p,'r+b');m=mmap.mmap(f.fileno(),0);m[0]=m[0]+1;m.close();f.close();os.utime(p,ns=(s.st_atime_ns,s.st_mtime_ns))"`,
		"and then it fails":  "chmod u+w in/text/x; printf 3 >in/text/x; echo no luck >&2; exit 3",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(python); err != nil && strings.HasPrefix(script, python) {
				t.Skip(err)
			}
			cell := newCell(t)
			cell.Inputs = map[string]pipeline.Artifact{"text": artifactOf(t, "x", "2")}
			_, err := kindtest.Run(t, Command(), shell(script+"; touch out/y", "y"), cell)
			if err == nil || !strings.Contains(err.Error(), "the program changed in/text/x; inputs are read-only") || pipeline.CodeOf(err) != pipeline.InputChanged {
				t.Errorf("got %v", err)
			}
			if strings.Contains(script, "no luck") && !strings.Contains(err.Error(), "no luck") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestInputThatKeepsItsContentIsNoError(t *testing.T) {
	for name, script := range map[string]string{
		"read":              "cat in/text/x",
		"permissions":       "chmod u+w in/text/x",
		"time of access":    "touch -a in/text/x",
		"another link":      `ln "$(readlink in/text/x)" "$(readlink in/text/x).backup"`,
		"its link replaced": "rm in/text/x; printf 3 >in/text/x",
		"restored":          "cp -p in/text/x old; chmod u+w in/text/x; printf 3 >in/text/x; cp -p old in/text/x",
	} {
		cell := newCell(t)
		cell.Inputs = map[string]pipeline.Artifact{"text": artifactOf(t, "x", "2")}
		if _, err := kindtest.Run(t, Command(), shell(script+" && touch out/y", "y"), cell); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProgramIsAskedToEndBeforeItIsKilled(t *testing.T) {
	cell := newCell(t)
	ctx, cancel := context.WithCancel(t.Context())
	log := &watcher{until: "started", then: cancel}
	cell.OnLog = log
	p := shell(`trap 'echo bye; exit 0' TERM; echo started; while :; do sleep 0.05; done`, "x")
	err := Command().Run(ctx, cell, p)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(log.String(), "\nbye\n") {
		t.Errorf("the log is %q", log.String())
	}
}

// A watcher is a log that acts on what it is told.
type watcher struct {
	mu    sync.Mutex
	text  bytes.Buffer
	until string
	then  func()
}

func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	if strings.Contains(string(p), w.until+"\n") {
		w.then()
	}
	return len(p), nil
}

func (w *watcher) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// Package local tests processes that do not hold the output open.
func TestWhatIsLeftInTheBackgroundIsAnError(t *testing.T) {
	cell := newCell(t)
	p := shell("touch out/x; sleep 1000 &", "x")
	_, err := kindtest.Run(t, Command(), p, cell)
	if err == nil || !strings.Contains(err.Error(), "sh ended before the background processes that it had started; let it wait for them (1.5s later something still had its output open)") {
		t.Errorf("got %v", err)
	}
}

func TestEnvironmentIsDeclared(t *testing.T) {
	callers := map[string]string{"PATH": "/bin", "HOME": "/home/x", "SECRET": "s", "CARD": "7", "OMP_NUM_THREADS": "99", "LEVEL": "1", "CUDA_VISIBLE_DEVICES": "2"}
	lookup := func(name string) (string, bool) { v, ok := callers[name]; return v, ok }
	for _, test := range []struct {
		name string
		p    Params
		want []string
	}{
		{"nothing", Params{}, []string{"CUDA_VISIBLE_DEVICES=2", "HOME=/home/x", "OMP_NUM_THREADS=3", "PATH=/bin"}},
		{"declared", Params{Env: map[string]spec.Text{"LEVEL": "5", "OMP_NUM_THREADS": "1", "HOME": "/"}},
			[]string{"CUDA_VISIBLE_DEVICES=2", "HOME=/", "LEVEL=5", "OMP_NUM_THREADS=1", "PATH=/bin"}},
		{"inherited", Params{Inherit: []string{"CARD", "NOWHERE"}}, []string{"CARD=7", "CUDA_VISIBLE_DEVICES=2", "HOME=/home/x", "OMP_NUM_THREADS=3", "PATH=/bin"}},
		{"threads inherited", Params{Inherit: []string{"OMP_NUM_THREADS"}}, []string{"CUDA_VISIBLE_DEVICES=2", "HOME=/home/x", "OMP_NUM_THREADS=99", "PATH=/bin"}},
	} {
		if got := test.p.environment(3, lookup); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}
