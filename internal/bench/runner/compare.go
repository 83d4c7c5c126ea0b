package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A Contender is a tool with a number of stages at once.
type Contender struct {
	Tool Tool
	Jobs int
}

func (c Contender) String() string { return fmt.Sprintf("%s, %d at once", c.Tool.Name, c.Jobs) }

// contenders are the tools with each number of jobs that they support.
func contenders(tools []Tool, jobs []int) []Contender {
	var all []Contender
	for _, t := range tools {
		if !t.Parallel {
			all = append(all, Contender{t, 1})
			continue
		}
		for _, n := range jobs {
			all = append(all, Contender{t, n})
		}
	}
	return all
}

// Measured is the costs of a contender, by round.
type Measured struct {
	Contender
	First, NoOp []Cost
}

// A Comparison lets contenders run the same chains.
type Comparison struct {
	Contenders []Contender
	Chains     int
	Rounds     int
	Progress   io.Writer // a line per contender and round
}

// Versions runs the version command of every tool once. This also checks that the tools are
// installed, and loads them into the file cache.
func (c Comparison) Versions(ctx context.Context) (string, error) {
	var all []string
	for i, one := range c.Contenders {
		if i > 0 && one.Tool.Name == c.Contenders[i-1].Tool.Name {
			continue
		}
		f, err := newFolder()
		if err != nil {
			return "", err
		}
		said, _, err := f.execute(ctx, one.Tool, one.Tool.Version)
		f.remove()
		if err != nil {
			return "", err
		}
		first, _, _ := strings.Cut(strings.TrimSpace(said), "\n")
		all = append(all, one.Tool.Name+" "+strings.TrimSpace(strings.TrimPrefix(first, "foil")))
	}
	return strings.Join(all, ", "), nil
}

// Run measures all contenders. Each round begins with a different contender, so that a machine that
// becomes slower or faster favours none.
func (c Comparison) Run(ctx context.Context) ([]Measured, error) {
	measured := make([]Measured, len(c.Contenders))
	for i, one := range c.Contenders {
		measured[i].Contender = one
	}
	for round := range c.Rounds {
		for i := range measured {
			m := &measured[(i+round)%len(measured)]
			if err := m.round(ctx, c.Chains); err != nil {
				return nil, fmt.Errorf("round %d: %s: %w", round+1, m.Contender, err)
			}
			fmt.Fprintf(c.Progress, "round %d of %d: %s: first run %.2f s, no-op %.2f s\n",
				round+1, c.Rounds, m.Contender, m.First[round].Seconds, m.NoOp[round].Seconds)
		}
	}
	return measured, nil
}

// round is a first run and a no-op run in a new folder.
func (m *Measured) round(ctx context.Context, chains int) error {
	f, err := newFolder()
	if err != nil {
		return err
	}
	defer f.remove()
	first, made, err := f.firstRun(ctx, m.Contender, chains)
	if err != nil {
		return err
	}
	noOp, err := f.noOp(ctx, m.Contender, made)
	if err != nil {
		return err
	}
	m.First, m.NoOp = append(m.First, first), append(m.NoOp, noOp)
	return nil
}

// firstRun makes all files, and returns them.
func (f *Folder) firstRun(ctx context.Context, c Contender, chains int) (Cost, map[string]Output, error) {
	t := c.Tool
	if err := os.WriteFile(filepath.Join(f.dir, t.File), []byte(t.Define(chains)), 0o666); err != nil {
		return Cost{}, nil, err
	}
	for _, args := range t.Setup {
		if _, _, err := f.execute(ctx, t, args); err != nil {
			return Cost{}, nil, err
		}
	}
	_, cost, err := f.execute(ctx, t, t.Run(c.Jobs))
	if err != nil {
		return cost, nil, err
	}
	made, err := t.Outputs(f.dir)
	if err == nil {
		err = checkFirstRun(chains, made)
	}
	return cost, made, err
}

// noOp runs the same command again.
func (f *Folder) noOp(ctx context.Context, c Contender, made map[string]Output) (Cost, error) {
	_, cost, err := f.execute(ctx, c.Tool, c.Tool.Run(c.Jobs))
	if err != nil {
		return cost, err
	}
	after, err := c.Tool.Outputs(f.dir)
	if err == nil {
		err = checkNoOp(made, after)
	}
	return cost, err
}
