package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"foil/internal/digest"
	"foil/internal/store/disk"
	"foil/pipeline"
	"foil/spec"
)

func newGet() *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	var to string
	cmd := &cobra.Command{
		Use:   "get EXPERIMENT CELL[/FILE]",
		Short: "List, find or copy what a cell made",
		Long: `get lists the files that a cell made: name, bytes, digest and where they lie.
With FILE it prints the path of that one alone, after having compared its content
with its digest. The files belong to the cache: read them, and change copies.

--to copies FILE, or all files into a folder.`,
		Example: `  foil get quickstart table
  foil get quickstart 'model[fold=0,gender=0,age=0]/curves.arrow'
  foil get quickstart table --to report/`,
		Args: experimentAndCell,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, file := pipeline.CutFile(args[1])
			v, c, err := lookAtCell(cmd.Context(), &e, &f, args[0], id)
			if err != nil {
				return err
			}
			if c.State != pipeline.Hit {
				return fmt.Errorf("%s is not in the cache (%s); foil run makes it", c.Node.ID, c.Reason)
			}
			files, err := chooseFiles(c, file)
			if err != nil {
				return err
			}
			return getFiles(cmd.Context(), cmd.OutOrStdout(), v.cache, files, file != "", to)
		},
	}
	e.register(cmd)
	f.register(cmd)
	cmd.Flags().StringVar(&to, "to", "", "copy to `PATH`: a file, or a folder for all of them")
	return cmd
}

// chooseFiles returns the files of a cell, or the one that is named.
func chooseFiles(c *pipeline.PlannedCell, name string) ([]digest.File, error) {
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

func getFiles(ctx context.Context, out io.Writer, c *disk.Cache, files []digest.File, one bool, to string) error {
	paths := make([]string, len(files))
	longest := 0
	for i, f := range files {
		var err error
		if paths[i], err = c.Fetch(ctx, f); err != nil {
			return fmt.Errorf("%w; foil run makes it again", err)
		}
		longest = max(longest, len(f.Name))
	}
	switch {
	case to != "" && one:
		if info, err := os.Stat(to); err == nil && info.IsDir() {
			to = filepath.Join(to, filepath.Base(files[0].Name))
		}
		return copyTo(paths[0], to)
	case to != "":
		for i, f := range files {
			if !filepath.IsLocal(filepath.FromSlash(f.Name)) {
				return fmt.Errorf("file %q would not lie in %s", f.Name, to)
			}
			if err := copyTo(paths[i], filepath.Join(to, filepath.FromSlash(f.Name))); err != nil {
				return err
			}
		}
		return nil
	case one:
		fmt.Fprintln(out, paths[0])
		return nil
	}
	for i, f := range files {
		fmt.Fprintf(out, "%-*s  %10d  %s  %s\n", longest, f.Name, f.Size, f.Digest, paths[i])
	}
	return nil
}

// copyTo copies a file, at once or not at all, in place of what may be there.
func copyTo(path, to string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	return replaceFile(to, func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	})
}
