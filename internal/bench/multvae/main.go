// Peer compares foil's training step of AdvXMultVAE with the same step in plain PyTorch. README.md
// describes the comparison and its numbers.
//
// A size is a number of items and of items per user, a workload a batch of that size for a number
// of threads. A side is PyTorch or foil. Each side trains on a workload in a separate process. A
// round runs both sides once.
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

// options are the options of the command line.
type options struct {
	bench.Protocol

	fused bool
	sizes []Size
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
		Peer: bench.Python(o.Python, script, flags...), Foil: foil, SameWork: sameWork,
		Rounds: o.Rounds, Progress: os.Stderr,
	}
	var rows []bench.Row
	for _, size := range o.sizes {
		for _, threads := range o.Threads {
			pair, err := c.Run(ctx, newWorkload(size, threads, o.Warmup, o.Steps))
			if err != nil {
				return err
			}
			rows = append(rows, bench.Row{Labels: []string{fmt.Sprint(size.Items), fmt.Sprint(threads)}, Pair: pair})
		}
	}
	return bench.WriteTable(os.Stdout, bench.Machine(), []string{"items", "threads"}, rows)
}

func parse(args []string) (options, error) {
	o := options{sizes: []Size{{3125, 96}, {47383, 170}}, Protocol: bench.Protocol{Warmup: 10, Steps: 30}}
	f := flag.NewFlagSet("peer", flag.ContinueOnError)
	o.Flags(f)
	f.BoolVar(&o.fused, "fused", false, "let PyTorch use its fused Adam, which the published code does not")
	f.Func("sizes", "ITEMS:PER_USER, comma-separated (default 3125:96,47383:170: MovieLens 1M and LFM-2b-100k)", func(s string) (err error) {
		o.sizes, err = bench.List(s, parseSize)
		return err
	})
	if err := bench.Parse(f, args); err != nil {
		return o, err
	}
	return o, o.Check()
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
