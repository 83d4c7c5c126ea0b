package dataset

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"foil/internal/digest"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// ReadTarGz reads the named files from any folder of the tar.gz at path. The digest is the digest
// of the archive.
func ReadTarGz(path string, names ...string) (Raw, digest.Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, digest.Digest{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, digest.Digest{}, err
	}
	h := sha256.New()
	packed := io.TeeReader(f, h)
	raw, err := untar(packed, info.Size(), names)
	if err != nil {
		return nil, digest.Digest{}, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := io.Copy(io.Discard, packed); err != nil { // data after the end of the tar
		return nil, digest.Digest{}, err
	}
	return raw, digest.Digest(h.Sum(nil)), nil
}

func untar(packed io.Reader, size int64, names []string) (Raw, error) {
	broken := func(err error) error {
		return fmt.Errorf("not a complete tar.gz file (truncated, damaged, or a different type of file; %d bytes): %w", size, err)
	}
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, broken(err)
	}
	raw, from := make(Raw), make(map[string]string)
	for t := tar.NewReader(z); ; {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, broken(err)
		}
		name := path.Base(h.Name)
		if h.Typeflag != tar.TypeReg || !slices.Contains(names, name) {
			continue
		}
		if first, ok := from[name]; ok {
			return nil, fmt.Errorf("the archive has both %s and %s: one %s is needed", first, h.Name, name)
		}
		from[name] = h.Name
		// Deflate compresses at most 1032:1. A larger size is wrong, and memory must not be
		// reserved for it.
		if h.Size > 1<<30 || h.Size > 1032*size {
			return nil, fmt.Errorf("%s in the archive: its header gives %d bytes, which is impossible in an archive of %d bytes", h.Name, h.Size, size)
		}
		raw[name] = make([]byte, h.Size)
		if _, err := io.ReadFull(t, raw[name]); err != nil {
			return nil, broken(fmt.Errorf("in %s: %w", h.Name, noEOF(err)))
		}
	}
	// The checksum is at the end.
	if _, err := io.Copy(io.Discard, z); err != nil {
		return nil, broken(err)
	}
	for _, name := range names {
		if _, ok := raw[name]; !ok {
			return nil, fmt.Errorf("the archive has no %s (%s are needed)", name, strings.Join(names, ", "))
		}
	}
	return raw, nil
}

// noEOF turns io.EOF into io.ErrUnexpectedEOF.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
