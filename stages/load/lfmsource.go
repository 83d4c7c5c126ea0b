package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"foil/internal/dataset"
	"foil/pipeline"
)

// lfmName is the name of the data set's folder, and of the data set in keys.
const lfmName = "lfm-2b-100k"

// findLFM returns the copy that a run would use. The data set cannot be downloaded, so a plan is
// possible only with a local copy.
func findLFM(ctx context.Context, env *pipeline.Env, _ *LFMParams) ([]pipeline.Source, error) {
	if env == nil || env.DataDir == "" {
		return nil, lfmNeeded("LFM-2b-100k is not available: no data folder is given")
	}
	if _, err := os.Stat(env.DataDir); err != nil {
		return nil, fmt.Errorf("the data folder (--data or FOIL_DATA) cannot be read: %w", err)
	}
	for _, dir := range []string{filepath.Join(env.DataDir, lfmName), env.DataDir} {
		found, err := holdsPlays(dir)
		if err != nil {
			return nil, err
		}
		if found {
			digest, err := dataset.PackedDigest(ctx, dir, dataset.LFMFiles()...)
			return []pipeline.Source{{Name: lfmName, Digest: digest, Path: dir}}, err
		}
	}
	return nil, lfmNeeded(fmt.Sprintf("no LFM-2b-100k in %s (--data or FOIL_DATA)", env.DataDir))
}

func lfmNames() (names []string) {
	for _, m := range dataset.LFMFiles() {
		names = append(names, m.Name)
	}
	return names
}

// holdsPlays reports whether a folder holds the largest of the files.
func holdsPlays(dir string) (bool, error) {
	for _, suffix := range []string{"", ".bz2"} {
		_, err := os.Stat(filepath.Join(dir, dataset.LFMPlaysFile+suffix))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err == nil, err
		}
	}
	return false, nil
}

// lfmNeeded returns the error for missing data. what says where it is missing.
func lfmNeeded(what string) error {
	return fmt.Errorf("%s, and its authors no longer distribute it; if you have its files %s (plain or packed as .bz2), name their folder, or the folder that holds their folder %s, with --data DIR or FOIL_DATA=DIR",
		what, strings.Join(lfmNames(), ", "), lfmName)
}

// readLFM reads the copy that findLFM found.
func readLFM(ctx context.Context, cell *pipeline.Cell) (dataset.Raw, error) {
	source, err := theSource(cell)
	if err != nil {
		return nil, err
	}
	packed, digest, err := dataset.ReadPacked(source.Path, dataset.LFMFiles()...)
	if err != nil {
		return nil, err
	}
	if err := confirm(cell, source, digest); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return packed.Unpack()
}
