package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foil/internal/artifact"
	"foil/internal/dataset"
	"foil/pipeline"
	"foil/stages/filter"
	"foil/stages/load"
)

// run runs a kind on one input, or on the files in a folder, and returns its output.
func run(t *testing.T, kind pipeline.Kind, data, input, with string) (*artifact.Dataset, string) {
	t.Helper()
	cell := &pipeline.Cell{OutDir: t.TempDir(), Env: &pipeline.Env{DataDir: data}}
	params := kind.Params()
	if input != "" {
		a, err := pipeline.DirArtifact(input)
		if err != nil {
			t.Fatal(err)
		}
		cell.Inputs = map[string]pipeline.Artifact{"interactions": a}
	} else {
		var err error
		if cell.Sources, err = kind.Sources(t.Context(), cell.Env, params); err != nil {
			t.Fatal(err)
		}
	}
	switch p := params.(type) {
	case *filter.KCoreParams:
		fmt.Sscan(with, &p.Users)
		p.Items = p.Users
	case *filter.KnownAttributesParams:
		p.Attributes = strings.Fields(with)
	}
	if err := kind.Run(t.Context(), cell, params); err != nil {
		t.Fatal(err)
	}
	a, err := pipeline.DirArtifact(cell.OutDir)
	if err != nil {
		t.Fatal(err)
	}
	d, err := artifact.ReadDataset(a.Path)
	if err != nil {
		t.Fatal(err)
	}
	return d, cell.OutDir
}

// The published counts hold before and after the filters of advx-lfm-2b-100k.
func TestCountsOfLFM2b100k(t *testing.T) {
	small := counts{men: 90, women: 30, tracks: 400, pairs: 6_000, noAge: 5, coreUsers: 100, coreTracks: 150, corePairs: 4_500, k: 10}
	dense := counts{men: 25, women: 25, tracks: 60, pairs: 760, noAge: 1, coreUsers: 40, coreTracks: 40, corePairs: 600, k: 10}
	for name, c := range map[string]counts{"small": small, "dense": dense, "published": published} {
		t.Run(name, func(t *testing.T) {
			if c == published && testing.Short() {
				t.Skip("1.8 million pairs")
			}
			dir := t.TempDir()
			if err := c.write(dir, 7); err != nil {
				t.Fatal(err)
			}
			all, at := run(t, load.LFM2b100k(), dir, "", "")
			women := strings.Count(strings.Join(all.Users.Attributes[0].Category, ""), "f")
			if len(all.Users.ID) != c.users() || women != c.women || len(all.Items.ID) != c.tracks || all.Interactions.Len() != c.pairs {
				t.Errorf("%d users, %d women, %d tracks, %d pairs; want %+v", len(all.Users.ID), women, len(all.Items.ID), all.Interactions.Len(), c)
			}
			known, at := run(t, filter.KnownAttributes(), "", at, "gender age")
			if len(known.Users.ID) != c.users()-c.noAge {
				t.Errorf("%d users with gender and age", len(known.Users.ID))
			}
			core, _ := run(t, filter.KCore(), "", at, fmt.Sprint(c.k))
			if len(core.Users.ID) != c.coreUsers || len(core.Items.ID) != c.coreTracks || core.Interactions.Len() != c.corePairs {
				t.Errorf("the core has %d users, %d tracks, %d pairs; want %+v", len(core.Users.ID), len(core.Items.ID), core.Interactions.Len(), c)
			}
		})
	}
}

func TestImpossibleCountsAreErrors(t *testing.T) {
	good := counts{men: 90, women: 30, tracks: 400, pairs: 6_000, noAge: 5, coreUsers: 100, coreTracks: 150, corePairs: 4_500, k: 10}
	for name, c := range map[string]struct {
		change func(*counts)
		want   string
	}{
		"too few pairs in the core":          {func(c *counts) { c.corePairs = 1_400 }, "from 1500 to 7500 are possible"},
		"too many pairs in the core":         {func(c *counts) { c.corePairs = 7_501 }, "from 1500 to 7500 are possible"},
		"too many pairs outside of the core": {func(c *counts) { c.pairs = 9_000 }, "cannot have the sum"},
		"too few pairs outside of the core":  {func(c *counts) { c.pairs = 4_600 }, "cannot have the sum"},
	} {
		counts := good
		c.change(&counts)
		if err := counts.write(t.TempDir(), 7); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheSeedDecides(t *testing.T) {
	c := counts360k{users: 20, lines: 400, withMBID: 150, withoutMBID: 50}
	var plays []string
	for _, seed := range []uint64{1, 1, 2} {
		dir := t.TempDir()
		if err := c.write(dir, seed); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, dataset.LastFMPlaysFile))
		if err != nil {
			t.Fatal(err)
		}
		plays = append(plays, string(b))
		if n := strings.Count(string(b), "\n"); n != c.lines {
			t.Errorf("%d lines, want %d", n, c.lines)
		}
		d, _ := run(t, load.LastFM360k(), dir, "", "")
		if len(d.Users.ID) != c.users {
			t.Errorf("%d users, want %d", len(d.Users.ID), c.users)
		}
	}
	if plays[0] != plays[1] || plays[0] == plays[2] {
		t.Error("the files do not follow the seed")
	}
}

func TestUnknownSetsAreErrors(t *testing.T) {
	if err := write("lastfm-1k", 1, t.TempDir()); err == nil || !strings.Contains(err.Error(), "there are lfm-2b-100k and lastfm-dataset-360K") {
		t.Error(err)
	}
}
