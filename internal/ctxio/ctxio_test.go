package ctxio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// endless yields zeros and calls at after so many bytes.
type endless struct {
	left int
	at   func()
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left -= len(p); e.left <= 0 {
		e.at()
	}
	return len(p), nil
}

func TestCopyEndsWithItsContext(t *testing.T) {
	for _, after := range []int{0, 1, step, 3*step + 5} {
		ctx, cancel := context.WithCancel(t.Context())
		n, err := Copy(ctx, io.Discard, &endless{after, cancel})
		if !errors.Is(err, context.Canceled) || n > int64(after+2*step) {
			t.Errorf("cancelled after %d bytes: copied %d, %v", after, n, err)
		}
	}
}

func TestReaderEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := io.Copy(io.Discard, Reader(ctx, &endless{1 << 20, cancel})); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCopyCopiesEverything(t *testing.T) {
	for _, size := range []int{0, 1, step - 1, step, step + 1, 2 * step} {
		content := bytes.Repeat([]byte("0123456"), size/7+1)[:size]
		var out bytes.Buffer
		if n, err := Copy(t.Context(), &out, bytes.NewReader(content)); err != nil || n != int64(size) || !bytes.Equal(out.Bytes(), content) {
			t.Errorf("%d bytes: %d, %v", size, n, err)
		}
	}
	full := errors.New("disk full")
	if _, err := Copy(t.Context(), failing{full}, bytes.NewReader([]byte("x"))); !errors.Is(err, full) {
		t.Error(err)
	}
	if _, err := Copy(t.Context(), io.Discard, io.MultiReader(bytes.NewReader([]byte("x")), broken{full})); !errors.Is(err, full) {
		t.Error(err)
	}
	if _, err := Copy(t.Context(), io.Discard, broken{io.ErrUnexpectedEOF}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

func TestFilesAreCopied(t *testing.T) {
	dir := t.TempDir()
	content := bytes.Repeat([]byte("x"), step+7)
	if err := os.WriteFile(filepath.Join(dir, "a"), content, 0o666); err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Copy(t.Context(), to, from); err != nil {
		t.Fatal(err)
	}
	to.Close()
	if got, err := os.ReadFile(filepath.Join(dir, "b")); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
