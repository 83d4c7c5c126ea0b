package main

import (
	"os"

	"github.com/spf13/cobra"

	"foil/pipeline/local"
)

func newRoot(cells *local.Processes) *cobra.Command {
	root := &cobra.Command{
		Use:   "foil",
		Short: "Reproduce, vary and trust the tables of a machine-learning paper",
		Long: `foil reads an experiment, which is a YAML spec, expands its stages into cells,
runs the cells whose results are not in its cache, and prints the tables.

Exit status: 0 success, 1 failure, 2 wrong usage, 130 interrupted. foil work and
foil plan --exit-code also use 3: there are cells to run.`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              knownCommand,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return noEmptyFlags(cmd) },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(cleaned(os.Stdout))
	root.SetErr(messages(os.Stderr))
	root.SetFlagErrorFunc(flagError)
	setHelp(root)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newRun(cells), newWork(cells), newCancel(), newPlan(), newStatus(), newExplain(), newLog(), newGet(),
		newVerify(cells), newGC(), newExport(), newImport(), newPush(), newPull(),
		newNew(), newValidate(), newKinds(), newSchema(), newBackend(), newVersion(), newCell(), newProbeLock())
	return root
}
