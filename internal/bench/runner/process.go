package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"foil/internal/bench"
)

// A Cost is the time and memory of a command.
type Cost struct {
	Seconds float64
	CPU     float64 // processor seconds of its process and the processes it waited for
	Memory  int64   // largest resident memory of one of them, bytes; 0: not known
}

// tuning are the prefixes of environment variables that change what a tool does
// or how fast. All run with their defaults.
var tuning = []string{"FOIL_", "DVC_", "SNAKEMAKE_", "XDG_", "SHELL=", "GOMAXPROCS=", "GOGC=", "GOMEMLIMIT=", "GODEBUG=", "MALLOC_", "PYTHONPROFILE", "PYTHONDONTWRITEBYTECODE="}

// environment is the environment of every tool: its user files are in a folder of the round, and it
// sends no usage statistics.
func environment(user string) []string {
	return append(bench.Without(os.Environ(), tuning),
		"SHELL=/bin/sh",
		"DVC_NO_ANALYTICS=1",
		"DVC_SITE_CACHE_DIR="+filepath.Join(user, "dvc"),
		"XDG_CONFIG_HOME="+filepath.Join(user, "config"),
		"XDG_CACHE_HOME="+filepath.Join(user, "cache"),
	)
}

// A Folder is the new, empty folder of a tool in a round.
type Folder struct {
	root string // to be removed
	dir  string // of the definition
	env  []string
}

func newFolder() (*Folder, error) {
	root, err := os.MkdirTemp("", "foil-peer-")
	if err != nil {
		return nil, err
	}
	f := &Folder{root: root, dir: filepath.Join(root, "chains"), env: environment(filepath.Join(root, "user"))}
	if err := os.Mkdir(f.dir, 0o777); err != nil {
		f.remove()
		return nil, err
	}
	return f, nil
}

// remove removes the folder. It ignores errors, because the folder is a temporary one.
func (f *Folder) remove() { _ = os.RemoveAll(f.root) }

// execute runs a command of a tool and returns what it wrote.
func (f *Folder) execute(ctx context.Context, t Tool, args []string) (string, Cost, error) {
	flush() // pending writes of other tools must not slow down this one
	var said bytes.Buffer
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir, c.Env, c.Stdout, c.Stderr = f.dir, f.env, &said, &said
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	start := time.Now()
	err := c.Run()
	cost := Cost{Seconds: time.Since(start).Seconds()}
	switch {
	case ctx.Err() != nil:
		return "", cost, ctx.Err() // the output of an interrupted tool is not useful
	case err != nil:
		return "", cost, fmt.Errorf("%s: %q: %w%s\n%s", t.Name, args, err, t.Needs, lastLines(said.Bytes(), 30))
	}
	cost.CPU = (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	cost.Memory = bench.PeakMemory(c.ProcessState)
	return said.String(), cost, nil
}

// lastLines are the last lines of a tool's output, which contain the reason of a failure.
func lastLines(text []byte, n int) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	return bytes.Join(lines[max(0, len(lines)-n):], nil)
}
