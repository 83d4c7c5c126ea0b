package main

import (
	"fmt"
	"io"
	"strings"
)

// steady is how far apart the ratios of single rounds may lie, highest over
// lowest, before a reader is told not to trust them.
const steady = 1.5

// writeTable writes what was measured as a Markdown table that reads well as text, too.
func writeTable(out io.Writer, machine string, measured []Measured) error {
	if len(measured) == 0 {
		return nil
	}
	first, note := measured[0], ""
	rows := [][]string{{"items", "threads", "PyTorch ms", "foil ms", "ratio", "of single rounds", "PyTorch MiB", "foil MiB"}}
	for _, m := range measured {
		low, high := m.RatioRange()
		if high > steady*low {
			note = "\nRatios of single rounds are far apart: the machine was busy. Measure again before quoting them.\n"
		}
		rows = append(rows, []string{
			fmt.Sprint(m.Items), fmt.Sprint(m.Threads),
			fmt.Sprintf("%.1f", m.Peer.MS()), fmt.Sprintf("%.1f", m.Foil.MS()),
			fmt.Sprintf("%.2f", m.Ratio()), fmt.Sprintf("%.2f-%.2f", low, high),
			mebibytes(m.Peer.Memory), mebibytes(m.Foil.Memory),
		})
	}
	_, err := fmt.Fprintf(out, "%s beside %s; %s; %d rounds\n\n%s%s", first.Peer.Version, first.Foil.Version, machine,
		len(first.Foil.RoundMS), markdown(rows), note)
	return err
}

func mebibytes(bytes int64) string {
	if bytes == 0 {
		return "not known"
	}
	return fmt.Sprint(bytes >> 20)
}

// markdown aligns rows, the first of which is the head, to the right.
func markdown(rows [][]string) string {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	var b strings.Builder
	for r, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(&b, "| %*s ", width[i], cell)
		}
		b.WriteString("|\n")
		if r == 0 {
			for _, w := range width {
				fmt.Fprintf(&b, "| %s: ", strings.Repeat("-", w-1))
			}
			b.WriteString("|\n")
		}
	}
	return b.String()
}
