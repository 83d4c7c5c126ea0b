package main

import (
	"fmt"
	"io"

	"foil/internal/bench"
)

// unsteady is the warning for rounds with very different results.
const unsteady = "\nRounds are far apart: the machine was busy. Measure again before quoting this table.\n"

// writeComparison writes the costs of the contenders as a Markdown table.
func writeComparison(out io.Writer, what string, chains int, measured []Measured) error {
	stages, note := chains*len(steps), ""
	rows := [][]string{{"tool", "at once", "first run s", "per stage ms", "CPU s", "no-op s", "CPU s", "peak MiB"}}
	for _, m := range measured {
		first, noOp := summed(m.First), summed(m.NoOp)
		if !first.steady || !noOp.steady {
			note = unsteady
		}
		rows = append(rows, []string{
			m.Tool.Name, fmt.Sprint(m.Jobs),
			decimals(first.Seconds), each(first.Seconds, stages), decimals(first.CPU),
			decimals(noOp.Seconds), decimals(noOp.CPU),
			bench.Mebibytes(max(first.Memory, noOp.Memory)),
		})
	}
	_, err := fmt.Fprintf(out, "%s\n%d stages (%d chains of %d), medians of %d rounds\n\n%s%s",
		what, stages, chains, len(steps), len(measured[0].First), bench.Markdown(rows), note)
	return err
}

// writeScaling writes the costs of foil by number of cells, if they were measured.
func writeScaling(out io.Writer, scaled []Scaled) error {
	if len(scaled) == 0 {
		return nil
	}
	note := ""
	rows := [][]string{{"foil's cells", "first run s", "per cell ms", "no-op s", "peak MiB", "plan s", "peak MiB"}}
	for _, s := range scaled {
		noOp, plan := summed(s.NoOp), summed(s.Plan)
		if !noOp.steady || !plan.steady {
			note = unsteady
		}
		rows = append(rows, []string{
			fmt.Sprint(s.Cells), decimals(s.First.Seconds), each(s.First.Seconds, s.Cells),
			decimals(noOp.Seconds), bench.Mebibytes(noOp.Memory),
			decimals(plan.Seconds), bench.Mebibytes(plan.Memory),
		})
	}
	_, err := fmt.Fprintf(out, "\n%s%s", bench.Markdown(rows), note)
	return err
}

// A summary is the summary of the rounds in a table: medians, and the largest memory.
type summary struct {
	Cost
	steady bool // the rounds agree
}

func summed(rounds []Cost) summary {
	var seconds, cpu []float64
	var s summary
	for _, c := range rounds {
		seconds, cpu = append(seconds, c.Seconds), append(cpu, c.CPU)
		s.Memory = max(s.Memory, c.Memory)
	}
	s.Seconds, s.CPU, s.steady = bench.Median(seconds), bench.Median(cpu), bench.Steady(seconds...)
	return s
}

func decimals(seconds float64) string { return fmt.Sprintf("%.2f", seconds) }

// each is the time divided by n, in milliseconds.
func each(seconds float64, n int) string { return fmt.Sprintf("%.1f", 1e3*seconds/float64(n)) }
