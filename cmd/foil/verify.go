package main

import (
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"foil/internal/store/disk"
	"foil/pipeline"
	"foil/spec"
)

func newVerify(spawn pipeline.Spawn) *cobra.Command {
	var e experimentFlags
	var f cacheFlags
	var noRepair bool
	var rerun int
	cmd := &cobra.Command{
		Use:   "verify [--rerun N EXPERIMENT]",
		Short: "Check the whole cache, or make some cells again and compare",
		Long: `verify reads all records and all objects of the cache and compares them with their
digests. What is damaged is set aside, unless --no-repair says otherwise; the next
run that needs it makes it again.

With --rerun, it makes N cells of an experiment again instead, drawn by chance from
those in the cache, in a scratch folder, and compares what comes out. Cells that
train may differ in their last bits on another kind of processor.

Exit status: 0 all is well, 1 something is damaged or came out different.`,
		Example: `  foil verify
  foil verify --rerun 3 advx-ml-1m
  foil verify --rerun 1 advx-ml-1m --only 'model[fold=0]'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("rerun") {
				if rerun < 1 {
					return usageError{fmt.Errorf("--rerun takes a number of cells that is at least 1")}
				}
				return oneArg(cmd, args)
			}
			if len(args) > 0 {
				return usageError{fmt.Errorf("foil verify looks at the whole cache; an experiment goes with --rerun N")}
			}
			for _, flag := range []string{"set", "only", "data", "backend"} {
				if cmd.Flags().Changed(flag) {
					return usageError{fmt.Errorf("--%s goes with --rerun N EXPERIMENT", flag)}
				}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.existing()
			if err != nil {
				return err
			}
			defer c.Close()
			if rerun == 0 {
				return verifyCache(cmd, c, !noRepair)
			}
			r := &rerunner{out: cmd.OutOrStdout(), err: cmd.ErrOrStderr(), cache: c, spawn: spawn}
			return r.run(cmd.Context(), &e, &f, args[0], rerun)
		},
	}
	e.register(cmd)
	e.registerOnly(cmd)
	f.register(cmd)
	cmd.Flags().BoolVar(&noRepair, "no-repair", false, "leave what is damaged where it is")
	cmd.Flags().IntVar(&rerun, "rerun", 0, "make `N` cells of the experiment again, and compare")
	cmd.MarkFlagsMutuallyExclusive("no-repair", "rerun")
	return cmd
}

func verifyCache(cmd *cobra.Command, c *disk.Cache, repair bool) error {
	progress, done := byteBar(cmd.ErrOrStderr())
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
		fmt.Fprintf(out, "%d records were written by a newer foil, and not looked into\n", report.Newer)
	}
	if report.LostLogs > 0 {
		fmt.Fprintf(out, "%d logs are lost: no result needs them, and no run makes them again\n", report.LostLogs)
	}
	problems := "1 problem"
	if n := len(report.Problems); n != 1 {
		problems = fmt.Sprintf("%d problems", n)
	}
	fmt.Fprintf(out, "%d records and %d objects with %s: %s\n", report.Records, report.Objects, spec.FormatSize(report.Bytes), problems)
	if len(report.Problems) == 0 {
		return nil
	}
	if repair {
		fmt.Fprintln(out, "foil run makes again what is missing now, where an experiment needs it")
	}
	return errReported
}

// byteBar shows on a terminal how many bytes have been read; elsewhere nothing.
func byteBar(out io.Writer) (progress func(done, total int64), done func()) {
	f, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(f), progressbar.OptionShowBytes(true),
		progressbar.OptionThrottle(redraw), progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("reading"))
	progress = func(done, total int64) {
		bar.ChangeMax64(total)
		_ = bar.Set64(done)
	}
	return progress, func() { _ = bar.Clear() }
}
