package main

import (
	"os"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/models/backend"
	"foil/pipeline/local"
	"foil/stages"
)

const cellCommand = "cell"

// newCell is the internal command that foil run starts for a cell, or for many cells of a kind: see
// package local. Its argument, the name of the cell or of the kind, shows in lists of processes.
func newCell() *cobra.Command {
	return &cobra.Command{
		Use:    cellCommand + " NAME",
		Short:  "Run a cell for foil run",
		Hidden: true,
		Args:   cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return local.Serve(cmd.Context(), local.Program{Kinds: stages.All(), Version: app.Version(), Numeric: backend.Signature})
		},
	}
}

// cellProcesses start this program again for cells.
func cellProcesses() (*local.Processes, error) {
	self, err := local.Self()
	if err != nil {
		return nil, err
	}
	return &local.Processes{Program: self, Args: []string{os.Args[0], cellCommand}, Version: app.Version()}, nil
}
