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

// bzip2Suffix ends the names of files packed with bzip2.
const bzip2Suffix = ".bz2"

// maxUnpacked bounds what a packed file may hold: bzip2 can pack gigabytes of
// one character into some bytes.
const maxUnpacked = 1 << 30

// Packed are the files of a data set as they lie in a folder: some as they
// are, some packed with bzip2.
type Packed struct {
	dir   string
	files []packedFile
}

type packedFile struct {
	name    string // of the content: inter.tsv
	file    string // as it lies there: inter.tsv or inter.tsv.bz2
	content []byte
}

// ReadPacked reads the named files from a folder; NAME.bz2 stands in for a NAME
// that is not there. The digest covers the names and contents of the files as
// they lie there, in the order given, so that it is known without unpacking.
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

// Unpack returns the contents by the names that were asked for.
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

// unbzip2 unpacks at most `most` bytes. The standard library does some 30 MB/s
// on one core, which is most of the time that a packed data set takes to load.
func unbzip2(b []byte, most int64) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(4 * len(b)) // what tables of numbers and titles take
	n, err := io.Copy(&out, io.LimitReader(bzip2.NewReader(bytes.NewReader(b)), most+1))
	if err != nil {
		return nil, fmt.Errorf("not a complete bzip2 file (truncated, damaged, or a different type of file; %d bytes): %w", len(b), err)
	}
	if n > most {
		return nil, fmt.Errorf("it unpacks to more than %d bytes", most)
	}
	return out.Bytes(), nil
}
