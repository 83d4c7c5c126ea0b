package load

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"

	"foil/internal/ctxio"
	"foil/internal/dataset"
	"foil/internal/digest"
	"foil/pipeline"
)

// lastFM is where copies of Last.fm 360K are found. The archive has no published SHA-256, which a
// download would need for its key.
var lastFM = published{
	title:    "Last.fm 360K",
	original: dataset.Original{Name: "lastfm-dataset-360K.tar.gz"},
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

// readLastFM reads the copy that findLastFM found, line by line.
func readLastFM(ctx context.Context, cell *pipeline.Cell) (*dataset.LastFM, error) {
	source, err := theSource(cell)
	if err != nil {
		return nil, err
	}
	m := dataset.NewLastFM()
	var sums []*checkedFile
	var content digest.Digest
	if source.Name == lastFM.original.Name {
		archive := newCheckedFile(lastFM.original.Name)
		sums = append(sums, archive)
		err = dataset.StreamTarGz(source.Path, func(r io.Reader) io.Reader { return archive.read(ctx, r) }, m.Read, lastFM.files...)
		content = archive.digest()
	} else {
		all := sha256.New()
		for _, f := range lastFM.files {
			file := newCheckedFile(f.Name)
			sums = append(sums, file)
			if err = file.readAll(ctx, source.Path, m); err != nil {
				break
			}
			fmt.Fprintf(all, "%s %s\n", file.digest(), f.Name)
		}
		content = digest.Digest(all.Sum(nil))
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	if err := confirm(cell, source, content); err != nil {
		return nil, err
	}
	for _, f := range sums {
		f.note(cell)
	}
	noteUnusable(cell, m.Unusable)
	return m, nil
}

func noteUnusable(cell *pipeline.Cell, u dataset.Unusable) {
	if u.Users+u.Artists > 0 {
		cell.Note("dropped lines without the SHA-1 of a user: %d, without an artist: %d; the first one is %s", u.Users, u.Artists, u.First)
	}
}

// A checkedFile is a file with published MD5 sum.
type checkedFile struct {
	name     string
	sum, md5 hash.Hash
}

func newCheckedFile(name string) *checkedFile { return &checkedFile{name, sha256.New(), md5.New()} }

// read returns a reader that adds what it reads to the sums.
func (f *checkedFile) read(ctx context.Context, r io.Reader) io.Reader {
	return io.TeeReader(ctxio.Reader(ctx, r), io.MultiWriter(f.sum, f.md5))
}

func (f *checkedFile) digest() digest.Digest { return digest.Digest(f.sum.Sum(nil)) }

// readAll reads the file in a folder.
func (f *checkedFile) readAll(ctx context.Context, dir string, m *dataset.LastFM) error {
	file, err := os.Open(filepath.Join(dir, f.name))
	if err != nil {
		return err
	}
	defer file.Close()
	r := f.read(ctx, file)
	if err := m.Read(f.name, r); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return err
}

// note compares the MD5 sum with the published one.
func (f *checkedFile) note(cell *pipeline.Cell) {
	got, want := hex.EncodeToString(f.md5.Sum(nil)), dataset.LastFMMD5[f.name]
	if got != want {
		cell.Note("%s is not the published file: its MD5 is %s, not %s", f.name, got, want)
		return
	}
	cell.Logf("%s has the published MD5 %s", f.name, want)
}
