package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"foil/internal/words"
)

func newValidate() *cobra.Command {
	var f experimentFlags
	cmd := &cobra.Command{
		Use:   "validate EXPERIMENT",
		Short: "Check a spec and count its cells",
		Long: `validate reads a spec, checks its wiring and all parameters, and counts the cells
of each stage. It also looks for the files and programs of commands on this machine.
It reads neither data nor the cache.`,
		Args: oneExperiment,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := f.experiment(args[0]).Validate()
			if err != nil {
				return err
			}
			counts := map[string]int{}
			for _, n := range g.Nodes {
				counts[n.Stage.Name]++
			}
			out := cmd.OutOrStdout()
			writeNotes(cmd.ErrOrStderr(), g)
			fmt.Fprintf(out, "%s: %s, %s\n", g.Spec.Name, words.Count(len(g.Spec.Stages), "stage"), words.Count(len(g.Nodes), "cell"))
			var rows [][]string
			for _, s := range g.Spec.Stages {
				rows = append(rows, []string{s.Name, s.Uses, strconv.Itoa(counts[s.Name])})
			}
			writeTable(out, "  ", rows, 2)
			return nil
		},
	}
	f.register(cmd)
	return cmd
}
