package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/internal/store/disk"
	"foil/internal/words"
	"foil/pipeline"
	"foil/pipeline/local"
	"foil/spec"
)

func newVerify(cells *local.Processes) *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	var noRepair bool
	var rerun int
	cmd := &cobra.Command{
		Use:   "verify [--rerun N EXPERIMENT]",
		Short: "Check the whole cache, or run some cells again and compare",
		Long: `verify reads all records and all objects of the cache and compares them with their
digests. It moves damaged files to a folder of their own, unless you give
--no-repair; the next run that depends on them makes them again.

With --rerun, verify runs N cells of an experiment again in a scratch folder and
compares the outputs. It draws the cells at random from the cached ones. Cells
that train may differ in the last bits on another kind of processor, or with
another build of foil. Records name what made them, so verify reports such a cell
as "elsewhere", with both, and it is no error: make it again there to check it.

Exit status: 0 no problem, 1 something is damaged or different.`,
		Example: `  foil verify
  foil verify --rerun 3 advx-ml-1m
  foil verify --rerun 1 advx-ml-1m --only 'model[fold=0]'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("rerun") {
				if rerun < 1 {
					return usageError{fmt.Errorf("--rerun must be at least 1")}
				}
				return oneExperiment(cmd, args)
			}
			if len(args) > 0 {
				return usageError{fmt.Errorf("verify checks the whole cache; an experiment goes with --rerun N")}
			}
			for _, flag := range []string{"set", "only", "data", "backend"} {
				if cmd.Flags().Changed(flag) {
					return usageError{fmt.Errorf("--%s goes with --rerun N EXPERIMENT", flag)}
				}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			setup, err := f.setup()
			if err != nil {
				return err
			}
			c, err := app.OpenExisting(setup.Cache)
			if err != nil {
				return err
			}
			defer c.Close()
			if rerun == 0 {
				return verifyCache(cmd, c, !noRepair)
			}
			g, err := e.experiment(args[0]).Load()
			if err != nil {
				return err
			}
			view, err := setup.View(cmd.Context(), g, c)
			if err != nil {
				return err
			}
			return verifyCells(cmd, view, rerun, cells)
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	f.register(cmd)
	cmd.Flags().BoolVar(&noRepair, "no-repair", false, "leave damaged files where they are")
	cmd.Flags().IntVar(&rerun, "rerun", 0, "run `N` cells of the experiment again, and compare the outputs")
	cmd.MarkFlagsMutuallyExclusive("no-repair", "rerun")
	return cmd
}

func verifyCache(cmd *cobra.Command, c *disk.Cache, repair bool) error {
	progress, done := byteBar(cmd.ErrOrStderr(), "reading")
	report, err := c.Verify(cmd.Context(), disk.Verification{Repair: repair, OnProgress: progress})
	done()
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	for _, p := range report.Problems {
		fmt.Fprintln(out, p)
	}
	if report.Newer > 0 {
		fmt.Fprintf(out, "%s written by a newer foil, not checked\n", words.Count(report.Newer, "record"))
	}
	if report.LostLogs > 0 {
		fmt.Fprintf(out, "%s lost: no result depends on a log, and no run makes it again\n", words.Count(report.LostLogs, "log"))
	}
	fmt.Fprintf(out, "%s and %s with %s: %s\n", words.Count(report.Records, "record"), words.Count(report.Objects, "object"),
		spec.FormatSize(report.Bytes), words.Count(len(report.Problems), "problem"))
	if len(report.Problems) == 0 {
		return nil
	}
	if repair {
		fmt.Fprintln(out, "foil run makes the damaged results again where an experiment needs them")
	}
	return errReported
}

// verifyCells runs n cells again and compares their outputs.
func verifyCells(cmd *cobra.Command, view *app.View, n int, processes *local.Processes) error {
	cells, err := view.Draw(n)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	different, elsewhere := 0, 0
	for _, c := range cells {
		fmt.Fprintf(cmd.ErrOrStderr(), "rerun  %s, which took %s\n", c.Node.ID, duration(c.Record.Wall()))
		got, err := view.Rerun(cmd.Context(), c, app.Running{Processes: processes})
		if err != nil {
			return err
		}
		if len(got.Differ) == 0 {
			fmt.Fprintf(out, "same       %s: %s\n", c.Node.ID, words.Count(len(got.New.Outputs), "file"))
			continue
		}
		why := app.WhyDifferent(got.Old, got.New, "it", "this run")
		label := "different"
		if why.Allowed {
			label = "elsewhere"
			elsewhere++
		} else {
			different++
		}
		fmt.Fprintf(out, "%s  %s: %s (first made %s%s with foil %s)\n           %s\n", label, c.Node.ID, strings.Join(got.Differ, ", "),
			timeText(got.Old.Started), onHost(got.Old.Host), got.Old.Foil, why.Text)
	}
	fmt.Fprintf(out, "ran %d of %s again: %d with different output", len(cells), words.Count(view.Plan.Hits, "cached cell"), different)
	if elsewhere > 0 {
		fmt.Fprintf(out, ", %d made elsewhere that cannot be compared here", elsewhere)
	}
	fmt.Fprintln(out)
	if different > 0 {
		return errReported
	}
	return nil
}

// byteBar shows on a terminal how many bytes are done.
func byteBar(out io.Writer, what string) (progress func(done, total int64), done func()) {
	f, ok := terminal(out)
	if !ok {
		return nil, func() {}
	}
	bar := &bar{name: what, begun: time.Now()}
	var last time.Time
	progress = func(done, total int64) {
		now := time.Now()
		bar.report(pipeline.Progress{Done: done, Total: total, Unit: "bytes"}, now)
		if now.Sub(last) < redraw {
			return
		}
		last = now
		width, _ := sizeOf(f)
		fmt.Fprint(f, "\r\x1b[K"+barLines([]cellText{bar.text(now)}, width)[0])
	}
	return progress, func() { fmt.Fprint(f, "\r\x1b[K") }
}
