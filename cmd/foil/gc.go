package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"foil/internal/app"
	"foil/internal/store/disk"
	"foil/internal/words"
	"foil/spec"
)

// gcFlags select the results to remove from a cache.
type gcFlags struct {
	cacheFlags
	keep    []string
	sets    []string
	older   string
	maxSize string
	dryRun  bool
	alone   bool
}

// idle is the age at which the checkpoint of an interrupted cell is removed, without
// --older.
const idle = 30 * 24 * time.Hour

func newGC() *cobra.Command {
	var f gcFlags
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Clean up the cache",
		Long: `gc removes damaged files, objects without a record, leases without an owner, and
the work folders of cells that are finished or have not changed for 30 days (or
--older). It removes results only with these flags:

  --keep EXPERIMENT  remove all results except those of these experiments, with
                     --set, --backend and --data as they were run; for a folder
                     of published reports, keep the results that they were made
                     from
  --older AGE        remove results that were not used for this time
  --max-size SIZE    remove the least recently used results until the rest fits

With --older or --max-size, --keep protects results from removal. When a result is
used, the results that it was made from count as used, too. Downloads stay.

gc removes nothing while another foil uses the cache. Where file locks do not work
(see leases.json in the cache), gc cannot detect that: there it needs --alone, with
which you state that no foil uses the cache on any machine.`,
		Example: `  foil gc --dry-run
  foil gc --keep advx-ml-1m --keep mine.yaml
  foil gc --keep results/l2l-cifar10-small
  foil gc --older 30d --max-size 10GB`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			policy, err := f.policy(time.Now())
			if err != nil {
				return err
			}
			setup, err := f.setup()
			if err != nil {
				return err
			}
			c, err := app.OpenExisting(setup.Cache)
			if err != nil {
				return err
			}
			defer c.Close()
			if !f.dryRun {
				release, err := f.haveAlone(c)
				if err != nil {
					return err
				}
				defer release()
			}
			if policy.Keep, err = setup.Kept(cmd.Context(), c, f.keep, f.sets); err != nil {
				return err
			}
			garbage, err := c.Garbage(policy)
			if err != nil {
				return err
			}
			if !f.dryRun {
				if err := c.Remove(garbage); err != nil {
					return err
				}
			}
			writeGarbage(cmd.OutOrStdout(), garbage, f.dryRun)
			return nil
		},
	}
	f.register(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.keep, "keep", nil, "keep the results of `EXPERIMENT`, or those behind the reports of a folder (repeatable); without --older and --max-size, remove all others")
	flags.StringArrayVar(&f.sets, "set", nil, "change the specs of --keep: `PATH=VALUE`, such as vars.lambda=[0,400] (repeatable)")
	flags.StringVar(&f.older, "older", "", "remove results that were not used for this `AGE`, such as 30d or 12h")
	flags.StringVar(&f.maxSize, "max-size", "", "remove least recently used results until the rest fits into `SIZE`, such as 10GB")
	flags.BoolVar(&f.alone, "alone", false, "no other foil uses the cache on any machine: for caches without file locks")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show what would be removed, and remove nothing")
	return cmd
}

// haveAlone makes this process the only user of the cache.
func (f *gcFlags) haveAlone(c *disk.Cache) (release func(), err error) {
	if f.alone {
		return c.AssumeAlone()
	}
	release, err = c.Alone()
	if errors.Is(err, disk.ErrUseUnknown) {
		err = fmt.Errorf("%w; nothing was removed; if no foil uses it on any machine, add --alone", err)
	}
	return release, err
}

// policy reads the flags, except --keep.
func (f *gcFlags) policy(now time.Time) (disk.Policy, error) {
	p := disk.Policy{Idle: now.Add(-idle)}
	if len(f.sets) > 0 && len(f.keep) == 0 {
		return p, usageError{fmt.Errorf("--set changes the experiments of --keep, and there is no --keep")}
	}
	if f.older != "" {
		age, ok := parseAge(f.older)
		if !ok {
			return p, usageError{fmt.Errorf("--older %s: write an age with a unit, such as 30d, 12h or 2w", f.older)}
		}
		p.Unused, p.Idle = now.Add(-age), now.Add(-age)
	}
	if f.maxSize != "" {
		size, err := spec.ParseSize(f.maxSize)
		if err != nil {
			return p, usageError{fmt.Errorf("--max-size %s: %w", f.maxSize, err)}
		}
		p.MaxSize = size
	}
	return p, nil
}

// parseAge reads a time with units; d is a day and w a week.
func parseAge(text string) (time.Duration, bool) {
	for unit, length := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			n, err := strconv.ParseUint(number, 10, 16)
			return time.Duration(n) * length, err == nil
		}
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}

// writeGarbage prints a summary of the removed files. For a dry run, it also lists them.
func writeGarbage(out io.Writer, g *disk.Garbage, dry bool) {
	verb := "removed"
	if dry {
		verb = "would remove"
		for _, e := range g.Records {
			if e.Record == nil {
				fmt.Fprintf(out, "record %s %v\n", e.Key.Short(), e.Problem)
				continue
			}
			fmt.Fprintf(out, "record %s of %s (%s), last used %s\n", e.Key.Short(), e.Record.Cell, e.Record.Kind, timeText(e.Used))
		}
		for _, list := range [][]disk.Waste{g.Work, g.Rest} {
			for _, w := range list {
				fmt.Fprintf(out, "%s (%s)\n", w.Path, spec.FormatSize(w.Size))
			}
		}
	}
	sayf(out, "%s %s, %s, %s and %s: %s; %s with %s stay\n", verb, words.Count(len(g.Records), "record"), words.Count(len(g.Objects), "object"),
		words.Count(len(g.Work), "work folder"), words.Count(len(g.Rest), "other file"), spec.FormatSize(g.Bytes()), words.Count(g.Kept, "record"), spec.FormatSize(g.Left))
}
