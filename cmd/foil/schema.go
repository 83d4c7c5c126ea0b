package main

import (
	"github.com/spf13/cobra"

	"foil/spec"
	"foil/stages"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of specs, for editors",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(schemaText())
			return err
		},
	}
}

// schemaText is also committed as spec/schema.json. A test checks that the two are equal.
func schemaText() []byte {
	var kinds []spec.KindSchema
	for _, k := range stages.All() {
		ks := spec.KindSchema{Name: k.Name, Doc: k.Doc, Params: k.Fields(), Modes: k.Modes()}
		for _, p := range k.Inputs {
			ks.Inputs = append(ks.Inputs, spec.InputSchema{Name: p.Name, Doc: p.Doc, Optional: p.Optional, Gathered: p.Gathered})
		}
		kinds = append(kinds, ks)
	}
	return spec.Schema(kinds)
}
