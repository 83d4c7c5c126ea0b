package load

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"foil/internal/dataset"
	"foil/internal/digest"
	"foil/pipeline"
)

// A published data set is the archive that its authors distribute, or the folder that was unpacked
// from it.
type published struct {
	title      string // for messages
	downloader dataset.Downloader
	original   dataset.Original
	folder     string           // the folder in the archive; also the name of an unpacked copy in keys
	files      []dataset.Member // in the folder; the first one identifies it

	// unpack is dataset.ReadZip or a similar function.
	unpack func(archive string, files ...dataset.Member) (dataset.Raw, digest.Digest, error)
}

// find returns the copy that a run would use: with a data folder the copy in it, otherwise the
// published original.
func (p published) find(ctx context.Context, env *pipeline.Env) ([]pipeline.Source, error) {
	if env == nil || env.DataDir == "" {
		return []pipeline.Source{{Name: p.original.Name, Digest: p.original.Digest}}, nil
	}
	source, found, err := p.findLocal(ctx, env.DataDir)
	if err == nil && !found {
		err = fmt.Errorf("no %s in %s (--data or FOIL_DATA): it has none of %s, %s/%s, %s; put one there, or run without a data folder to download the original",
			p.title, env.DataDir, p.original.Name, p.folder, p.files[0].Name, p.files[0].Name)
	}
	if err != nil {
		return nil, err
	}
	return []pipeline.Source{source}, nil
}

// findLocal returns the copy in a data folder, if there is one. A file in place of the folder is an
// archive.
func (p published) findLocal(ctx context.Context, data string) (source pipeline.Source, found bool, err error) {
	info, err := os.Stat(data)
	if err != nil {
		return pipeline.Source{}, false, fmt.Errorf("the data folder (--data or FOIL_DATA) cannot be read: %w", err)
	}
	archive := data
	if info.IsDir() {
		archive = filepath.Join(data, p.original.Name)
	}
	if _, err := os.Stat(archive); err == nil {
		source, err := p.archiveSource(ctx, archive)
		return source, true, err
	}
	for _, dir := range []string{filepath.Join(data, p.folder), data} {
		_, err := os.Stat(filepath.Join(dir, p.files[0].Name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		digest, err := dataset.FolderDigest(ctx, dir, p.files...)
		return pipeline.Source{Name: p.folder, Digest: digest, Path: dir}, true, err
	}
	return pipeline.Source{}, false, nil
}

func (p published) archiveSource(ctx context.Context, path string) (pipeline.Source, error) {
	digest, err := dataset.FileDigest(ctx, path)
	return pipeline.Source{Name: p.original.Name, Digest: digest, Path: path}, err
}

// read reads the copy that find found. If it is the published original, read downloads it first.
func (p published) read(ctx context.Context, cell *pipeline.Cell) (dataset.Raw, error) {
	source, err := theSource(cell)
	if err != nil {
		return nil, err
	}
	if source.Path == "" {
		return p.readOriginal(ctx, cell)
	}
	readFrom := p.unpack
	if source.Name != p.original.Name {
		readFrom = dataset.ReadFolder
	}
	raw, digest, err := readFrom(source.Path, p.files...)
	if err != nil {
		return nil, err
	}
	if err := confirm(cell, source, digest); err != nil {
		return nil, err
	}
	return raw, nil
}

// noteForeign adds a note if the archive is not the published one. Call it after parsing: for an
// unusable archive, the error is enough.
func (p published) noteForeign(cell *pipeline.Cell) {
	if source := cell.Sources[0]; source.Name == p.original.Name && source.Digest != p.original.Digest {
		cell.Note("%s is not the published archive: its SHA-256 is %s, not %s", source.Path, source.Digest.Short(), p.original.Digest.Short())
	}
}

// theSource returns the source that a data set is read from.
func theSource(cell *pipeline.Cell) (pipeline.Source, error) {
	if len(cell.Sources) != 1 {
		return pipeline.Source{}, fmt.Errorf("the cell has %d sources; it must have one", len(cell.Sources))
	}
	return cell.Sources[0], nil
}

// confirm compares the digest of the data that was read with the digest in the key.
func confirm(cell *pipeline.Cell, source pipeline.Source, digest digest.Digest) error {
	if digest != source.Digest {
		return fmt.Errorf("%s changed during the run; run again", source.Path)
	}
	cell.Logf("read %s, SHA-256 %s", source.Name, digest)
	return nil
}

// readOriginal reads the published archive, downloaded now or earlier.
func (p published) readOriginal(ctx context.Context, cell *pipeline.Cell) (dataset.Raw, error) {
	if cell.Env == nil || cell.Env.Downloads == "" {
		return nil, p.unavailable(errors.New("there is no folder for downloads"))
	}
	path := filepath.Join(cell.Env.Downloads, p.original.Name)
	if digest, err := dataset.FileDigest(ctx, path); err != nil || digest != p.original.Digest {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil {
			cell.Logf("%s is damaged (SHA-256 %s): downloading it again", path, digest)
		}
		if failed := p.download(ctx, cell, path); failed != nil && err == nil {
			return nil, fmt.Errorf("%s is damaged: %w", path, failed)
		} else if failed != nil {
			return nil, failed
		}
	}
	raw, digest, err := p.unpack(path, p.files...)
	if err == nil && digest != p.original.Digest {
		err = fmt.Errorf("%s changed during the run; run again", path)
	}
	return raw, err
}

func (p published) download(ctx context.Context, cell *pipeline.Cell, path string) error {
	if cell.Env.Offline {
		return p.unavailable(errors.New("downloads are disabled"))
	}
	d := p.downloader
	d.Progress = func(done, total int64) {
		cell.Progress(pipeline.Progress{Done: done, Total: total, Unit: "bytes", Message: "download"})
	}
	if err := d.Fetch(ctx, p.original, path); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return p.unavailable(err)
	}
	cell.Logf("downloaded %s, with the published SHA-256 %s", p.original.URL, p.original.Digest)
	return nil
}

// unavailable returns the error for data that is neither local nor downloaded.
func (p published) unavailable(why error) error {
	return fmt.Errorf("%s is not available locally and was not downloaded (%w); give a folder with %s or its unpacked files as --data DIR or FOIL_DATA=DIR, or allow the download of %s",
		p.title, why, p.original.Name, p.original.URL)
}
