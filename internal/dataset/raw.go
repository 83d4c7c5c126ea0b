package dataset

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"foil/internal/ctxio"
	"foil/internal/digest"
)

// Raw is the content of the files of a data set, by base name.
type Raw map[string][]byte

// A Member is a file of a data set.
type Member struct {
	Name string

	// Most is the maximum number of bytes: that of the published file with a wide margin. It bounds
	// the memory for an archive, which can unpack to a thousand times its size.
	Most int64
}

func names(members []Member) []string {
	list := make([]string, len(members))
	for i, m := range members {
		list[i] = m.Name
	}
	return list
}

// find returns the member called name.
func find(members []Member, name string) (m Member, ok bool) {
	i := slices.IndexFunc(members, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return m, false
	}
	return members[i], true
}

// total is the maximum size of all members.
func total(members []Member) (most int64) {
	for _, m := range members {
		most += m.Most
	}
	return most
}

// errLarge is the error for a file that has more bytes than are allowed.
func errLarge(most int64) error {
	return fmt.Errorf("it has more than %d bytes, several times the size of the published file", most)
}

// readAtMost reads everything, or fails if there are more bytes.
func readAtMost(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(b)) > most {
		return nil, errLarge(most)
	}
	return b, err
}

// readFile reads a file of at most so many bytes.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := readAtMost(f, most)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

// ReadFolder reads the files from a folder. The digest covers their names and contents, in the
// order given.
func ReadFolder(dir string, members ...Member) (Raw, digest.Digest, error) {
	raw := make(Raw)
	h := sha256.New()
	for _, m := range members {
		b, err := readFile(filepath.Join(dir, m.Name), m.Most)
		if err != nil {
			return nil, digest.Digest{}, notInFolder(err, dir, m.Name, members)
		}
		raw[m.Name] = b
		fmt.Fprintf(h, "%s %s\n", digest.Of(b), m.Name)
	}
	return raw, digest.Digest(h.Sum(nil)), nil
}

// FolderDigest is the digest of ReadFolder, without reading the files into memory.
func FolderDigest(ctx context.Context, dir string, members ...Member) (digest.Digest, error) {
	h := sha256.New()
	for _, m := range members {
		d, err := FileDigest(ctx, filepath.Join(dir, m.Name))
		if err != nil {
			return digest.Digest{}, notInFolder(err, dir, m.Name, members)
		}
		fmt.Fprintf(h, "%s %s\n", d, m.Name)
	}
	return digest.Digest(h.Sum(nil)), nil
}

// FileDigest is the digest of the content of a file.
func FileDigest(ctx context.Context, path string) (digest.Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return digest.Digest{}, err
	}
	defer f.Close()
	d, _, err := digest.OfReader(ctxio.Reader(ctx, f))
	return d, err
}

// notInFolder is the error for a missing file.
func notInFolder(err error, dir, name string, members []Member) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has no %s (%s are needed)", dir, name, strings.Join(names(members), ", "))
	}
	return err
}
