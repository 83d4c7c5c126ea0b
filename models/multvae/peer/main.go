// Peer puts foil's training step of AdvXMultVAE beside the same step in plain
// PyTorch. README.md says what is compared and how to read the numbers.
//
// A size is a number of items and of items per user, a workload a batch of that
// size for a number of threads. A side is PyTorch or foil; it trains on a
// workload in a process of its own. A round runs both sides once.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"os"
	"strings"

	"foil/internal/bench"
)

// options are what the command line says.
type options struct {
	python  string
	fused   bool
	sizes   []Size
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
		return bench.Serve(os.Stdin, os.Stdout, trainFoil)
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	foil, err := bench.Self(foilSide)
	if err != nil {
		return err
	}
	var flags []string
	if o.fused {
		flags = []string{"--fused"}
	}
	c := bench.Comparison{
		Peer: bench.Python(o.python, script, flags...), Foil: foil, SameWork: sameWork,
		Rounds: o.rounds, Progress: os.Stderr,
	}
	var rows []bench.Row
	for _, size := range o.sizes {
		for _, threads := range o.threads {
			pair, err := c.Run(ctx, newWorkload(size, threads, o.warmup, o.steps))
			if err != nil {
				return err
			}
			rows = append(rows, bench.Row{Labels: []string{fmt.Sprint(size.Items), fmt.Sprint(threads)}, Pair: pair})
		}
	}
	return bench.WriteTable(os.Stdout, bench.Machine(), []string{"items", "threads"}, rows)
}

func parse(args []string) (options, error) {
	o := options{sizes: []Size{{3125, 96}, {47383, 170}}, threads: []int{1, 2}}
	f := flag.NewFlagSet("peer", flag.ContinueOnError)
	f.StringVar(&o.python, "python", "python3", "the interpreter with the packages of requirements.txt")
	f.BoolVar(&o.fused, "fused", false, "let PyTorch use its fused Adam, which the published code does not")
	f.IntVar(&o.rounds, "rounds", 5, "how often each side runs a workload")
	f.IntVar(&o.warmup, "warmup", 10, "steps of a run before those that are timed")
	f.IntVar(&o.steps, "steps", 30, "timed steps of a run")
	f.Func("sizes", "ITEMS:PER_USER, comma-separated (default 3125:96,47383:170: MovieLens 1M and LFM-2b-100k)", func(s string) (err error) {
		o.sizes, err = bench.List(s, parseSize)
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

// parseSize reads ITEMS:PER_USER.
func parseSize(s string) (Size, error) {
	items, perUser, found := strings.Cut(s, ":")
	if !found {
		return Size{}, fmt.Errorf("size %q is not ITEMS:PER_USER, such as 3125:96", s)
	}
	n, err := bench.Positive(items)
	if err != nil {
		return Size{}, err
	}
	k, err := bench.Positive(perUser)
	if err != nil {
		return Size{}, err
	}
	if k > n {
		return Size{}, fmt.Errorf("size %q: a user cannot have %d of %d items", s, k, n)
	}
	return Size{Items: n, PerUser: k}, nil
}
