// Scale simulates thousands of workers that make a million cells, by the rules of package run and of
// lease files. docs/scale.md describes the model and has its results.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"foil/internal/bench"
)

func main() {
	bench.Main(func(ctx context.Context, args []string) error {
		f := flag.NewFlagSet("scale", flag.ContinueOnError)
		workers := f.Int("workers", 1000, "workers, a multiple of 8")
		cells := f.Int("cells", 1_000_000, "cells, a hundredth of which must be made before the others")
		only := f.Int("only", 0, "the number of the only row; 0: all")
		if err := bench.Parse(f, args); err != nil {
			return err
		}
		models := standard(*workers, *cells)
		if *only > len(models) || *only < 0 {
			return fmt.Errorf("-only %d: there are %d rows", *only, len(models))
		}
		if *only > 0 {
			models = models[*only-1 : *only]
		}
		return simulateAll(ctx, models, os.Stdout, os.Stderr)
	})
}

// simulateAll writes a table with a row for each model, and a line of progress about each.
func simulateAll(ctx context.Context, models []Model, table, progress io.Writer) error {
	writeHead(table)
	for _, m := range models {
		if err := ctx.Err(); err != nil {
			return err
		}
		start := time.Now()
		r, err := simulate(&m, false)
		if err != nil {
			return err
		}
		writeRow(table, &m, r)
		fmt.Fprintf(progress, "%s: simulated in %s; all workers had their plan after %s; %d claims, %d cells found made, %d looks at cells that others made\n",
			m.Name, time.Since(start).Round(time.Millisecond), r.Began.Round(time.Second), r.Claims, r.Hits, r.Polls)
	}
	return nil
}
