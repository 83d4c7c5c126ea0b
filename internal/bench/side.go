package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// A Task is the input of both sides of a comparison, as JSON: a number of steps, of which the first
// ones are warm-up steps.
type Task interface {
	Name() string
	Counts() (warmup, steps int)
}

// A Result is the result of a side for a task.
type Result struct {
	Version string    `json:"version"` // version of its library
	StepMS  []float64 `json:"step_ms"` // milliseconds of each timed step
	Losses  []Losses  `json:"losses"`  // of every step, warm-up included
}

// Losses are the losses of a step, which show whether the sides do the same work.
type Losses map[string]float64

// A Program is the command line of a side: it takes a task on standard input and
// writes a result to standard output.
type Program struct {
	Name  string
	Args  []string
	Needs string // advice when it fails
}

// Python makes a side of a Python script.
func Python(interpreter, script string, args ...string) Program {
	return Program{
		Name: "PyTorch", Args: append([]string{interpreter, "-c", script}, args...),
		Needs: " (-python must name an interpreter with the packages of requirements.txt)",
	}
}

// Self makes a side of this program with an argument, so that both sides have the cost of a new
// process.
func Self(arg string) (Program, error) {
	self, err := os.Executable()
	return Program{Name: "foil", Args: []string{self, arg}}, err
}

// Serve is the main function of foil's side.
func Serve[T any](in io.Reader, out io.Writer, run func(T) (Result, error)) error {
	var task T
	if err := json.NewDecoder(in).Decode(&task); err != nil {
		return fmt.Errorf("the task on standard input: %w", err)
	}
	result, err := run(task)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}

// Run runs the steps of a task. It returns the result and the peak resident memory of the program
// in bytes (0: not known).
func (p Program) Run(ctx context.Context, t Task) (Result, int64, error) {
	input, err := json.Marshal(t)
	if err != nil {
		return Result{}, 0, err
	}
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, p.Args[0], p.Args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(input), &stdout, &stderr
	c.Env = Without(os.Environ(), tuning)
	err = c.Run()
	switch {
	case ctx.Err() != nil:
		return Result{}, 0, ctx.Err() // the output of an interrupted side is not useful
	case err != nil:
		return Result{}, 0, fmt.Errorf("%s: %s: %w%s\n%s", p.Name, p.Args[0], err, p.Needs, stderr.Bytes())
	}
	var r Result
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		return Result{}, 0, fmt.Errorf("%s: its standard output is not a result: %w\n%s", p.Name, err, stderr.Bytes())
	}
	warmup, steps := t.Counts()
	if len(r.StepMS) != steps || len(r.Losses) != warmup+steps {
		return Result{}, 0, fmt.Errorf("%s: times of %d steps and losses of %d, where %d and %d were asked for",
			p.Name, len(r.StepMS), len(r.Losses), steps, warmup+steps)
	}
	return r, PeakMemory(c.ProcessState), nil
}

// tuning are the prefixes of environment variables that change how fast a side computes. Both sides
// run with the defaults.
var tuning = []string{"OPENBLAS_", "OMP_", "GOMP_", "KMP_", "MKL_", "TORCH_", "ATEN_", "MALLOC_", "GOMAXPROCS=", "GOGC=", "GOMEMLIMIT=", "GODEBUG="}
