// Peer compares the costs of foil's runner with those of DVC and Snakemake: the cost of a nearly
// empty stage, and the cost of a run without work. README.md describes the comparison and its
// numbers.
//
// A chain is a few steps that make a file each; a stage is one step of one chain, as in foil a
// cell. A contender is a tool with a number of stages at once. It runs the chains in a new folder.
// The first run makes all files, and the no-op run after it makes none. A round runs every
// contender once.
package main

import (
	"context"
	"fmt"
	"os"

	"foil/internal/bench"
)

func main() { bench.Main(run) }

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	tools := []Tool{foilTool(o.foil), dvcTool(o.python), snakemakeTool(o.python)}
	c := Comparison{Contenders: contenders(tools, o.jobs), Chains: o.chains, Rounds: o.rounds, Progress: os.Stderr}
	versions, err := c.Versions(ctx)
	if err != nil {
		return err
	}
	measured, err := c.Run(ctx)
	if err != nil {
		return err
	}
	if err := writeComparison(os.Stdout, versions+"; "+bench.Machine(), o.chains, measured); err != nil {
		return err
	}
	s := Scaling{Program: o.foil, Jobs: o.jobs[len(o.jobs)-1], Rounds: o.rounds, Progress: os.Stderr}
	var scaled []Scaled
	for _, cells := range o.scale {
		one, err := s.Run(ctx, cells)
		if err != nil {
			return fmt.Errorf("foil, %d cells: %w", cells, err)
		}
		scaled = append(scaled, one)
	}
	return writeScaling(os.Stdout, scaled)
}
