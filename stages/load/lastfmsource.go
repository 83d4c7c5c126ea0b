package load

import (
	"context"
	"fmt"

	"foil/internal/dataset"
	"foil/pipeline"
)

// lastFM is where copies of Last.fm 360K are found. The archive has no published SHA-256, which a
// download would need for its key.
var lastFM = published{
	title:    "Last.fm 360K",
	original: dataset.Original{Name: dataset.LastFMArchive},
	folder:   "lastfm-dataset-360K",
	files:    dataset.LastFMFiles(),
}

// findLastFM returns the copy that a run would use.
func findLastFM(ctx context.Context, env *pipeline.Env, _ *LastFMParams) ([]pipeline.Source, error) {
	if env == nil || env.DataDir == "" {
		return nil, lastFMNeeded("Last.fm 360K is not available: no data folder is given")
	}
	source, found, err := lastFM.findLocal(ctx, env.DataDir)
	if err == nil && !found {
		err = lastFMNeeded(fmt.Sprintf("no Last.fm 360K in %s (--data or FOIL_DATA)", env.DataDir))
	}
	if err != nil {
		return nil, err
	}
	return []pipeline.Source{source}, nil
}

// lastFMNeeded returns the error for missing data. what says where it is missing.
func lastFMNeeded(what string) error {
	return fmt.Errorf("%s; download %s from Zenodo (record 6090214, MD5 %s), and name its folder, or the folder with its unpacked files %s and %s, with --data DIR or FOIL_DATA=DIR",
		what, lastFM.original.Name, dataset.LastFMMD5[lastFM.original.Name], dataset.LastFMPlaysFile, dataset.LastFMProfilesFile)
}

// readLastFM reads the copy that findLastFM found.
func readLastFM(ctx context.Context, cell *pipeline.Cell) (*dataset.LastFM, error) {
	source, err := theSource(cell)
	if err != nil {
		return nil, err
	}
	read := dataset.ReadLastFMFolder
	if source.Name == lastFM.original.Name {
		read = dataset.ReadLastFMArchive
	}
	m, sums, digest, err := read(ctx, source.Path)
	if err != nil {
		return nil, err
	}
	if err := confirm(cell, source, digest); err != nil {
		return nil, err
	}
	for _, s := range sums {
		if s.MD5 != s.Published {
			cell.Note("%s is not the published file: its MD5 is %s, not %s", s.File, s.MD5, s.Published)
		}
	}
	if n := m.Unusable; n.Users+n.Artists > 0 {
		cell.Note("dropped lines without the SHA-1 of a user: %d, without an artist: %d; the first one is %s", n.Users, n.Artists, n.First)
	}
	return m, nil
}
