package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

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
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "get EXPERIMENT CELL[/FILE]",
		Short: "List, find or copy the output of a cell",
		Long: `get lists the files that a cell made: name, bytes, digest and path. With FILE it
prints only the path of that file. get compares the content with the digest first.
The files belong to the cache: read them, but change only copies.

--to copies FILE, or all files into a folder.

--json is for programs. It takes a stage instead of a cell, and lists all its cells:
an object for each with cell, axes, state and, if the cell is cached, type and
files (name and path).`,
		Example: `  foil get quickstart table
  foil get quickstart 'model[fold=0,gender=0,age=0]/curves.arrow'
  foil get quickstart table --to report/
  foil get quickstart model --json`,
		Args: experimentAndCell,
		RunE: func(cmd *cobra.Command, args []string) error {
			setup, err := f.setup()
			if err != nil {
				return err
			}
			if asJSON {
				if to != "" {
					return usageError{errors.New("--json lists files, and --to copies them; use one of them")}
				}
				return getStage(cmd, setup, e.experiment(args[0]), args[1])
			}
			id, file := graph.CutFile(args[1])
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
	cmd.Flags().BoolVar(&asJSON, "json", false, "list all cells of a stage as JSON, for programs")
	cmd.Flags().StringVar(&to, "to", "", "copy to `PATH`: a file, or a folder for all files")
	return cmd
}

// A cellOutput is what get --json says about a cell.
type cellOutput struct {
	Cell  string            `json:"cell"`
	Axes  map[string]any    `json:"axes"`
	State string            `json:"state"` // cached or missing
	Type  string            `json:"type,omitempty"`
	Files map[string]string `json:"files,omitempty"` // name and path
}

// getStage lists the cells of a stage.
func getStage(cmd *cobra.Command, setup app.Setup, e app.Experiment, stage string) error {
	view, err := setup.Look(cmd.Context(), e)
	if err != nil {
		return err
	}
	cells, stages := []cellOutput{}, []string{}
	for _, c := range view.Plan.Cells {
		name := c.Node.Stage.Name
		if stages = append(stages, name); name != stage {
			continue
		}
		out := cellOutput{Cell: c.Node.ID, Axes: map[string]any{}, State: "missing"}
		for _, a := range c.Node.Axes {
			out.Axes[a.Axis] = axisForJSON(a.Value)
		}
		if c.State == plan.Hit {
			out.State, out.Type, out.Files = "cached", string(c.Node.Output), map[string]string{}
			for _, f := range c.Record.Outputs {
				path, err := view.Cache.Fetch(cmd.Context(), f)
				if err == nil {
					path, err = filepath.Abs(path)
				}
				if err != nil {
					return fmt.Errorf("%s: %w; foil run makes it again", c.Node.ID, err)
				}
				out.Files[f.Name] = path
			}
		}
		cells = append(cells, out)
	}
	if len(cells) == 0 {
		return fmt.Errorf("no stage %q%s", stage, spec.Suggestion(stage, slices.Compact(stages)))
	}
	text, err := json.MarshalIndent(cells, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(uncleaned(cmd.OutOrStdout()), "%s\n", text)
	return err
}

// axisForJSON is the value of an axis as a number, a truth value or a text.
func axisForJSON(v spec.Value) any {
	switch v.Type {
	case spec.Int:
		return v.Int
	case spec.Float:
		return v.Float
	case spec.Bool:
		return v.Bool
	}
	return v.String()
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
