package dataset

import (
	"bytes"
	"compress/bzip2"
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

// maxUnpacked is the maximum size of an uncompressed file, because bzip2 can compress gigabytes of
// one character into a few bytes.
const maxUnpacked = 1 << 30

// Packed are the files of a data set in a folder. Each may be compressed with bzip2.
type Packed struct {
	dir   string
	files []packedFile
}

type packedFile struct {
	name    string // of the content: inter.tsv
	file    string // name in the folder: inter.tsv or inter.tsv.bz2
	content []byte
}

// ReadPacked reads the named files from a folder. It reads NAME.bz2 if there is no NAME. The digest
// covers the names and contents of the files in the folder, in the given order, so it is known
// without decompression.
func ReadPacked(dir string, names ...string) (Packed, digest.Digest, error) {
	p := Packed{dir: dir}
	h := sha256.New()
	for _, name := range names {
		f, err := readPacked(dir, name)
		if errors.Is(err, fs.ErrNotExist) {
			return Packed{}, digest.Digest{}, fmt.Errorf("%s has neither %s nor %s (%s are needed, each as it is or packed as %s)",
				dir, name, name+bzip2Suffix, strings.Join(names, ", "), bzip2Suffix)
		}
		if err != nil {
			return Packed{}, digest.Digest{}, err
		}
		p.files = append(p.files, f)
		fmt.Fprintf(h, "%s %s\n", digest.Of(f.content), f.file)
	}
	return p, digest.Digest(h.Sum(nil)), nil
}

func readPacked(dir, name string) (packedFile, error) {
	var err error
	for _, file := range []string{name, name + bzip2Suffix} {
		var b []byte
		if b, err = os.ReadFile(filepath.Join(dir, file)); err == nil {
			return packedFile{name, file, b}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return packedFile{}, err
}

// Unpack returns the uncompressed contents by name.
func (p Packed) Unpack() (Raw, error) {
	raw := make(Raw)
	for _, f := range p.files {
		content := f.content
		if f.file != f.name {
			var err error
			if content, err = unbzip2(f.content, maxUnpacked); err != nil {
				return nil, fmt.Errorf("%s: %w", filepath.Join(p.dir, f.file), err)
			}
		}
		raw[f.name] = content
	}
	return raw, nil
}

// unbzip2 decompresses at most `most` bytes. The standard library decompresses about 30 MB/s on one
// core, which is most of the loading time of a compressed data set.
func unbzip2(b []byte, most int64) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(4 * len(b)) // typical for tables of numbers and titles
	n, err := io.Copy(&out, io.LimitReader(bzip2.NewReader(bytes.NewReader(b)), most+1))
	if err != nil {
		return nil, fmt.Errorf("not a complete bzip2 file (truncated, damaged, or a different type of file; %d bytes): %w", len(b), err)
	}
	if n > most {
		return nil, fmt.Errorf("it unpacks to more than %d bytes", most)
	}
	return out.Bytes(), nil
}
