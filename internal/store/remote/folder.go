package remote

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"foil/internal/access"
	"foil/internal/ctxio"
)

// A folder holds blobs as files, for a group with a common file system. New files have the
// permissions and the group of the folder.
type folder struct{ dir string }

func (f folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

func (f folder) get(ctx context.Context, name string) (*body, error) {
	type opened struct {
		file *os.File
		err  error
	}
	o, err := inTime(ctx, func() opened {
		file, err := f.open(name)
		return opened{file, err}
	}, func(o opened) {
		if o.file != nil {
			o.file.Close()
		}
	})
	if err != nil {
		return nil, err
	}
	if o.err != nil {
		return nil, o.err
	}
	return &body{ReadCloser: timedFile{ctx, o.file}}, nil
}

// A timedFile is a file whose Read returns when ctx is done. Close alone does not interrupt a read of
// a file system that does not answer.
type timedFile struct {
	ctx context.Context
	*os.File
}

func (f timedFile) Read(p []byte) (int, error) {
	type answer struct {
		text []byte
		err  error
	}
	a, err := inTime(f.ctx, func() answer {
		text := make([]byte, len(p)) // not p: a late read must not write into it
		n, err := f.File.Read(text)
		return answer{text[:n], err}
	}, func(answer) {})
	if err != nil {
		return 0, err
	}
	return copy(p, a.text), a.err
}

func (f folder) open(name string) (*os.File, error) {
	if err := f.look(name); err != nil { // opening a named pipe would block
		return nil, err
	}
	file, err := os.Open(f.path(name))
	return file, missing(err)
}

// look returns nil if there is a file of that name.
func (f folder) look(name string) error {
	info, err := os.Stat(f.path(name))
	if err == nil && !info.Mode().IsRegular() {
		return wrong("is not a file (%s)", info.Mode().Type())
	}
	return missing(err)
}

func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errAbsent
	}
	return err
}

func (f folder) has(ctx context.Context, name string) (bool, error) {
	found, err := inTime(ctx, func() error { return f.look(name) }, func(error) {})
	if err == nil {
		err = found
	}
	if errors.Is(err, errAbsent) || errors.As(err, new(*WrongError)) {
		return false, nil
	}
	return err == nil, err
}

func (f folder) ready(context.Context) error { return nil }

func (f folder) put(ctx context.Context, name string, c content, onlyNew bool) error {
	got, err := inTime(ctx, func() error { return f.write(ctx, name, c, onlyNew) }, func(error) {})
	return refusal(cmp.Or(err, got))
}

// refusal is an error of a folder that cannot be written as the answer that a server would give.
func refusal(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return &RefusedError{Status: http.StatusForbidden, Text: err.Error()}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &RefusedError{Status: http.StatusInsufficientStorage, Text: err.Error()}
	}
	return err
}

func (f folder) write(ctx context.Context, name string, c content, onlyNew bool) error {
	path := f.path(name)
	// Only the folder itself is made, not the folders above it: a file system may not be mounted.
	if err := os.Mkdir(f.dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	a, err := access.Of(f.dir)
	if err != nil {
		return err
	}
	if err := makeFolders(a, f.dir, filepath.Dir(path)); err != nil {
		return err
	}
	tmp, err := a.Temp(path + ".new-" + strconv.FormatUint(rand.Uint64(), 36))
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = ctxio.Copy(ctx, tmp, io.LimitReader(c, c.size))
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // nobody waits for it any more
		return err
	}
	if !onlyNew {
		return os.Rename(tmp.Name(), path)
	}
	err = os.Link(tmp.Name(), path) // fails if there is one, unlike a rename
	switch {
	case errors.Is(err, fs.ErrExist):
		return errExists
	case err != nil: // a file system without links
		if f.look(name) == nil {
			return errExists
		}
		return os.Rename(tmp.Name(), path)
	}
	return nil
}

func makeFolders(a access.Access, top, dir string) error {
	if dir == top {
		return nil
	}
	err := a.Mkdir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeFolders(a, top, filepath.Dir(dir)); err == nil {
			err = a.Mkdir(dir)
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// inTime calls f, and returns when ctx is done even if a file system does not answer. Then late gets
// the result.
func inTime[T any](ctx context.Context, f func() T, late func(T)) (T, error) {
	done := make(chan T)
	go func() {
		got := f()
		select {
		case done <- got:
		case <-ctx.Done():
			late(got)
		}
	}()
	select {
	case got := <-done:
		return got, nil
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
