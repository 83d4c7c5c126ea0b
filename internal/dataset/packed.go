package dataset

import (
	"bytes"
	"compress/bzip2"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"foil/internal/digest"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// bzip2Suffix is the suffix of files that are compressed with bzip2.
const bzip2Suffix = ".bz2"

// Packed are the files of a data set in a folder. Each may be compressed with bzip2.
type Packed struct {
	dir   string
	files []packedFile
}

type packedFile struct {
	Member         // the content: inter.tsv
	file    string // name in the folder: inter.tsv or inter.tsv.bz2
	content []byte
}

// ReadPacked reads the members from a folder. It reads NAME.bz2 if there is no NAME. The digest
// covers the names and contents of the files in the folder, in the given order, so it is known
// without decompression.
func ReadPacked(dir string, members ...Member) (Packed, digest.Digest, error) {
	p := Packed{dir: dir}
	d, err := eachPacked(dir, members, func(m Member, file string) (digest.Digest, error) {
		b, err := readFile(filepath.Join(dir, file), m.Most)
		p.files = append(p.files, packedFile{m, file, b})
		return digest.Of(b), err
	})
	return p, d, err
}

// PackedDigest is the digest of ReadPacked, without reading the files into memory.
func PackedDigest(ctx context.Context, dir string, members ...Member) (digest.Digest, error) {
	return eachPacked(dir, members, func(_ Member, file string) (digest.Digest, error) {
		return FileDigest(ctx, filepath.Join(dir, file))
	})
}

// eachPacked finds the file of each member, and returns the digest of all of them.
func eachPacked(dir string, members []Member, read func(m Member, file string) (digest.Digest, error)) (digest.Digest, error) {
	h := sha256.New()
	for _, m := range members {
		file := m.Name
		_, err := os.Stat(filepath.Join(dir, file))
		if errors.Is(err, fs.ErrNotExist) {
			file += bzip2Suffix
			_, err = os.Stat(filepath.Join(dir, file))
		}
		if errors.Is(err, fs.ErrNotExist) {
			return digest.Digest{}, fmt.Errorf("%s has neither %s nor %s (%s are needed, each as it is or packed as %s)",
				dir, m.Name, file, strings.Join(names(members), ", "), bzip2Suffix)
		}
		if err != nil {
			return digest.Digest{}, err
		}
		d, err := read(m, file)
		if err != nil {
			return digest.Digest{}, err
		}
		fmt.Fprintf(h, "%s %s\n", d, file)
	}
	return digest.Digest(h.Sum(nil)), nil
}

// Unpack returns the uncompressed contents by name.
func (p Packed) Unpack() (Raw, error) {
	raw := make(Raw)
	for _, f := range p.files {
		content := f.content
		if f.file != f.Name {
			var err error
			if content, err = unbzip2(f.content, f.Most); err != nil {
				return nil, fmt.Errorf("%s: %w", filepath.Join(p.dir, f.file), err)
			}
		}
		raw[f.Name] = content
	}
	return raw, nil
}

// unbzip2 decompresses at most `most` bytes. The standard library decompresses about 30 MB/s on one
// core, which is most of the loading time of a compressed data set.
func unbzip2(b []byte, most int64) ([]byte, error) {
	out, err := io.ReadAll(io.LimitReader(bzip2.NewReader(bytes.NewReader(b)), most+1))
	if err != nil {
		return nil, fmt.Errorf("not a complete bzip2 file (truncated, damaged, or a different type of file; %d bytes): %w", len(b), err)
	}
	if int64(len(out)) > most {
		return nil, &tooMuch{most}
	}
	return out, nil
}
