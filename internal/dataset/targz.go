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
	"strings"
)

// ReadTarGz reads the members from any folder of the tar.gz at path. The digest is the digest of
// the archive.
func ReadTarGz(path string, members ...Member) (Raw, digest.Digest, error) {
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
	raw, err := untar(packed, info.Size(), members)
	if err != nil {
		return nil, digest.Digest{}, fmt.Errorf("%s: %w", path, err)
	}
	if _, err := io.Copy(io.Discard, packed); err != nil { // data after the end of the tar
		return nil, digest.Digest{}, err
	}
	return raw, digest.Digest(h.Sum(nil)), nil
}

// otherContent is the maximum size of everything in an archive that is not one of the members.
const otherContent = 64 << 20

func untar(packed io.Reader, size int64, members []Member) (Raw, error) {
	broken := func(err error) error {
		if errors.As(err, new(*tooMuch)) {
			return err
		}
		return fmt.Errorf("not a complete tar.gz file (truncated, damaged, or a different type of file; %d bytes): %w", size, err)
	}
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, broken(err)
	}
	content := &bounded{r: z, most: total(members) + otherContent}
	raw, from := make(Raw), make(map[string]string)
	for t := tar.NewReader(content); ; {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, broken(err)
		}
		name := path.Base(h.Name)
		m, needed := find(members, name)
		if h.Typeflag != tar.TypeReg || !needed {
			continue
		}
		if first, ok := from[name]; ok {
			return nil, fmt.Errorf("the archive has both %s and %s: one %s is needed", first, h.Name, name)
		}
		from[name] = h.Name
		if h.Size > m.Most {
			return nil, fmt.Errorf("%s in the archive: %w", h.Name, errLarge(m.Most))
		}
		// Deflate compresses at most 1032:1. A larger size is wrong, and memory must not be
		// reserved for it.
		if h.Size > 1032*size {
			return nil, fmt.Errorf("%s in the archive: its header gives %d bytes, which is impossible in an archive of %d bytes", h.Name, h.Size, size)
		}
		raw[name] = make([]byte, h.Size)
		if _, err := io.ReadFull(t, raw[name]); err != nil {
			return nil, broken(fmt.Errorf("in %s: %w", h.Name, noEOF(err)))
		}
	}
	// The checksum is at the end.
	if _, err := io.Copy(io.Discard, content); err != nil {
		return nil, broken(err)
	}
	for _, m := range members {
		if _, ok := raw[m.Name]; !ok {
			return nil, fmt.Errorf("the archive has no %s (%s are needed)", m.Name, strings.Join(names(members), ", "))
		}
	}
	return raw, nil
}

// A bounded reader counts what it reads, and fails after so many bytes. An archive of a few
// kilobytes can unpack to gigabytes.
type bounded struct {
	r          io.Reader
	read, most int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.read += int64(n); b.read > b.most {
		return n, &tooMuch{b.most}
	}
	return n, err
}

// A tooMuch is the error of a bounded reader.
type tooMuch struct{ most int64 }

func (e *tooMuch) Error() string { return fmt.Sprintf("it unpacks to more than %d bytes", e.most) }

// noEOF turns io.EOF into io.ErrUnexpectedEOF.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
