package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
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

// execute runs the program to its end, in an environment if there is one.
func execute(ctx context.Context, dir, environment string, p *Params, cell *pipeline.Cell) error {
	args := p.arguments()
	env := p.environment(cell.Cores, os.LookupEnv)
	if environment != "" {
		env = inEnvironment(env, environment)
	}
	path, err := find(args[0], dir, env)
	if err != nil {
		return fmt.Errorf("run[0]: %w", err)
	}
	return step{path, args, dir, env}.run(ctx, cell)
}

// A step is a program that a cell starts.
type step struct {
	path string
	args []string // the first one is its name
	dir  string   // in which it runs
	env  []string
}

// run runs the program to its end.
func (s step) run(ctx context.Context, cell *pipeline.Cell) (err error) {
	cell.Logf("run %q (%s)", s.args, s.path)
	lock := &sync.Mutex{}
	log := newCappedLog(cell, logLimit, logTail)
	said := newLastWords()
	cmd := exec.CommandContext(ctx, s.path)
	cmd.Args = s.args
	cmd.Dir = s.dir
	cmd.Env = s.env
	cmd.Stdout = locked{lock, io.MultiWriter(log, said.stdout)}
	cmd.Stderr = locked{lock, io.MultiWriter(log, said.stderr)}
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
	log.close()
	return explain(ctx, err, cmd, said)
}

// explain returns the error of a program that did not succeed.
func explain(ctx context.Context, err error, cmd *exec.Cmd, said *lastWords) error {
	program := cmd.Args[0]
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
		return cannotStart(cmd, err)
	}
	return fmt.Errorf("%s %s%s%s\n  ran in: %s", program, ending(exit), said, scriptProblem(cmd, exit.ExitCode()), cmd.Dir)
}

// ending says how a program ended.
func ending(exit *exec.ExitError) string {
	const shellKilled = 128 + 9 // the exit status of a shell whose last program was killed
	if killed := pipeline.Killed(exit.ProcessState); killed != "" {
		return "was " + killed
	}
	text := fmt.Sprintf("ended with %v", exit)
	if exit.ExitCode() == shellKilled {
		text += ", which a shell returns for a program that was killed by signal 9, SIGKILL: out of memory?"
	}
	return text
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
		env[name] = string(v)
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
