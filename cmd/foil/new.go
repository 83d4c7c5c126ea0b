package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"foil/internal/app"
)

func newNew() *cobra.Command {
	var to string
	var choices strings.Builder
	for _, s := range app.Starters {
		fmt.Fprintf(&choices, "\n  %-12s  %s", s.Name, s.Doc)
	}
	cmd := &cobra.Command{
		Use:   "new CHOICE [NAME]",
		Short: "Write a commented spec to start from, or the Go files of a new kind",
		Long: `new writes NAME.yaml, a spec with comments that foil run can run, for one of these:
` + choices.String() + `

NAME is by default that of the choice. new never overwrites a file.`,
		Example: `  foil new recommender mine
  foil new program mine --to experiments/
  foil new kind filter/min-age`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usageError{errors.New("new takes a choice and the name of the experiment; for example: foil new recommender mine")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := app.FindStarter(args[0])
			if err != nil {
				return usageError{err}
			}
			name := args[len(args)-1]
			written, err := s.Write(to, name)
			if err != nil {
				return err
			}
			printWritten(cmd, written)
			fmt.Fprintf(cmd.OutOrStdout(), "next: foil validate %s\n", filepath.Join(to, name+".yaml"))
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "to", ".", "`DIR` to write to")
	cmd.AddCommand(newNewKind())
	return cmd
}

func newNewKind() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "kind FAMILY/NAME",
		Short: "Write the Go skeleton of a kind, with its test",
		Long: `kind writes a kind that works, with its test, into a checkout of foil's source, to be
changed. Families are load, filter and evaluate. docs/architecture.md, "A new kind",
has the steps that remain. kind never overwrites a file.`,
		Example: `  foil new kind filter/min-age`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("kind takes the name of the kind; for example: foil new kind filter/min-age")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			made, err := app.WriteKind(to, args[0])
			if err != nil {
				return err
			}
			printWritten(cmd, made.Files)
			fmt.Fprintf(cmd.OutOrStdout(), "next: add the line %s to All in stages/stages.go\n", made.Line)
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "to", ".", "`DIR` of the checkout")
	return cmd
}

func printWritten(cmd *cobra.Command, files []string) {
	for _, path := range files {
		fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\n", path)
	}
}
