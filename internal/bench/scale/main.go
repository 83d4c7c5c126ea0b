// Scale simulates thousands of workers that make a million cells, by the rules of package run and of
// lease files. docs/scale.md describes the model and has its results.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"foil/internal/bench"
)

func main() { bench.Main(simulateAll) }

func simulateAll(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("scale", flag.ContinueOnError)
	workers := f.Int("workers", 1000, "workers, a multiple of 8")
	cells := f.Int("cells", 1_000_000, "cells, a hundredth of which must be made before the others")
	only := f.Int("only", 0, "the number of the only row; 0: all")
	if err := bench.Parse(f, args); err != nil {
		return err
	}
	fmt.Printf("%d workers, %d cells\n\n", *workers, *cells)
	writeHead(os.Stdout)
	for i, m := range standard(*workers, *cells) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if *only > 0 && *only != i+1 {
			continue
		}
		start := time.Now()
		r, err := simulate(&m, false)
		if err != nil {
			return err
		}
		writeRow(os.Stdout, &m, r)
		fmt.Fprintf(os.Stderr, "row %d: %s; the last worker had its plan after %s and the last one ended after %s; %d claims, %d hits, %d looks at cells that others made\n",
			i+1, time.Since(start).Round(time.Millisecond), r.Began.Round(time.Second), hours(r.LastEnd), r.Claims, r.Hits, r.Polls)
	}
	return nil
}
