package dataset

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
	"foil/internal/digest"
)

// LastFMArchive is the published archive of Last.fm 360K.
const LastFMArchive = "lastfm-dataset-360K.tar.gz"

// A Sum is the MD5 sum of a file of Last.fm 360K.
type Sum struct{ File, MD5, Published string }

// ReadLastFMArchive reads Last.fm 360K from the archive at path, line by line. The digest is that
// of the archive.
func ReadLastFMArchive(ctx context.Context, path string) (*LastFM, []Sum, digest.Digest, error) {
	m, sums := NewLastFM(), newSums(ctx)
	err := StreamTarGz(path, sums.tee, m.Read, LastFMFiles()...)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return m, []Sum{sums.of(LastFMArchive)}, sums.digest(), err
}

// ReadLastFMFolder reads Last.fm 360K from its files in a folder, line by line. The digest is that
// of FolderDigest.
func ReadLastFMFolder(ctx context.Context, dir string) (*LastFM, []Sum, digest.Digest, error) {
	m, all := NewLastFM(), sha256.New()
	var list []Sum
	for _, f := range LastFMFiles() {
		sums := newSums(ctx)
		err := sums.readFile(filepath.Join(dir, f.Name), func(r io.Reader) error { return m.Read(f.Name, r) })
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, nil, digest.Digest{}, err
		}
		list = append(list, sums.of(f.Name))
		fmt.Fprintf(all, "%s %s\n", sums.digest(), f.Name)
	}
	return m, list, digest.Digest(all.Sum(nil)), nil
}

// sums are of everything that is read through tee.
type sums struct {
	ctx         context.Context
	sha256, md5 hash.Hash
}

func newSums(ctx context.Context) *sums { return &sums{ctx, sha256.New(), md5.New()} }

func (s *sums) tee(r io.Reader) io.Reader {
	return io.TeeReader(ctxio.Reader(s.ctx, r), io.MultiWriter(s.sha256, s.md5))
}

func (s *sums) digest() digest.Digest { return digest.Digest(s.sha256.Sum(nil)) }

func (s *sums) of(file string) Sum {
	return Sum{file, hex.EncodeToString(s.md5.Sum(nil)), LastFMMD5[file]}
}

// readFile reads a file to its end.
func (s *sums) readFile(path string, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := s.tee(f)
	if err := read(r); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return err
}
