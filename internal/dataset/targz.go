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

// StreamTarGz passes the content of each member in the tar.gz at path to use, in the order of the
// archive. It reads the archive through tee, to its end. Errors of use are returned as they are.
func StreamTarGz(path string, tee func(io.Reader) io.Reader, use func(name string, r io.Reader) error, members ...Member) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	packed := tee(f)
	var refused error
	err = walkTar(packed, info.Size(), members, func(m Member, _ int64, r io.Reader) error {
		content := &failing{r: r}
		err := use(m.Name, content)
		if err == nil {
			_, err = io.Copy(io.Discard, content)
		}
		if content.err != nil {
			return content.err
		}
		refused = err
		return err
	})
	if refused != nil {
		return refused
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	_, err = io.Copy(io.Discard, packed) // data after the end of the tar
	return err
}

// A failing reader keeps the error of what it reads.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// otherContent is the maximum size of everything in an archive that is not one of the members.
const otherContent = 64 << 20

func untar(packed io.Reader, size int64, members []Member) (Raw, error) {
	raw := make(Raw)
	return raw, walkTar(packed, size, members, func(m Member, n int64, r io.Reader) error {
		raw[m.Name] = make([]byte, n)
		_, err := io.ReadFull(r, raw[m.Name])
		return err
	})
}

// walkTar passes each member to use, with its size. An error of use counts as one of the archive.
func walkTar(packed io.Reader, size int64, members []Member, use func(m Member, n int64, r io.Reader) error) error {
	broken := func(err error) error {
		if errors.As(err, new(*tooMuch)) {
			return err
		}
		return fmt.Errorf("not a complete tar.gz file (truncated, damaged, or a different type of file; %d bytes): %w", size, err)
	}
	z, err := gzip.NewReader(packed)
	if err != nil {
		return broken(err)
	}
	content := &bounded{r: z, most: total(members) + otherContent}
	from := make(map[string]string)
	for t := tar.NewReader(content); ; {
		h, err := t.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return broken(err)
		}
		name := path.Base(h.Name)
		m, needed := find(members, name)
		if h.Typeflag != tar.TypeReg || !needed {
			continue
		}
		if first, ok := from[name]; ok {
			return fmt.Errorf("the archive has both %s and %s: one %s is needed", first, h.Name, name)
		}
		from[name] = h.Name
		if h.Size > m.Most {
			return fmt.Errorf("%s in the archive: %w", h.Name, errLarge(m.Most))
		}
		// Deflate compresses at most 1032:1. A larger size is wrong, and memory must not be
		// reserved for it.
		if h.Size > 1032*size {
			return fmt.Errorf("%s in the archive: its header gives %d bytes, which is impossible in an archive of %d bytes", h.Name, h.Size, size)
		}
		if err := use(m, h.Size, t); err != nil {
			return broken(fmt.Errorf("in %s: %w", h.Name, noEOF(err)))
		}
	}
	// The checksum is at the end.
	if _, err := io.Copy(io.Discard, content); err != nil {
		return broken(err)
	}
	for _, m := range members {
		if _, ok := from[m.Name]; !ok {
			return fmt.Errorf("the archive has no %s (%s are needed)", m.Name, strings.Join(names(members), ", "))
		}
	}
	return nil
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
