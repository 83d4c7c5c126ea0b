package dataset

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"foil/internal/digest"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Raw is the content of the files of a data set, by base name.
type Raw map[string][]byte

// filled checks that none of the named files is empty.
func (r Raw) filled(names []string) error {
	for _, name := range names {
		if len(r[name]) == 0 {
			return fmt.Errorf("%s is empty", name)
		}
	}
	return nil
}

// ReadZip reads the named files from any folder of the zip at path. The digest is the digest of the
// zip file.
func ReadZip(path string, names ...string) (Raw, digest.Digest, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, digest.Digest{}, err
	}
	raw, err := unzip(b, names)
	if err != nil {
		return nil, digest.Digest{}, fmt.Errorf("%s: %w", path, err)
	}
	return raw, digest.Of(b), nil
}

// ReadFolder reads the named files from a folder. The digest covers their
// names and contents, in the order given.
func ReadFolder(dir string, names ...string) (Raw, digest.Digest, error) {
	raw := make(Raw)
	h := sha256.New()
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, digest.Digest{}, notInFolder(err, dir, name, names)
		}
		raw[name] = b
		fmt.Fprintf(h, "%s %s\n", digest.Of(b), name)
	}
	return raw, digest.Digest(h.Sum(nil)), nil
}

// FolderDigest is the digest of ReadFolder, without reading the files into memory.
func FolderDigest(dir string, names ...string) (digest.Digest, error) {
	h := sha256.New()
	for _, name := range names {
		d, err := fileDigest(filepath.Join(dir, name))
		if err != nil {
			return digest.Digest{}, notInFolder(err, dir, name, names)
		}
		fmt.Fprintf(h, "%s %s\n", d, name)
	}
	return digest.Digest(h.Sum(nil)), nil
}

func fileDigest(path string) (digest.Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return digest.Digest{}, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return digest.Digest(h.Sum(nil)), err
}

// notInFolder is the error for a missing file.
func notInFolder(err error, dir, name string, names []string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has no %s (%s are needed)", dir, name, strings.Join(names, ", "))
	}
	return err
}

func unzip(b []byte, names []string) (Raw, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("not a complete zip file (truncated, or a different type of file; %d bytes): %w", len(b), err)
	}
	raw := make(Raw)
	for _, name := range names {
		var found *zip.File
		for _, f := range z.File {
			if path.Base(f.Name) != name || strings.HasPrefix(f.Name, "__MACOSX/") {
				continue
			}
			if found != nil {
				return nil, fmt.Errorf("the zip has both %s and %s: one %s is needed", found.Name, f.Name, name)
			}
			found = f
		}
		if found == nil {
			return nil, fmt.Errorf("the zip has no %s (%s are needed)", name, strings.Join(names, ", "))
		}
		if raw[name], err = inflate(found, len(b)); err != nil {
			return nil, fmt.Errorf("%s in the zip: %w", found.Name, err)
		}
	}
	return raw, nil
}

// inflate decompresses one file and checks its checksum.
func inflate(f *zip.File, zipSize int) ([]byte, error) {
	// Deflate compresses at most 1032:1. A larger size is wrong, and memory must not be reserved
	// for it.
	if size := f.UncompressedSize64; size > 1<<30 || size > 1032*uint64(zipSize) {
		return nil, fmt.Errorf("its header gives %d bytes, which is impossible in a zip of %d bytes", size, zipSize)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, f.UncompressedSize64)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	// The reader compares the checksum when it reaches the end.
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		if n != 0 {
			err = errors.New("it is longer than its header says")
		}
		return nil, err
	}
	return b, nil
}
