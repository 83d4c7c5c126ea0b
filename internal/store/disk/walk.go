package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

func eachEntry(dir string, f func(path, name string) error) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return ignoreMissing(err)
	}
	for _, e := range list {
		if err := f(filepath.Join(dir, e.Name()), e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// sizeOf is the size of a file, or of all files in a folder.
func sizeOf(path string) (size int64, err error) {
	err = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return ignoreMissing(err)
		}
		info, err := d.Info()
		if err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return ignoreMissing(err)
	})
	return size, err
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// eachFile calls f for what lies in the folders that divide objects and records,
// sorted.
func eachFile(root string, f func(path, name string) error) error {
	folders, err := os.ReadDir(root)
	if err != nil {
		return ignoreMissing(err)
	}
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		dir := filepath.Join(root, folder.Name())
		files, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, file := range files {
			if err := f(filepath.Join(dir, file.Name()), file.Name()); err != nil {
				return err
			}
		}
	}
	return nil
}
