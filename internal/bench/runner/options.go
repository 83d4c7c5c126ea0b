package main

import (
	"flag"
	"fmt"
	"path/filepath"

	"foil/internal/bench"
)

// options are the options of the command line.
type options struct {
	python string
	foil   string
	chains int
	jobs   []int
	rounds int
	scale  []int // cells
}

func parse(args []string) (options, error) {
	o := options{jobs: []int{1, 2}, scale: []int{1000, 10_000}}
	f := flag.NewFlagSet("peer", flag.ContinueOnError)
	f.StringVar(&o.python, "python", "python3", "the interpreter with the packages of requirements.txt")
	f.StringVar(&o.foil, "foil", "foil", "the program that make build makes")
	f.IntVar(&o.chains, "chains", 100, "chains of three stages that every tool runs")
	f.IntVar(&o.rounds, "rounds", 5, "how often each tool runs them")
	f.Func("jobs", "numbers of stages at once, comma-separated (default 1,2); DVC always runs one", func(s string) (err error) {
		o.jobs, err = bench.List(s, bench.Positive)
		return err
	})
	f.Func("scale", "cells that foil runs alone, comma-separated, rounded up to whole chains; empty: none (default 1000,10000)", func(s string) (err error) {
		if o.scale = nil; s != "" {
			o.scale, err = bench.List(s, bench.Positive)
		}
		return err
	})
	err := bench.Parse(f, args)
	switch {
	case err != nil:
		return o, err
	case o.chains < 1 || o.rounds < 1:
		return o, fmt.Errorf("%d rounds of %d chains: there must be at least one of each", o.rounds, o.chains)
	}
	if o.python, err = fromAnywhere(o.python); err != nil {
		return o, err
	}
	o.foil, err = fromAnywhere(o.foil)
	return o, err
}

// fromAnywhere makes the path of a program absolute, because the tools run in other folders. It
// looks for a name without a slash on the PATH.
func fromAnywhere(program string) (string, error) {
	if filepath.Base(program) == program {
		return program, nil
	}
	return filepath.Abs(program)
}
