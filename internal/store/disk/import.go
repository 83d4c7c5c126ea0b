package disk

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"foil/internal/ctxio"
	"foil/internal/digest"
	"foil/internal/store"
)

// Imported is the result of Import.
type Imported struct {
	Records, Objects int   // new in this cache
	Bytes            int64 // size of the new objects
	Known            int   // records that were already in the cache
	Held             int   // records of cells that another run is making; they were left out

	// Conflicts are those of Known that have other outputs in the bundle. The cache keeps its own.
	Conflicts []Conflict
}

// A Conflict is a key with two results. Theirs lacks the key text, the parameters and the inputs,
// which can be large.
type Conflict struct{ Ours, Theirs *store.Record }

// Limits on a bundle, because it may come from an untrusted source, and a few kilobytes of it may
// unpack to gigabytes. Only one record is in memory at a time.
const (
	maxManifest = 256 << 20 // of the text, which is not kept in memory
	maxTrailer  = 1 << 20   // after the end of the tar file, which is padded
)

// Import adds the content of a bundle to the cache, after the whole bundle has been checked: first
// the objects, then the records. It keeps intact files that are already in the cache. A bundle that
// is refused changes nothing. If ctx is done before the end, the cache has only complete records, and
// may have complete objects that no record names yet.
func (c *Cache) Import(ctx context.Context, r io.Reader) (*Imported, error) {
	if err := c.Writable(); err != nil {
		return nil, err
	}
	dir, err := c.Scratch("import-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	all := &counted{r: ctxio.Reader(ctx, r)}
	i := &importer{cache: c, all: all, tar: tar.NewReader(all), dir: dir, publisher: newPublisher(c)}
	defer i.publisher.syncs.wait() // also where there is an error
	if err := i.read(ctx); err != nil {
		// Readers between this function and r may hide the reason.
		return nil, cmp.Or(ctx.Err(), err)
	}
	if err := i.nameObjects(ctx); err != nil {
		return nil, err
	}
	if err := i.publish(ctx); err != nil {
		return nil, err
	}
	return &i.done, nil
}

// An importer reads a bundle.
type importer struct {
	cache     *Cache
	all       *counted
	tar       *tar.Reader // of all
	dir       string      // of the objects and records until they get their names
	publisher *publisher
	expect    *contents
	staged    []File // the new objects
	done      Imported
}

// read reads the whole bundle. It keeps the new objects and the records in i.dir.
func (i *importer) read(ctx context.Context) error {
	if err := i.manifest(); err != nil {
		return err
	}
	for _, o := range i.expect.objects {
		if err := i.object(ctx, o); err != nil {
			return err
		}
	}
	for _, r := range i.expect.records {
		if err := i.record(r); err != nil {
			return err
		}
	}
	return i.end()
}

// tarEnd is the size of the empty blocks at the end of a tar file.
const tarEnd = 1024

// end reads the end of the bundle. The compression may have a checksum there, too.
func (i *importer) end() error {
	before := i.all.n
	if _, err := i.tar.Next(); err != nil && !errors.Is(err, io.EOF) {
		return cut(err)
	} else if err == nil {
		return errors.New("the bundle is damaged: it holds more files than its manifest lists")
	}
	if i.all.n-before < tarEnd {
		return cut(errors.New("its end is missing"))
	}
	after, err := io.ReadAll(io.LimitReader(i.all, maxTrailer+1))
	switch {
	case err != nil:
		return cut(err)
	case len(after) > maxTrailer || bytes.ContainsFunc(after, func(r rune) bool { return r != 0 }):
		return errors.New("the bundle is damaged: there is more data after its end")
	}
	return nil
}

// A counted reader counts the bytes that it returns.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func cut(err error) error {
	return fmt.Errorf("the bundle is damaged, or was cut off: %w", err)
}

// manifest reads the first entry.
func (i *importer) manifest() error {
	h, err := i.tar.Next()
	if err != nil || h.Name != manifestName || h.Typeflag != tar.TypeReg || h.Size > maxManifest {
		return errors.New("this is not a bundle that foil export has written, or one that was cut off near its beginning")
	}
	i.expect, err = readManifest(i.tar)
	return err
}

// next reads the next entry and compares it with the manifest.
func (i *importer) next(name string, size int64) error {
	h, err := i.tar.Next()
	switch {
	case errors.Is(err, io.EOF):
		return cut(fmt.Errorf("%s is missing", name))
	case err != nil:
		return cut(err)
	case h.Name != name:
		return fmt.Errorf("the bundle holds %.100q where its manifest says %q", h.Name, name)
	case h.Typeflag != tar.TypeReg:
		return fmt.Errorf("the bundle holds %q as a folder, a link or something else that is not a file", name)
	case h.Size != size:
		return fmt.Errorf("the bundle holds %q with %d bytes where its manifest says %d", name, h.Size, size)
	}
	return nil
}

// object reads an object, and keeps it in i.dir unless it is already in the cache and intact.
func (i *importer) object(ctx context.Context, f File) error {
	f.Name = objectName(f.Digest)
	if err := i.next(f.Name, f.Size); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(i.dir, f.Digest.String()))
	if err != nil {
		return err
	}
	h := sha256.New()
	if _, err := ctxio.Copy(ctx, io.MultiWriter(&flushed{file: file}, h), i.tar); err != nil {
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
	if path, err := i.cache.object(ctx, f); err == nil {
		i.publisher.rely(path)
		return os.Remove(file.Name())
	} else if ctx.Err() != nil {
		return ctx.Err()
	}
	i.staged = append(i.staged, f)
	return nil
}

// nameObjects gives the new objects their names.
func (i *importer) nameObjects(ctx context.Context) error {
	for _, f := range i.staged {
		if err := ctx.Err(); err != nil {
			return err
		}
		file, err := os.OpenFile(filepath.Join(i.dir, f.Digest.String()), os.O_RDWR, 0)
		if err != nil {
			return err
		}
		if err := i.publisher.name(ctx, file, f); err != nil {
			return err
		}
		i.done.Objects++
		i.done.Bytes += f.Size
	}
	return i.publisher.settle()
}

// flushStep is the number of bytes after which a flushed file is synced: little enough for a slow
// disk to write within a moment.
const flushStep = 16 << 20

// A flushed file is synced from time to time while it is written. The sync at its end, which
// nothing can interrupt, is short then.
type flushed struct {
	file  *os.File
	since int // bytes since the last sync
}

func (f *flushed) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	if f.since += n; err == nil && f.since >= flushStep {
		f.since = 0
		err = f.file.Sync()
	}
	return n, err
}

// record checks a record and writes it to i.dir.
func (i *importer) record(want bundledRecord) error {
	if err := i.next(recordName(want.key), want.size); err != nil {
		return err
	}
	text := make([]byte, want.size)
	if _, err := io.ReadFull(i.tar, text); err != nil {
		return cut(err)
	}
	r, err := examineBundled(text, want.key)
	if err != nil {
		return err
	}
	for _, f := range (Entry{Record: r}).files() {
		at, ok := slices.BinarySearchFunc(i.expect.objects, f, compareDigests)
		if !ok {
			return fmt.Errorf("the bundle has the record of %s (%s), but not its output %s", r.Cell, r.Key.Short(), f.Name)
		}
		if size := i.expect.objects[at].Size; size != f.Size {
			return fmt.Errorf("the bundle has the record of %s (%s), whose output %s has %d bytes and not %d, as the record claims",
				r.Cell, r.Key.Short(), f.Name, size, f.Size)
		}
	}
	return os.WriteFile(i.recordPath(want.key), text, 0o600)
}

func compareDigests(a, b File) int { return bytes.Compare(a.Digest[:], b.Digest[:]) }

func (i *importer) recordPath(k digest.Key) string {
	return filepath.Join(i.dir, k.String()+".json")
}

// examineBundled decodes and checks the text of a record.
func examineBundled(text []byte, key digest.Key) (*store.Record, error) {
	r, err := store.ExamineForeign("record "+key.Short()+" of the bundle", text, key)
	var newer *store.NewerFormatError
	switch {
	case errors.As(err, &newer):
		return nil, newer
	case err != nil:
		return nil, fmt.Errorf("record %s of the bundle %w", key.Short(), err)
	}
	return r, nil
}

// publish adds the records, whose objects are in the cache.
func (i *importer) publish(ctx context.Context) error {
	for _, want := range i.expect.records {
		if err := ctx.Err(); err != nil {
			return err
		}
		text, err := os.ReadFile(i.recordPath(want.key))
		if err != nil {
			return err
		}
		r, err := store.DecodeRecord(want.key.Short(), text, want.key)
		if err != nil {
			return fmt.Errorf("record %s, which was read from the bundle, %w", want.key.Short(), err)
		}
		known, err := i.cache.adopt(ctx, r)
		switch {
		case errors.Is(err, store.ErrHeld):
			i.done.Held++
		case err != nil:
			return err
		case known == nil:
			i.done.Records++
		default:
			i.done.Known++
			if !slices.Equal(known.Outputs, r.Outputs) {
				r.KeyText, r.Params, r.Inputs = "", "", nil
				i.done.Conflicts = append(i.done.Conflicts, Conflict{known, r})
			}
		}
	}
	return nil
}
