package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"foil/internal/dataset"
	"foil/pipeline"
)

// A movieLensSource finds and reads the files of MovieLens 1M.
type movieLensSource struct {
	downloader dataset.Downloader
	original   dataset.Original
}

// find says which copy a run would use. With a data folder given it is the copy
// there, without one the published original.
func (s movieLensSource) find(_ context.Context, env *pipeline.Env, _ any) ([]pipeline.Source, error) {
	if env == nil || env.DataDir == "" {
		return []pipeline.Source{{Name: s.original.Name, Digest: s.original.Digest}}, nil
	}
	source, err := s.findLocal(env.DataDir)
	if err != nil {
		return nil, err
	}
	return []pipeline.Source{source}, nil
}

func (s movieLensSource) findLocal(data string) (pipeline.Source, error) {
	info, err := os.Stat(data)
	if err != nil {
		return pipeline.Source{}, fmt.Errorf("the data folder (--data or FOIL_DATA) cannot be read: %w", err)
	}
	if !info.IsDir() {
		return s.zipSource(data)
	}
	archive := filepath.Join(data, s.original.Name)
	if _, err := os.Stat(archive); err == nil {
		return s.zipSource(archive)
	}
	for _, dir := range []string{filepath.Join(data, "ml-1m"), data} {
		_, err := os.Stat(filepath.Join(dir, dataset.RatingsFile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		_, digest, err := dataset.ReadFolder(dir, dataset.MovieLensFiles()...)
		return pipeline.Source{Name: "ml-1m", Digest: digest, Path: dir}, err
	}
	return pipeline.Source{}, fmt.Errorf("no MovieLens 1M in %s (--data or FOIL_DATA): it holds none of %s, ml-1m/%s, %s; put one there, or give no data folder to download the original",
		data, s.original.Name, dataset.RatingsFile, dataset.RatingsFile)
}

func (s movieLensSource) zipSource(path string) (pipeline.Source, error) {
	digest, _, err := pipeline.DigestFile(path)
	return pipeline.Source{Name: s.original.Name, Digest: digest, Path: path}, err
}

// read reads what find found, and downloads it first where that is needed.
func (s movieLensSource) read(ctx context.Context, cell *pipeline.Cell) (dataset.Raw, error) {
	if len(cell.Sources) != 1 {
		return nil, fmt.Errorf("%d sources; one is needed", len(cell.Sources))
	}
	source := cell.Sources[0]
	if source.Path == "" {
		return s.readOriginal(ctx, cell)
	}
	readFrom := dataset.ReadZip
	if source.Name != s.original.Name {
		readFrom = dataset.ReadFolder
	}
	raw, digest, err := readFrom(source.Path, dataset.MovieLensFiles()...)
	if err != nil {
		return nil, err
	}
	if digest != source.Digest {
		return nil, fmt.Errorf("%s changed while the run was under way; run again", source.Path)
	}
	cell.Logf("read %s, SHA-256 %s", source.Name, digest)
	if digest != s.original.Digest && source.Name == s.original.Name {
		cell.Note("%s is not the published archive: its SHA-256 is %s, not %s", source.Path, digest.Short(), s.original.Digest.Short())
	}
	return raw, nil
}

// readOriginal reads the published archive, downloaded now or earlier.
func (s movieLensSource) readOriginal(ctx context.Context, cell *pipeline.Cell) (dataset.Raw, error) {
	if cell.Env == nil || cell.Env.Downloads == "" {
		return nil, s.notHere(errors.New("there is no folder for downloads"))
	}
	path := filepath.Join(cell.Env.Downloads, s.original.Name)
	if digest, _, err := pipeline.DigestFile(path); err != nil || digest != s.original.Digest {
		if err == nil {
			cell.Logf("%s is damaged (SHA-256 %s): downloading it again", path, digest)
		}
		if err := s.download(ctx, cell, path); err != nil {
			return nil, err
		}
	}
	raw, _, err := dataset.ReadZip(path, dataset.MovieLensFiles()...)
	return raw, err
}

func (s movieLensSource) download(ctx context.Context, cell *pipeline.Cell, path string) error {
	if cell.Env.Offline {
		return s.notHere(errors.New("the network is not to be used"))
	}
	d := s.downloader
	d.Progress = func(done, total int64) {
		cell.Progress(pipeline.Progress{Done: done, Total: total, Unit: "bytes", Message: "download"})
	}
	if err := d.Fetch(ctx, s.original, path); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return s.notHere(err)
	}
	cell.Logf("downloaded %s, SHA-256 %s as published", s.original.URL, s.original.Digest)
	return nil
}

// notHere is the one error for neither local data nor network.
func (s movieLensSource) notHere(why error) error {
	return fmt.Errorf("MovieLens 1M is not here and was not downloaded (%w); there are three ways: --data DIR with %s or its unpacked files in DIR, FOIL_DATA=DIR likewise, or a network that reaches %s",
		why, s.original.Name, s.original.URL)
}
