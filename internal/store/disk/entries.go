package disk

import (
	"errors"
	"foil/internal/digest"
	"foil/internal/store"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An Entry is a record as it lies on disk.
type Entry struct {
	Key     digest.Key
	Record  *store.Record // nil: see Problem
	Problem error         // what is wrong with it, or a *store.NewerFormatError
	Used    time.Time     // when it was made or last found, to within an hour
	Size    int64         // of the record alone
	Path    string
}

// Entries reads all records, in the order of their keys. What is made while it
// reads may be missing from it.
func (c *Cache) Entries() ([]Entry, error) {
	var list []Entry
	err := eachFile(filepath.Join(c.dir, actionsDir), func(path, name string) error {
		e := Entry{Path: path}
		if name, ok := strings.CutSuffix(name, ".json"); !ok || e.Key.UnmarshalText([]byte(name)) != nil {
			return nil // not ours
		}
		info, err1 := os.Stat(path)
		text, err2 := os.ReadFile(path)
		if err := errors.Join(err1, err2); errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		e.Used, e.Size = info.ModTime(), info.Size()
		e.Record, e.Problem = store.DecodeRecord(path, text, e.Key)
		list = append(list, e)
		return nil
	})
	return list, err
}
