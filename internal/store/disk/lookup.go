package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"foil/internal/digest"
	"foil/internal/store"
)

// Lookup returns the record of a key if all its objects exist. It checks the size of objects but
// does not read them; Fetch does.
func (c *Cache) Lookup(_ context.Context, key digest.Key) (*store.Record, store.Miss, error) {
	path := c.recordPath(key)
	text, info, err := c.readRecord(path)
	var odd *oddError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if c.wasSetAside(filepath.Base(path)) {
			return nil, store.Broken("its record was damaged, and was set aside"), nil
		}
		return nil, store.NeverMade, nil
	case errors.As(err, &odd):
		c.putOddAside(path, err)
		return nil, store.Broken("its record " + odd.problem()), nil
	case isUnreadable(err): // it is replaced when the work has been done again
		return nil, store.Broken("its record " + unreadable(err)), nil
	case err != nil:
		return nil, store.Miss{}, fmt.Errorf("record of %s: %w", key.Short(), err)
	}
	r, err := store.DecodeRecord(path, text, key)
	var newer *store.NewerFormatError
	switch {
	case errors.As(err, &newer):
		return nil, store.Miss{}, newer
	case err != nil:
		return nil, store.Broken("its record " + err.Error()), nil
	}
	for _, f := range r.Outputs {
		if reason := c.lookAt(f); reason != "" {
			return nil, store.Broken(fmt.Sprintf("its output %s %s", f.Name, reason)), nil
		}
	}
	c.markUsed(path, info)
	return r, store.Miss{}, nil
}

// readRecord reads the file of a record.
func (c *Cache) readRecord(path string) ([]byte, fs.FileInfo, error) {
	if !c.isFolder(filepath.Dir(path)) {
		return nil, nil, fs.ErrNotExist
	}
	return readSmall(path)
}

// lookAt returns the known damage of an object, or "".
func (c *Cache) lookAt(f File) (reason string) {
	c.mu.Lock()
	reason = c.damaged[f.Digest]
	c.mu.Unlock()
	if reason != "" {
		return reason
	}
	path := c.objectPath(f.Digest)
	if !c.isFolder(filepath.Dir(path)) {
		return "is missing from the cache"
	}
	reason = statObject(path, f.Size)
	if reason != "" && c.wasSetAside(f.Digest.String()) {
		return "was damaged, and was set aside"
	}
	return reason
}

// wasSetAside reports whether a file of that name was found damaged.
func (c *Cache) wasSetAside(name string) bool {
	_, err := os.Lstat(filepath.Join(c.dir, damagedDir, name))
	return err == nil
}

// markUsed sets the time of the last use of a record, for Garbage. A precision of one hour is
// enough and avoids most writes.
func (c *Cache) markUsed(path string, info fs.FileInfo) {
	const near = time.Hour
	now := time.Now()
	if c.readOnly != nil || now.Sub(info.ModTime()) <= near {
		return
	}
	if os.Chtimes(path, now, now) != nil {
		touch(path) // the record of another user
	}
}

// An Entry is a record on disk.
type Entry struct {
	Key     digest.Key
	Record  *store.Record // nil: see Problem
	Problem error         // its damage, or a *store.NewerFormatError
	Used    time.Time     // time of its last use, with a precision of one hour
	Size    int64         // of the record alone
	Path    string

	unreadable bool // by this user; it may be good
	misplaced  bool // outside of the folder of its key, and so no record
}

// Entries reads all records, in the order of their keys. It may miss records that are made at the
// same time, and skips entries that cannot be read.
func (c *Cache) Entries() ([]Entry, error) {
	var list []Entry
	err := c.eachRecord(store.DecodeRecord, func(e Entry) error {
		if !e.misplaced {
			list = append(list, e)
		}
		return nil
	})
	return list, err
}

// Records yields all records that can be read, in the order of their keys.
func (c *Cache) Records(ctx context.Context) iter.Seq2[*store.Record, error] {
	return func(yield func(*store.Record, error) bool) {
		enough := errors.New("enough")
		err := c.eachRecord(store.DecodeRecord, func(e Entry) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if e.Record != nil && !yield(e.Record, nil) {
				return enough
			}
			return nil
		})
		if err != nil && !errors.Is(err, enough) {
			yield(nil, err)
		}
	}
}

// A decoder is store.DecodeRecord or store.ExamineRecord.
type decoder func(path string, text []byte, key digest.Key) (*store.Record, error)

// eachRecord reads all records, one after the other.
func (c *Cache) eachRecord(decode decoder, f func(Entry) error) error {
	return c.eachFile(filepath.Join(c.dir, actionsDir), func(path, name string) error {
		e := Entry{Path: path}
		if name, ok := strings.CutSuffix(name, ".json"); !ok || e.Key.UnmarshalText([]byte(name)) != nil {
			return nil // not a file of the cache
		}
		if path != c.recordPath(e.Key) {
			e.misplaced, e.Problem = true, errors.New("is in the folder of other keys, and so is no record")
			return f(e)
		}
		text, info, err := readSmall(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case isOdd(err):
			c.putOddAside(path, err)
			return nil
		case isUnreadable(err):
			c.doubt.Store(true)
			e.unreadable, e.Problem = true, errors.New(unreadable(err))
		case err != nil:
			return err
		default:
			e.Used, e.Size = info.ModTime(), info.Size()
			e.Record, e.Problem = decode(path, text, e.Key)
		}
		return f(e)
	})
}

// files are all objects that a record names.
func (e Entry) files() []File {
	if e.Record == nil {
		return nil
	}
	files := append([]File(nil), e.Record.Outputs...)
	if e.Record.Log != nil {
		files = append(files, *e.Record.Log)
	}
	return files
}
