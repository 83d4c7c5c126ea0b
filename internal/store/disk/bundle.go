package disk

import (
	"archive/tar"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
)

// A bundle is a tar file with records and their objects, for the transfer of results. Its first
// entry is the manifest, which lists all other entries, so that a reader detects missing ones. Then
// come the objects, then the records, each sorted by name.

// bundleFormat is the version of written bundles, and the highest version that can be read.
const bundleFormat = 1

// manifestName is the name of the first entry.
const manifestName = "foil-bundle.json"

// A manifest lists the content of a bundle.
type manifest struct {
	Format  int          `json:"format"`
	Objects []bundleFile `json:"objects"`
	Records []bundleFile `json:"records"`
}

type bundleFile struct {
	Name string `json:"name"` // objects/ab/DIGEST or actions/ab/KEY.json
	Size int64  `json:"size"`
}

// Export writes work as a bundle. Objects are compared with their digests; the
// same records make the same bytes.
func (c *Cache) Export(w io.Writer, records []*store.Record) error {
	m := manifest{Format: bundleFormat, Objects: []bundleFile{}, Records: []bundleFile{}}
	files := map[string]File{}
	texts := map[string][]byte{}
	for _, r := range records {
		text, err := r.Encode()
		if err != nil {
			return err
		}
		name := recordName(r.Key)
		if texts[name] == nil {
			m.Records = append(m.Records, bundleFile{name, int64(len(text))})
		}
		texts[name] = text
		for _, f := range (Entry{Record: r}).files() {
			name := objectName(f.Digest)
			if _, known := files[name]; !known {
				m.Objects = append(m.Objects, bundleFile{name, f.Size})
			}
			files[name] = f
		}
	}
	byName := func(a, b bundleFile) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortFunc(m.Objects, byName)
	slices.SortFunc(m.Records, byName)
	return c.writeBundle(tar.NewWriter(w), m, files, texts)
}

func (c *Cache) writeBundle(
	t *tar.Writer, m manifest, files map[string]File, texts map[string][]byte,
) error {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	if err := addEntry(t, manifestName, int64(len(text)), strings.NewReader(string(text))); err != nil {
		return err
	}
	for _, o := range m.Objects {
		if err := c.addObject(t, o, files[o.Name]); err != nil {
			return err
		}
	}
	for _, r := range m.Records {
		if err := addEntry(t, r.Name, r.Size, strings.NewReader(string(texts[r.Name]))); err != nil {
			return err
		}
	}
	return t.Close()
}

func (c *Cache) addObject(t *tar.Writer, o bundleFile, f File) error {
	path, err := c.object(f)
	if err != nil {
		return fmt.Errorf("%w; foil run makes it again", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return addEntry(t, o.Name, o.Size, file)
}

func addEntry(t *tar.Writer, name string, size int64, content io.Reader) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o444, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.Copy(t, content)
	return err
}

func objectName(d digest.Digest) string { return objectsDir + "/" + d.String()[:2] + "/" + d.String() }

func recordName(k digest.Key) string {
	return actionsDir + "/" + k.String()[:2] + "/" + k.String() + ".json"
}

// Imported is the result of Import.
type Imported struct {
	Records, Objects int   // new in this cache
	Bytes            int64 // size of the new objects
	Known            int   // records that were already in the cache

	// Conflicts are those of Known that have other outputs in the bundle. The cache keeps its own.
	Conflicts []Conflict
}

// A Conflict is a key with two results.
type Conflict struct{ Ours, Theirs *store.Record }

// Limits on the data that is read into memory, because a bundle may come from an untrusted source.
const (
	maxManifest = 256 << 20
	maxRecord   = 64 << 20
)

// Import adds the content of a bundle to the cache, after the whole bundle has been checked: first
// the objects, then the records. It keeps intact files that are already in the cache. A bundle that
// is refused changes nothing.
func (c *Cache) Import(r io.Reader) (*Imported, error) {
	if err := c.Writable(); err != nil {
		return nil, err
	}
	dir, err := c.Scratch("import-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	i := &importer{cache: c, tar: tar.NewReader(r), dir: dir, publisher: newPublisher(c), staged: map[digest.Digest]int64{}}
	defer i.publisher.syncs.wait() // also where there is an error
	if err := i.manifest(); err != nil {
		return nil, err
	}
	for _, o := range i.expect.Objects {
		if err := i.object(o); err != nil {
			return nil, err
		}
	}
	records := make([]*store.Record, len(i.expect.Records))
	for n, f := range i.expect.Records {
		if records[n], err = i.record(f); err != nil {
			return nil, err
		}
	}
	if _, err := i.tar.Next(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the bundle is damaged: it holds more files than its manifest lists")
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // the compression may have a checksum at its end
		return nil, cut(err)
	}
	return &i.done, i.publish(records)
}

// An importer reads a bundle.
type importer struct {
	cache     *Cache
	tar       *tar.Reader
	dir       string
	publisher *publisher
	expect    manifest
	staged    map[digest.Digest]int64 // sizes of the new objects, which are in dir
	done      Imported
}

func cut(err error) error {
	return fmt.Errorf("the bundle is damaged, or was cut off: %w", err)
}

// manifest reads the first entry.
func (i *importer) manifest() error {
	h, err := i.tar.Next()
	if err != nil || h.Name != manifestName || h.Size > maxManifest {
		return errors.New("this is not a bundle that foil export has written, or one that was cut off near its beginning")
	}
	text, err := io.ReadAll(i.tar)
	if err != nil {
		return cut(err)
	}
	if err := json.Unmarshal(text, &i.expect); err != nil {
		return fmt.Errorf("the bundle's manifest cannot be read: %w", err)
	}
	if i.expect.Format != bundleFormat {
		return fmt.Errorf("the bundle has format %d, and this foil reads format %d; use another foil", i.expect.Format, bundleFormat)
	}
	for _, list := range [][]bundleFile{i.expect.Objects, i.expect.Records} {
		for n := 1; n < len(list); n++ {
			if list[n-1].Name >= list[n].Name {
				return fmt.Errorf("the bundle's manifest has %q after %q; foil export sorts names, and writes none twice", list[n].Name, list[n-1].Name)
			}
		}
	}
	return nil
}

// next reads the next entry and compares it with the manifest.
func (i *importer) next(want bundleFile) error {
	h, err := i.tar.Next()
	switch {
	case errors.Is(err, io.EOF):
		return cut(fmt.Errorf("%s is missing", want.Name))
	case err != nil:
		return cut(err)
	case h.Name != want.Name || h.Size != want.Size || h.Typeflag != tar.TypeReg:
		return fmt.Errorf("the bundle holds %q where its manifest says %q", h.Name, want.Name)
	}
	return nil
}

// object reads an object, and keeps it for publish unless it is already in the cache and intact.
func (i *importer) object(o bundleFile) error {
	f := File{Name: o.Name, Size: o.Size}
	if err := f.Digest.UnmarshalText([]byte(path.Base(o.Name))); err != nil || objectName(f.Digest) != o.Name {
		return fmt.Errorf("the bundle's manifest names an object %q", o.Name)
	}
	if err := i.next(o); err != nil {
		return err
	}
	tmp := filepath.Join(i.dir, f.Digest.String())
	file, err := os.Create(tmp)
	if err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(file, h), i.tar); err != nil {
		file.Close()
		return cut(err)
	}
	if got := digest.Digest(h.Sum(nil)); got != f.Digest {
		file.Close()
		return fmt.Errorf("object %s of the bundle has unexpected content (digest %s); "+
			"nothing that needs it was imported", f.Digest.Short(), got.Short())
	}
	if err := file.Close(); err != nil {
		return err
	}
	if path, err := i.cache.object(f); err == nil {
		i.publisher.rely(path)
		return os.Remove(tmp)
	}
	i.staged[f.Digest] = f.Size
	return nil
}

// nameObjects gives the new objects their names.
func (i *importer) nameObjects() error {
	for d, size := range i.staged {
		file, err := os.OpenFile(filepath.Join(i.dir, d.String()), os.O_RDWR, 0)
		if err != nil {
			return err
		}
		if err := i.publisher.name(file, File{Name: objectName(d), Digest: d, Size: size}); err != nil {
			return err
		}
		i.done.Objects++
		i.done.Bytes += size
	}
	return i.publisher.settle()
}

// record reads a record.
func (i *importer) record(f bundleFile) (*store.Record, error) {
	var key digest.Key
	name := strings.TrimSuffix(path.Base(f.Name), ".json")
	if err := key.UnmarshalText([]byte(name)); err != nil || recordName(key) != f.Name || f.Size > maxRecord {
		return nil, fmt.Errorf("the bundle's manifest names a record %q", f.Name)
	}
	if err := i.next(f); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(i.tar)
	if err != nil {
		return nil, cut(err)
	}
	r, err := store.ExamineRecord("record "+key.Short()+" of the bundle", text, key)
	var newer *store.NewerFormatError
	switch {
	case errors.As(err, &newer):
		return nil, newer
	case err != nil:
		return nil, fmt.Errorf("record %s of the bundle %w", key.Short(), err)
	}
	return r, nil
}

// checkFile reports whether a file of a record is in the bundle or in the cache.
func (i *importer) checkFile(f File) error {
	size, ok := i.staged[f.Digest]
	switch {
	case !ok:
		_, err := i.cache.object(f)
		return err
	case size != f.Size:
		return &store.DamagedError{File: f, Reason: fmt.Sprintf("has %d bytes instead of %d", size, f.Size)}
	}
	return nil
}

// publish adds the objects and the records, after checking that the records agree with the objects.
func (i *importer) publish(records []*store.Record) error {
	for _, r := range records {
		for _, f := range (Entry{Record: r}).files() {
			if err := i.checkFile(f); err != nil {
				return fmt.Errorf("the bundle has the record of %s (%s), but not its output: %w", r.Cell, r.Key.Short(), err)
			}
		}
	}
	if err := i.nameObjects(); err != nil {
		return err
	}
	for _, r := range records {
		if known, _, err := i.cache.Lookup(context.Background(), r.Key); err != nil {
			return err
		} else if known != nil {
			i.done.Known++
			if !slices.Equal(known.Outputs, r.Outputs) {
				i.done.Conflicts = append(i.done.Conflicts, Conflict{known, r})
			}
			continue
		}
		if err := i.cache.adopt(r); err != nil {
			return err
		}
		i.done.Records++
	}
	return nil
}
