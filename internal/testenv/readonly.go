package testenv

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// ReadOnly makes a folder and its content read-only until undo is called. It returns an error on
// machines that do not support this.
func ReadOnly(dir string) (undo func(), err error) { return readOnly(dir) }

// withoutPermission removes the permission to write, which root ignores.
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
