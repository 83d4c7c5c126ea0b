package syserror

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

func TestErrorsNameTheProblemNotTheSystemCall(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the system reports other errors")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	open := func(path string) error { _, err := os.Open(path); return err }
	read := func(path string) error { _, err := os.ReadFile(path); return err }
	stat := func(path string) error { _, err := os.Stat(path); return err }
	root := func(path string) error { _, err := os.OpenRoot(path); return err }
	in := func(names ...string) string { return filepath.Join(append([]string{dir}, names...)...) }
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"missing file":             {open(in("a")), "there is no file " + in("a")},
		"missing folder of file":   {open(in("a", "b")), "there is no folder " + in("a")},
		"missing file or folder":   {stat(in("a")), "there is no file or folder " + in("a")},
		"file used as a folder":    {open(in("file", "a", "b")), file + " is a file, not a folder"},
		"file that mkdir meets":    {os.MkdirAll(file, 0o777), file + " is a file, not a folder"},
		"folder used as a file":    {read(dir), dir + " is a folder, not a file"},
		"new file in /proc":        {&fs.PathError{Op: Create, Path: in("a"), Err: syscall.ENOENT}, "the system lets nobody make " + in("a")},
		"file as a root":           {root(file), file + " is a file, not a folder"},
		"empty path":               {open(""), `there is no file ""`},
		"permission":               {&fs.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, "opening x: permission denied"},
		"full disk":                {&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, "writing x: no space left on device"},
		"rename":                   {os.Rename(in("a"), in("b")), in("a") + " cannot be renamed to " + in("b") + ": no such file or directory"},
		"within a sentence":        {fmt.Errorf("reading the log: %w; run again", open(in("a"))), "reading the log: there is no file " + in("a") + "; run again"},
		"among several":            {errors.Join(errors.New("one"), fmt.Errorf("two: %w", read(dir))), "one\ntwo: " + dir + " is a folder, not a file"},
		"an error of another kind": {errors.New("open x: loss is NaN"), "open x: loss is NaN"},
	} {
		if got := Text(c.err); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
