package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"foil/pipeline"
)

func newRoot(spawn pipeline.Spawn) *cobra.Command {
	root := &cobra.Command{
		Use:   "foil",
		Short: "Reproduce, vary and trust a machine-learning paper's tables",
		Long: `foil turns an experiment, written as a YAML spec, into a graph of cells, runs
those whose result is not in its cache, and renders the tables.

Exit status: 0 done, 1 something failed, 2 wrong usage, 130 interrupted; of plan
--exit-code 3 when there is work to do.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q%s", args[0], suggestion(args[0], commandNames(cmd)))}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newRun(spawn), newPlan(), newStatus(), newExplain(), newLog(), newGet(),
		newVerify(spawn), newGC(), newExport(), newImport(),
		newValidate(), newKinds(), newSchema(), newVersion(), newCell(), newProbeLock())
	return root
}

func commandNames(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	return names
}

// oneArg is for commands that take an experiment.
func oneArg(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("foil %s takes one experiment, by name or as a file, not %d arguments", cmd.Name(), len(args))}
	}
	return nil
}

// noArgs is for commands that take none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("foil %s takes no argument %q", cmd.Name(), args[0])}
	}
	return nil
}
