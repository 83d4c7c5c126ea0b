package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"foil/internal/ctxio"
)

// replaceFile replaces a file atomically.
func replaceFile(path string, write func(io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder; name a file in it", path)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".foil-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if err := errors.Join(write(tmp), tmp.Chmod(0o644), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// writeIfChanged replaces a file if its content differs, and reports whether it did.
func writeIfChanged(path string, content []byte) (wrote bool, err error) {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, content) {
		return false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return false, err
	}
	err = replaceFile(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	return err == nil, err
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
