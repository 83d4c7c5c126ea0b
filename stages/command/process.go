package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"foil/pipeline"
)

// grace is the time that a program has after the request to end, and that the processes which it has
// left running have after its end. A cell must end within two seconds after a run was interrupted.
const grace = 1500 * time.Millisecond

// handedOn lists the variables for locations on this machine. Few programs are found without PATH,
// and few find their own files (Python's user packages) without HOME. Clusters have space in TMPDIR.
// CUDA_VISIBLE_DEVICES holds the GPUs of the cell. The others are for Windows.
var handedOn = []string{"PATH", "HOME", "TMPDIR", "CUDA_VISIBLE_DEVICES", "TEMP", "USERPROFILE", "PATHEXT"}

// threadsVariable sets the number of threads of OpenMP, MKL, OpenBLAS and PyTorch. Without it each
// of several cells would use all cores.
const threadsVariable = "OMP_NUM_THREADS"

// execute runs the program to its end.
func execute(ctx context.Context, dir string, p *Params, cell *pipeline.Cell) error {
	args := p.arguments()
	path, err := find(args[0], dir)
	if err != nil {
		return err
	}
	cell.Logf("run %q (%s)", args, path)
	lock := &sync.Mutex{}
	log := cell.OnLog
	if log == nil {
		log = io.Discard
	}
	stderr := &tail{}
	cmd := exec.CommandContext(ctx, path)
	cmd.Args = args
	cmd.Dir = dir
	cmd.Env = p.environment(cell.Cores, os.LookupEnv)
	cmd.Stdout = locked{lock, log}
	cmd.Stderr = locked{lock, io.MultiWriter(log, stderr)}
	// With its own process group, the program does not get Ctrl-C from the terminal, and foil can
	// end the processes that the program has started.
	setGroup(cmd)
	cmd.Cancel = func() error {
		if cell.Programs == nil {
			return askToEnd(cmd.Process)
		}
		cell.Programs.Terminate()
		return nil
	}
	cmd.WaitDelay = grace
	runtime.LockOSThread() // see endWithFoil
	defer runtime.UnlockOSThread()
	if err = cmd.Start(); err == nil {
		if cell.Programs != nil {
			cell.Programs.Started(cmd.Process)
		}
		err = cmd.Wait()
	}
	if err == nil || errors.Is(err, exec.ErrWaitDelay) {
		err = awaitOthers(ctx, cell, cmd, err != nil)
	}
	if cell.Programs == nil && cmd.Process != nil {
		killGroup(cmd.Process)
	}
	lock.Lock()
	defer lock.Unlock()
	return explain(ctx, err, args[0], dir, stderr.String())
}

// explain returns the error of a program that did not succeed.
func explain(ctx context.Context, err error, program, dir, stderr string) error {
	var exit *exec.ExitError
	var left *leftError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &left):
		return fmt.Errorf("%s ended before the background processes that it had started; let it wait for them (%s later %w)", program, grace, left)
	case !errors.As(err, &exit):
		return fmt.Errorf("%s cannot be run: %w", program, err)
	}
	how := fmt.Sprintf("%s ended with %v", program, exit)
	if stderr != "" {
		how += "; last lines of stderr:\n    " + strings.ReplaceAll(stderr, "\n", "\n    ")
	} else {
		how += " and wrote nothing to stderr"
	}
	return fmt.Errorf("%s\n  It ran in %s", how, dir)
}

// find looks for a program on foil's PATH, or among the files in dir.
func find(program, dir string) (string, error) {
	if filepath.IsAbs(program) {
		return program, nil
	}
	if strings.ContainsRune(program, '/') {
		path := filepath.Join(dir, filepath.FromSlash(program))
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("run[0]: no program %q among the files of the stage; name it in files", program)
		}
		return path, nil
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return "", fmt.Errorf("run[0]: no program %q on the PATH; install it, or write ./%s if it is one of files", program, program)
	}
	return path, nil
}

// environment returns the whole environment of the program, sorted.
func (p *Params) environment(cores int, lookup func(string) (string, bool)) []string {
	env := map[string]string{}
	for _, name := range slices.Concat(handedOn, p.Inherit) {
		if value, ok := lookup(name); ok {
			env[name] = value
		}
	}
	if _, ok := env[threadsVariable]; !ok {
		env[threadsVariable] = strconv.Itoa(max(1, cores))
	}
	for name, v := range p.Env {
		env[name] = text(v)
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}

// locked is a writer with a shared lock, because stdout and stderr go into one log.
type locked struct {
	lock *sync.Mutex
	to   io.Writer
}

func (w locked) Write(p []byte) (int, error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.to.Write(p)
}

// A tail keeps the last lines of what is written to it.
type tail struct{ text []byte }

const (
	tailLines = 12
	tailBytes = 2000
)

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	if extra := len(t.text) - tailBytes; extra > 0 {
		t.text = append(t.text[:0], t.text[extra:]...)
	}
	return len(p), nil
}

// String returns at most the last tailLines lines. The first of them may be incomplete.
func (t *tail) String() string {
	lines := strings.Split(strings.TrimSpace(strings.ToValidUTF8(string(t.text), "")), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
