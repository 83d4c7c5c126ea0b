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

// lfmName is the data set's folder and its name in keys.
const lfmName = "lfm-2b-100k"

// findLFM returns the copy that a run would use. There is none to download, so nothing can
// be planned without one.
func findLFM(_ context.Context, env *pipeline.Env, _ *LFMParams) ([]pipeline.Source, error) {
	if env == nil || env.DataDir == "" {
		return nil, lfmNeeded("LFM-2b-100k is not here")
	}
	if _, err := os.Stat(env.DataDir); err != nil {
		return nil, fmt.Errorf("the data folder (--data or FOIL_DATA) cannot be read: %w", err)
	}
	for _, dir := range []string{filepath.Join(env.DataDir, lfmName), env.DataDir} {
		there, err := holdsPlays(dir)
		if err != nil {
			return nil, err
		}
		if there {
			_, digest, err := dataset.ReadPacked(dir, dataset.LFMFiles()...)
			return []pipeline.Source{{Name: lfmName, Digest: digest, Path: dir}}, err
		}
	}
	return nil, lfmNeeded(fmt.Sprintf("no LFM-2b-100k in %s (--data or FOIL_DATA)", env.DataDir))
}

// holdsPlays says whether a folder holds the largest of the files.
func holdsPlays(dir string) (bool, error) {
	for _, suffix := range []string{"", ".bz2"} {
		_, err := os.Stat(filepath.Join(dir, dataset.LFMPlaysFile+suffix))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err == nil, err
		}
	}
	return false, nil
}

// lfmNeeded is the one error for data that is nowhere.
func lfmNeeded(what string) error {
	return fmt.Errorf("%s, and its makers do not hand it out any more: whoever has its files %s (each as it is or packed as .bz2) gives the folder that holds them, or one with a folder %s of them, as --data DIR or FOIL_DATA=DIR",
		what, strings.Join(dataset.LFMFiles(), ", "), lfmName)
}

// readLFM reads what findLFM found.
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
