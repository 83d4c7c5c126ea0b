package main

import (
	"github.com/spf13/cobra"

	"foil/spec"
	"foil/stages"
)

func newSchema() *cobra.Command {
	var site bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of specs, for editors",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text := schemaText()
			if site {
				text = spec.SiteSchema()
			}
			_, err := cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().BoolVar(&site, "site", false, "print the schema of the file of a site instead: see docs/cluster.md")
	return cmd
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
