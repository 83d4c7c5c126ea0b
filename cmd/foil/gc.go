package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"foil/internal/store/disk"
	"foil/spec"
)

// gcFlags say what a cache can do without.
type gcFlags struct {
	cacheFlags
	keep    []string
	sets    []string
	older   string
	maxSize string
	dryRun  bool
	alone   bool
}

// idle is after how long an interrupted cell's checkpoint counts as given up,
// unless --older says otherwise.
const idle = 30 * 24 * time.Hour

func newGC() *cobra.Command {
	var f gcFlags
	cmd := &cobra.Command{
		Use:   "gc",
		Short: "Remove from the cache what nothing needs any more",
		Long: `gc removes damaged records, objects that no record names, what was set aside as
damaged, leases without an owner, and the work folders of cells that are finished
or that nobody touched for 30 days (or for --older). Results go only when asked to:

  --keep EXPERIMENT  removes all results but those of these experiments, as --set,
                     --backend and --data say; a folder of published reports keeps
                     what they were made from
  --older AGE        removes results that were not used for so long
  --max-size SIZE    removes what was used least recently, until no more is left

Together, --keep protects results from the other two. A result counts as used when
one that was made from it is. Downloads stay.

gc needs the cache for itself: while any foil uses it, nothing is removed. Where file
locks do not work (see leases.json in the cache), gc cannot tell whether another foil
uses it. There gc needs --alone, which says that none does, on any machine.`,
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
			c, err := f.existing()
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
			if policy.Keep, err = f.kept(cmd.Context(), c); err != nil {
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
	flags.StringArrayVar(&f.keep, "keep", nil, "keep the results of `EXPERIMENT`, or what the reports in a folder were made from (repeatable), and remove all others unless --older or --max-size is given")
	flags.StringArrayVar(&f.sets, "set", nil, "change the kept specs before they are read: `PATH=VALUE`, such as vars.lambda=[0,400] (repeatable)")
	flags.StringVar(&f.older, "older", "", "remove results that were not used for `AGE`, such as 30d or 12h")
	flags.StringVar(&f.maxSize, "max-size", "", "remove results until no more than `SIZE` is left, such as 10GB")
	flags.BoolVar(&f.alone, "alone", false, "no other foil uses the cache, on any machine: for caches that cannot tell that themselves")
	flags.BoolVar(&f.dryRun, "dry-run", false, "say what would be removed, and remove nothing")
	return cmd
}

// haveAlone makes this program the only one that uses the cache.
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

// policy reads the flags, but for what is to be kept.
func (f *gcFlags) policy(now time.Time) (disk.Policy, error) {
	p := disk.Policy{Idle: now.Add(-idle)}
	if len(f.sets) > 0 && len(f.keep) == 0 {
		return p, usageError{fmt.Errorf("--set changes the experiments that --keep names, and there is no --keep")}
	}
	if f.older != "" {
		age, ok := parseAge(f.older)
		if !ok {
			return p, usageError{fmt.Errorf("--older %s: an age with a unit is needed, such as 30d, 12h or 2w", f.older)}
		}
		p.Unused, p.Idle = now.Add(-age), now.Add(-age)
	}
	if f.maxSize != "" {
		size, ok := spec.ParseSize(f.maxSize)
		if !ok || size == 0 {
			return p, usageError{fmt.Errorf("--max-size %s: a number with a unit is needed, such as 10GB", f.maxSize)}
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

// writeGarbage says what was removed, or would be and then in detail.
func writeGarbage(out io.Writer, g *disk.Garbage, dry bool) {
	verb := "removed"
	if dry {
		verb = "would remove"
		for _, e := range g.Records {
			if e.Record == nil {
				fmt.Fprintf(out, "record %s, which %v\n", e.Key.Short(), e.Problem)
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
	fmt.Fprintf(out, "%s %d records, %d objects, %d work folders and %d other files: %s; %d records with %s stay\n",
		verb, len(g.Records), len(g.Objects), len(g.Work), len(g.Rest), spec.FormatSize(g.Bytes()), g.Kept, spec.FormatSize(g.Left))
}
