// Peer puts foil's training of L2L's image classifiers beside the same in plain
// PyTorch. README.md says what is compared and how to read the numbers.
//
// A work is a training step or a convolution of the small protocol, a workload a
// work with its numbers for a number of threads. A side is PyTorch or foil; it does
// a workload in a process of its own. A round runs both sides once.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"

	"foil/internal/bench"
	"foil/models/backend"
)

// options are what the command line says.
type options struct {
	python  string
	backend string
	works   []work
	threads []int
	rounds  int
	warmup  int
	steps   int
}

// foilSide is the argument with which this program is foil's side of a comparison.
const foilSide = "foil-side"

//go:embed step.py
var script string

func main() { bench.Main(run) }

func run(ctx context.Context, args []string) error {
	if len(args) == 1 && args[0] == foilSide {
		return bench.Serve(os.Stdin, os.Stdout, foilsSide)
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	foil, err := bench.Self(foilSide)
	if err != nil {
		return err
	}
	c := bench.Comparison{
		Peer: bench.Python(o.python, script), Foil: foil, SameWork: sameWork,
		Rounds: o.rounds, Progress: os.Stderr,
	}
	var rows []bench.Row
	for _, work := range o.works {
		for _, threads := range o.threads {
			w, err := newWorkload(work, threads, o.warmup, o.steps)
			if err != nil {
				return err
			}
			w.Backend = o.backend
			pair, err := c.Run(ctx, w)
			if err != nil {
				return err
			}
			rows = append(rows, bench.Row{Labels: []string{work.name, fmt.Sprint(threads)}, Pair: pair})
		}
	}
	return bench.WriteTable(os.Stdout, bench.Machine(), []string{"work", "threads"}, rows)
}

func parse(args []string) (options, error) {
	o := options{works: works, threads: []int{1, 2}}
	f := flag.NewFlagSet("peer", flag.ContinueOnError)
	f.StringVar(&o.python, "python", "python3", "the interpreter with the packages of requirements.txt")
	f.StringVar(&o.backend, "backend", backend.Default, "what foil computes on")
	f.IntVar(&o.rounds, "rounds", 5, "how often each side does a workload")
	f.IntVar(&o.warmup, "warmup", 3, "steps of a run before those that are timed")
	f.IntVar(&o.steps, "steps", 10, "timed steps of a run")
	f.Func("works", "comma-separated, of "+workNames()+" (default: all)", func(s string) (err error) {
		o.works, err = bench.List(s, findWork)
		return err
	})
	f.Func("threads", "numbers of threads, comma-separated (default 1,2)", func(s string) (err error) {
		o.threads, err = bench.List(s, bench.Positive)
		return err
	})
	err := bench.Parse(f, args)
	switch {
	case err != nil:
		return o, err
	case o.rounds < 1 || o.steps < 1 || o.warmup < 0:
		return o, fmt.Errorf("%d rounds of %d + %d steps: rounds and steps must be at least 1, warm-up not negative", o.rounds, o.warmup, o.steps)
	}
	return o, nil
}
