package main

import (
	"fmt"
	"io"

	"foil/internal/bench"
)

// writeTable writes what was measured as a Markdown table that reads well as text, too.
func writeTable(out io.Writer, machine string, measured []Measured) error {
	if len(measured) == 0 {
		return nil
	}
	first, note := measured[0], ""
	rows := [][]string{{"items", "threads", "PyTorch ms", "foil ms", "ratio", "of single rounds", "PyTorch MiB", "foil MiB"}}
	for _, m := range measured {
		low, high := m.RatioRange()
		if !bench.Steady(low, high) {
			note = "\nRatios of single rounds are far apart: the machine was busy. Measure again before quoting them.\n"
		}
		rows = append(rows, []string{
			fmt.Sprint(m.Items), fmt.Sprint(m.Threads),
			fmt.Sprintf("%.1f", m.Peer.MS()), fmt.Sprintf("%.1f", m.Foil.MS()),
			fmt.Sprintf("%.2f", m.Ratio()), fmt.Sprintf("%.2f-%.2f", low, high),
			bench.Mebibytes(m.Peer.Memory), bench.Mebibytes(m.Foil.Memory),
		})
	}
	_, err := fmt.Fprintf(out, "%s beside %s; %s; %d rounds\n\n%s%s", first.Peer.Version, first.Foil.Version, machine,
		len(first.Foil.RoundMS), bench.Markdown(rows), note)
	return err
}
