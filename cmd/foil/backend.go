package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"foil/internal/backends"
	"foil/internal/words"
	"foil/models/backend"
	"foil/spec"
)

func newBackend() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backend",
		Short: "List numeric backends, and install their libraries",
		Long: `A numeric backend multiplies the matrices of models. The backend go is part of foil.
The others need a library that is not written in Go. foil never downloads one
unasked.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBackendList(), newBackendInstall())
	return cmd
}

func newBackendList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Show which numeric backends this machine has",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			for _, s := range backends.List() {
				switch {
				case s.Err != nil:
					fmt.Fprintf(out, "%-16s  %s\n", s.Backend, strings.TrimPrefix(s.Err.Error(), fmt.Sprintf("numeric backend %q: ", s.Backend)))
				case s.Native == nil:
					fmt.Fprintf(out, "%-16s  part of foil: %s\n", s.Backend, s.Library)
				default:
					fmt.Fprintf(out, "%-16s  %s: %s (%s)\n", s.Backend, s.Native.Version, s.Native.Path, s.Native.From)
				}
			}
			if len(backend.Names()) == 1 {
				fmt.Fprintln(out, "this foil was built without cgo, so it has no other backends")
			}
			return nil
		},
	}
}

func newBackendInstall() *cobra.Command {
	var installer backends.Installer
	var names []string
	for _, p := range backend.Packages {
		names = append(names, p.Name)
	}
	cmd := &cobra.Command{
		Use:   "install NAME",
		Short: "Download the library of a numeric backend",
		Long: `install downloads the library of a numeric backend (` + words.And(names) + `) from an index of
Python packages, compares it with the digest that is fixed in foil, and puts it into
a folder of your account: $FOIL_BACKENDS, or the folder for data of programs. It
needs no Python. Every use checks that the files have not changed.`,
		Example: `  foil backend install onnxruntime
  foil backend install onnxruntime --index https://mirror.example.org/simple
  foil backend install onnxruntime --wheel onnxruntime.whl`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("backend install takes one of %s, not %s", words.And(names), words.Count(len(args), "argument"))}
			}
			if backend.PackageNamed(args[0]) == nil {
				return usageError{unknownPackage(args[0], names)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			progress, done := byteBar(cmd.ErrOrStderr(), "downloading")
			installer.Progress = progress
			p := backend.PackageNamed(args[0])
			m, fresh, err := installer.Install(cmd.Context(), p)
			done()
			if err != nil {
				return err
			}
			dir, err := p.Dir()
			if err != nil {
				return err
			}
			verb := "is installed already"
			if fresh {
				verb = "installed"
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s %s in %s\nfrom %s, SHA-256 %s\nuse it with --backend %s\n", p.Title, m.Version, verb, dir, m.Source, m.SHA256, p.Serves)
			return nil
		},
	}
	cmd.Flags().StringVar(&installer.Index, "index", "", "`URL` of the index of Python packages (default $PIP_INDEX_URL, else https://pypi.org/simple)")
	cmd.Flags().StringVar(&installer.Wheel, "wheel", "", "install from this `FILE`, which you have downloaded, and use no network")
	cmd.MarkFlagsMutuallyExclusive("index", "wheel")
	return cmd
}

func unknownPackage(name string, names []string) error {
	switch family := backend.Family(name); {
	case family == backend.Default:
		return fmt.Errorf("the backend %s is part of foil", backend.Default)
	case family == "xla":
		return fmt.Errorf("foil does not install XLA's plugins: put pjrt_c_api_cpu_plugin.so, or that for cuda beside NVIDIA's libraries, into a folder and set PJRT_PLUGIN_LIBRARY_PATH to it")
	case backend.PackageNamed(family) != nil:
		return fmt.Errorf("%q is a backend; its library is called %s: foil backend install %s", name, family, family)
	}
	return fmt.Errorf("unknown library %q%s", name, spec.Suggestion(name, names))
}
