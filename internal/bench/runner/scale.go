package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Scaling measures foil alone on increasing numbers of cells.
type Scaling struct {
	Program  string // foil
	Jobs     int
	Rounds   int
	Progress io.Writer // a line per size
}

// Scaled is the costs of foil for a number of cells: once to make them and, with all cells in the
// cache, to run and to plan them, by round.
type Scaled struct {
	Cells      int
	First      Cost
	NoOp, Plan []Cost
}

// Run measures the smallest number of complete chains with at least the given number of cells.
func (s Scaling) Run(ctx context.Context, cells int) (Scaled, error) {
	chains := (cells + len(steps) - 1) / len(steps)
	one := Scaled{Cells: chains * len(steps)}
	f, err := newFolder()
	if err != nil {
		return one, err
	}
	defer f.remove()
	foil := foilTool(s.Program)
	c := Contender{foil, s.Jobs}
	var made map[string]Output
	if one.First, made, err = f.firstRun(ctx, c, chains); err != nil {
		return one, err
	}
	fmt.Fprintf(s.Progress, "foil, %d cells: first run %.2f s\n", one.Cells, one.First.Seconds)
	for round := range s.Rounds {
		noOp, err := f.noOp(ctx, c, made)
		if err != nil {
			return one, err
		}
		plan, err := f.plan(ctx, foil, foilPlan(s.Program), one.Cells)
		if err != nil {
			return one, err
		}
		one.NoOp, one.Plan = append(one.NoOp, noOp), append(one.Plan, plan)
		fmt.Fprintf(s.Progress, "foil, %d cells, round %d of %d: no-op %.2f s, plan %.2f s\n",
			one.Cells, round+1, s.Rounds, noOp.Seconds, plan.Seconds)
	}
	return one, nil
}

// plan runs foil plan, which must find all cells in the cache.
func (f *Folder) plan(ctx context.Context, foil Tool, command []string, cells int) (Cost, error) {
	said, cost, err := f.execute(ctx, foil, command)
	if err != nil {
		return cost, err
	}
	if want := fmt.Sprintf("%d cached, 0 will run", cells); !strings.Contains(said, want) {
		return cost, fmt.Errorf("the plan does not say %q; it ends with\n%s", want, lastLines([]byte(said), 3))
	}
	return cost, nil
}
