package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"

	"foil/internal/bench"
)

// foilSide is the argument with which this program is foil's side of a
// comparison: a workload on standard input, a result on standard output.
const foilSide = "foil-side"

//go:embed step.py
var script string

// A Program is the command line of a side.
type Program struct {
	Name  string
	Args  []string
	Needs string // said when it fails
}

func pythonProgram(interpreter string, fused bool) Program {
	p := Program{
		Name: "PyTorch", Args: []string{interpreter, "-c", script},
		Needs: " (-python must name an interpreter with the packages of requirements.txt)",
	}
	if fused {
		p.Args = append(p.Args, "--fused")
	}
	return p
}

// foilProgram is this program itself, so that both sides pay for a process of their own.
func foilProgram() (Program, error) {
	self, err := os.Executable()
	return Program{Name: "foil", Args: []string{self, foilSide}}, err
}

// serveFoil is what runs in the process of foil's side.
func serveFoil(in io.Reader, out io.Writer) error {
	var w Workload
	if err := json.NewDecoder(in).Decode(&w); err != nil {
		return fmt.Errorf("the workload on standard input: %w", err)
	}
	result, err := trainFoil(w)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(result)
}

// Run trains on a workload and returns what the program says, and the peak of
// its resident memory in bytes (0: not known).
func (p Program) Run(ctx context.Context, w Workload) (Result, int64, error) {
	input, err := json.Marshal(w)
	if err != nil {
		return Result{}, 0, err
	}
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, p.Args[0], p.Args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = bytes.NewReader(input), &stdout, &stderr
	c.Env = bench.Without(os.Environ(), tuning)
	err = c.Run()
	switch {
	case ctx.Err() != nil:
		return Result{}, 0, ctx.Err() // an interrupted side's last words say nothing
	case err != nil:
		return Result{}, 0, fmt.Errorf("%s: %s: %w%s\n%s", p.Name, p.Args[0], err, p.Needs, stderr.Bytes())
	}
	var r Result
	if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
		return Result{}, 0, fmt.Errorf("%s: its standard output is not a result: %w\n%s", p.Name, err, stderr.Bytes())
	}
	if len(r.StepMS) != w.Steps || len(r.Losses) != w.Warmup+w.Steps {
		return Result{}, 0, fmt.Errorf("%s: times of %d steps and losses of %d, where %d and %d were asked for",
			p.Name, len(r.StepMS), len(r.Losses), w.Steps, w.Warmup+w.Steps)
	}
	return r, bench.PeakMemory(c.ProcessState), nil
}

// tuning are the prefixes of environment variables that change how fast a side
// computes. Both sides run with their defaults.
var tuning = []string{"OPENBLAS_", "OMP_", "GOMP_", "KMP_", "MKL_", "TORCH_", "ATEN_", "MALLOC_", "GOMAXPROCS=", "GOGC=", "GOMEMLIMIT=", "GODEBUG="}
