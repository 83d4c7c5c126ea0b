package dataset

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"foil/internal/digest"
)

// ReadZip reads the members from any folder of the zip at path. The digest is the digest of the
// zip file.
func ReadZip(path string, members ...Member) (Raw, digest.Digest, error) {
	b, err := readFile(path, total(members))
	if err != nil {
		return nil, digest.Digest{}, err
	}
	raw, err := unzip(b, members)
	if err != nil {
		return nil, digest.Digest{}, fmt.Errorf("%s: %w", path, err)
	}
	return raw, digest.Of(b), nil
}

// maxZipFiles is the maximum number of files in a zip, because their directory takes up several
// times its size in memory.
const maxZipFiles = 10_000

func unzip(b []byte, members []Member) (Raw, error) {
	if n := bytes.Count(b, []byte("PK\x01\x02")); n > maxZipFiles { // an entry of the directory
		return nil, fmt.Errorf("the zip has %d files; at most %d are allowed", n, maxZipFiles)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("not a complete zip file (truncated, or a different type of file; %d bytes): %w", len(b), err)
	}
	raw := make(Raw)
	for _, m := range members {
		var found *zip.File
		for _, f := range z.File {
			if path.Base(f.Name) != m.Name || !f.Mode().IsRegular() || strings.HasPrefix(f.Name, "__MACOSX/") {
				continue
			}
			if found != nil {
				return nil, fmt.Errorf("the zip has both %s and %s: one %s is needed", found.Name, f.Name, m.Name)
			}
			found = f
		}
		if found == nil {
			return nil, fmt.Errorf("the zip has no %s (%s are needed)", m.Name, strings.Join(names(members), ", "))
		}
		if raw[m.Name], err = inflate(found, len(b), m.Most); err != nil {
			return nil, fmt.Errorf("%s in the zip: %w", found.Name, err)
		}
	}
	return raw, nil
}

// inflate decompresses one file and checks its checksum.
func inflate(f *zip.File, zipSize int, most int64) ([]byte, error) {
	if f.Flags&1 != 0 {
		return nil, errors.New("it is encrypted; make a zip without a password")
	}
	size := f.UncompressedSize64
	if size > uint64(most) {
		return nil, errLarge(most)
	}
	// Deflate compresses at most 1032:1. A larger size is wrong, and memory must not be reserved
	// for it.
	if size > 1032*uint64(zipSize) {
		return nil, fmt.Errorf("its header gives %d bytes, which is impossible in a zip of %d bytes", size, zipSize)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := make([]byte, size)
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
