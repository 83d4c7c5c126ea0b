package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"foil/models/backend"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which foil this is, and what it computes with",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "foil %s\n", version())
			fmt.Fprintf(out, "%s %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
			if e := goExperiment(); e != "" {
				fmt.Fprintf(out, "GOEXPERIMENT=%s\n", e)
			}
			for _, module := range []string{"github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/apache/arrow/go/v17"} {
				fmt.Fprintf(out, "%s %s\n", module, moduleVersion(module))
			}
			fmt.Fprintf(out, "numeric backends: %s\n", strings.Join(backend.Names(), ", "))
			return nil
		},
	}
}

// version is the module's version, or the commit that the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit := settings["vcs.revision"]
	if len(commit) < 12 {
		return "development"
	}
	if settings["vcs.modified"] == "true" {
		return commit[:12] + " with changes"
	}
	return commit[:12]
}

// goExperiment is GOEXPERIMENT as it was when the program was built.
func goExperiment() string {
	info, _ := debug.ReadBuildInfo()
	if info != nil {
		for _, s := range info.Settings {
			if s.Key == "GOEXPERIMENT" && s.Value != "" {
				return s.Value
			}
		}
	}
	return ""
}

func moduleVersion(path string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == path {
				return m.Version
			}
		}
	}
	return "unknown"
}
