package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"foil/internal/ctxio"
	"foil/internal/digest"
	"foil/internal/publish"
	"foil/internal/syserror"
)

// replaceFile replaces a file atomically.
func replaceFile(path string, write func(io.Writer) error) error {
	if isFolder(path) {
		return fmt.Errorf("%s is a folder; name a file in it", path)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".foil-*")
	if err != nil {
		if e := (*fs.PathError)(nil); errors.As(err, &e) {
			e.Op, e.Path = syserror.Create, path // people know this name
		}
		return err
	}
	defer os.Remove(tmp.Name())
	if err := errors.Join(write(tmp), tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// CopyFile copies a file and replaces an existing one atomically. It makes the folder.
func CopyFile(ctx context.Context, path, to string) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	return replaceFile(to, func(w io.Writer) error {
		_, err := ctxio.Copy(ctx, w, from)
		return err
	})
}

// CopyFiles copies the files of a cell into a folder. The files are at paths.
func CopyFiles(ctx context.Context, files []digest.File, paths []string, to string) error {
	if err := publish.CheckNames(files); err != nil {
		return err
	}
	for i, f := range files {
		if err := CopyFile(ctx, paths[i], filepath.Join(to, filepath.FromSlash(f.Name))); err != nil {
			return err
		}
	}
	return nil
}
