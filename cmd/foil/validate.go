package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"foil/internal/app"
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
			g, err := f.experiment(args[0]).Load()
			if err != nil {
				return err
			}
			if err := app.CheckMachine(g); err != nil {
				return err
			}
			counts := map[string]int{}
			for _, n := range g.Nodes {
				counts[n.Stage.Name]++
			}
			out := cmd.OutOrStdout()
			writeNotes(cmd.ErrOrStderr(), g)
			fmt.Fprintf(out, "%s: %s, %s\n", g.Spec.Name, words.Count(len(g.Spec.Stages), "stage"), words.Count(len(g.Nodes), "cell"))
			name, uses := 16, 24
			for _, s := range g.Spec.Stages {
				name, uses = max(name, len(s.Name)), max(uses, len(s.Uses))
			}
			for _, s := range g.Spec.Stages {
				fmt.Fprintf(out, "  %-*s %-*s %5d\n", name, s.Name, uses, s.Uses, counts[s.Name])
			}
			return nil
		},
	}
	f.register(cmd)
	return cmd
}
