// Peer compares foil's training of L2L's image classifiers with the same training in plain PyTorch.
// README.md describes the comparison and its numbers.
//
// A work is a training step or a convolution of the small protocol, a workload a work with its
// numbers for a number of threads. A side is PyTorch or foil. Each side runs a workload in a
// separate process. A round runs both sides once.
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

// options are the options of the command line.
type options struct {
	bench.Protocol

	backend string
	works   []work
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
		Peer: bench.Python(o.Python, script), Foil: foil, SameWork: sameWork,
		Rounds: o.Rounds, Progress: os.Stderr,
	}
	var rows []bench.Row
	for _, work := range o.works {
		for _, threads := range o.Threads {
			w, err := newWorkload(work, threads, o.Warmup, o.Steps)
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
	o := options{works: works, Protocol: bench.Protocol{Warmup: 3, Steps: 10}}
	f := flag.NewFlagSet("peer", flag.ContinueOnError)
	o.Flags(f)
	f.StringVar(&o.backend, "backend", backend.Default, "what foil computes on")
	f.Func("works", "comma-separated, of "+workNames()+" (default: all)", func(s string) (err error) {
		o.works, err = bench.List(s, findWork)
		return err
	})
	if err := bench.Parse(f, args); err != nil {
		return o, err
	}
	return o, o.Check()
}
