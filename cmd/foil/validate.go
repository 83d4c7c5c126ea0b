package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newValidate() *cobra.Command {
	var f experimentFlags
	cmd := &cobra.Command{
		Use:   "validate EXPERIMENT",
		Short: "Check a spec and say how many cells it has",
		Long: `validate reads a spec, checks its wiring and all parameters, and says how many
cells each stage has. It looks at neither data nor cache.`,
		Args: oneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := f.load(args[0])
			if err != nil {
				return err
			}
			counts := map[string]int{}
			for _, n := range g.Nodes {
				counts[n.Stage.Name]++
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "%s: %d stages, %d cells\n", g.Spec.Name, len(g.Spec.Stages), len(g.Nodes))
			for _, s := range g.Spec.Stages {
				fmt.Fprintf(out, "  %-16s %-24s %5d\n", s.Name, s.Uses, counts[s.Name])
			}
			return nil
		},
	}
	f.register(cmd)
	return cmd
}
