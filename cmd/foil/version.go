package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/models/backend"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of foil and of its numeric libraries",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "foil %s\n", app.Version())
			fmt.Fprintf(out, "%s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
			if e := app.GoExperiment(); e != "" {
				fmt.Fprintf(out, "GOEXPERIMENT=%s\n", e)
			}
			for _, module := range []string{"github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/apache/arrow/go/v17"} {
				fmt.Fprintf(out, "%s %s\n", module, app.ModuleVersion(module))
			}
			fmt.Fprintf(out, "numeric backends: %s\n", strings.Join(backend.Names(), ", "))
			signature, err := backend.Signature(backend.Default, 1)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "computes on %s\n", &signature)
			return nil
		},
	}
}
