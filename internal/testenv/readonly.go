package testenv

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadOnly makes a folder, with all that is in it, one that cannot be written,
// until undo is called. The error is for machines where that cannot be done.
func ReadOnly(dir string) (undo func(), err error) { return readOnly(dir) }

// withoutPermission takes away the permission to write, which root ignores.
func withoutPermission(dir string) (undo func(), err error) {
	set := func(mode fs.FileMode) error {
		return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return err
			}
			return os.Chmod(path, mode)
		})
	}
	undo = func() { set(0o777) }
	if err := set(0o555); err != nil {
		undo()
		return nil, err
	}
	if f, err := os.CreateTemp(dir, "probe"); err == nil {
		f.Close()
		undo()
		os.Remove(f.Name())
		return nil, errors.New("permissions do not stop this user")
	}
	return undo, nil
}
