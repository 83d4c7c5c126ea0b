package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/internal/digest"
	"foil/internal/store/disk"
	"foil/pipeline/graph"
	"foil/pipeline/plan"
	"foil/spec"
)

func newGet() *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	var to string
	cmd := &cobra.Command{
		Use:   "get EXPERIMENT CELL[/FILE]",
		Short: "List, find or copy the output of a cell",
		Long: `get lists the files that a cell made: name, bytes, digest and path. With FILE it
prints only the path of that file. get compares the content with the digest first.
The files belong to the cache: read them, but change only copies.

--to copies FILE, or all files into a folder.`,
		Example: `  foil get quickstart table
  foil get quickstart 'model[fold=0,gender=0,age=0]/curves.arrow'
  foil get quickstart table --to report/`,
		Args: experimentAndCell,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, file := graph.CutFile(args[1])
			setup, err := f.setup()
			if err != nil {
				return err
			}
			view, c, err := setup.LookAtCell(cmd.Context(), e.experiment(args[0]), id)
			if err != nil {
				return err
			}
			if c.State != plan.Hit {
				return fmt.Errorf("%s is not cached (%s); foil run makes it, and foil pull gets it from a remote", c.Node.ID, c.Reason)
			}
			files, err := chooseFiles(c, file)
			if err != nil {
				return err
			}
			return getFiles(cmd, view.Cache, files, file != "", to)
		},
	}
	e.register(cmd)
	f.register(cmd)
	cmd.Flags().StringVar(&to, "to", "", "copy to `PATH`: a file, or a folder for all files")
	return cmd
}

// chooseFiles returns the files of a cell, or only the named one.
func chooseFiles(c *plan.Cell, name string) ([]digest.File, error) {
	all := c.Record.Outputs
	if name == "" {
		return all, nil
	}
	var names []string
	for _, f := range all {
		if f.Name == name {
			return []digest.File{f}, nil
		}
		names = append(names, f.Name)
	}
	return nil, fmt.Errorf("%s has no file %q%s", c.Node.ID, name, spec.Suggestion(name, names))
}

func getFiles(cmd *cobra.Command, c *disk.Cache, files []digest.File, one bool, to string) error {
	out := cmd.OutOrStdout()
	paths := make([]string, len(files))
	longest := 0
	for i, f := range files {
		var err error
		if paths[i], err = c.Fetch(cmd.Context(), f); err != nil {
			return fmt.Errorf("%w; foil run makes it again", err)
		}
		longest = max(longest, len(f.Name))
	}
	switch {
	case to != "" && one:
		if info, err := os.Stat(to); err == nil && info.IsDir() {
			to = filepath.Join(to, filepath.Base(files[0].Name))
		}
		return app.CopyFile(cmd.Context(), paths[0], to)
	case to != "":
		return app.CopyFiles(cmd.Context(), files, paths, to)
	case one:
		if _, ok := terminal(out); !ok {
			out = uncleaned(out) // for programs, which need the path as it is
		}
		fmt.Fprintln(out, paths[0])
		return nil
	}
	for i, f := range files {
		fmt.Fprintf(out, "%-*s  %10d  %s  %s\n", longest, f.Name, f.Size, f.Digest, paths[i])
	}
	return nil
}
