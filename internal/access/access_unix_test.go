//go:build unix

package access

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// both are the access of a folder with a mode, as it comes by itself and as it must be given.
func both(t *testing.T, mode fs.FileMode) map[string]Access {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, mode); err != nil {
		t.Fatal(err)
	}
	a, err := Of(dir)
	if err != nil {
		t.Fatal(err)
	}
	given := a
	given.plain = false
	list := map[string]Access{"given": given}
	if a.plain {
		list["by itself"] = a
	}
	return list
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode() & (fs.ModePerm | fs.ModeSetgid)
}

func TestNewEntriesHaveTheAccessOfTheFolder(t *testing.T) {
	for _, of := range []fs.FileMode{0o700, 0o750, 0o755, 0o770, 0o777, 0o777 | fs.ModeSetgid, 0o701} {
		for name, a := range both(t, of) {
			dir := t.TempDir()
			folder, file := filepath.Join(dir, "a", "b"), filepath.Join(dir, "a", "file")
			if err := a.MkdirAll(folder); err != nil {
				t.Fatal(err)
			}
			f, err := a.Create(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString("x"); err != nil {
				t.Error(err)
			}
			if name == "by itself" {
				of &^= fs.ModeSetgid // this folder has none to inherit
			}
			if mode(t, folder) != of || mode(t, filepath.Dir(folder)) != of || mode(t, file) != of&0o666 {
				t.Errorf("%v, %s: %v and %v", of, name, mode(t, folder), mode(t, file))
			}
			if err := errors.Join(a.Seal(f), f.Close()); err != nil || mode(t, file) != of&0o444 {
				t.Errorf("%v, %s: sealed %v, %v", of, name, mode(t, file), err)
			}
			if f, err = a.Temp(file + ".tmp"); err != nil {
				t.Fatal(err)
			}
			if err := f.Close(); err != nil || mode(t, f.Name()) != of&0o666 {
				t.Errorf("%v, %s: temporary %v, %v", of, name, mode(t, f.Name()), err)
			}
			if left, _ := os.ReadDir(filepath.Join(dir, "a")); len(left) != 3 {
				t.Errorf("%s: left %v", name, left)
			}
		}
	}
}

func TestNothingIsReplaced(t *testing.T) {
	for name, a := range both(t, 0o755) {
		dir := t.TempDir()
		for what, make := range map[string]func(path string) error{
			"a file":   func(path string) error { return os.WriteFile(path, []byte("x"), 0o666) },
			"a folder": func(path string) error { return os.Mkdir(path, 0o777) },
			"a link":   func(path string) error { return os.Symlink("nowhere", path) },
		} {
			path := filepath.Join(dir, what)
			if err := make(path); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(path)
			if err := a.Mkdir(path); !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s, a folder in the place of %s: %v", name, what, err)
			}
			if f, err := a.Create(path); !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s, a file in the place of %s: %v, %v", name, what, f, err)
			}
			if err := a.MkdirAll(path); (err == nil) != (what == "a folder") {
				t.Errorf("%s, all folders in the place of %s: %v", name, what, err)
			}
			if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
				t.Errorf("%s: %s was replaced", name, what)
			}
		}
		if left, _ := os.ReadDir(dir); len(left) != 3 {
			t.Errorf("%s: left %v", name, left)
		}
		if err := a.Mkdir(filepath.Join(dir, "missing", "x")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSharedFilesKeepWhatTheyAre(t *testing.T) {
	a := both(t, 0o770)["given"]
	dir := t.TempDir()
	for path, want := range map[string][2]fs.FileMode{
		"private":   {0o600, 0o660},
		"open":      {0o666, 0o660},
		"program":   {0o700, 0o770},
		"read-only": {0o400, 0o440},
	} {
		path = filepath.Join(dir, path)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, want[0])); err != nil {
			t.Fatal(err)
		}
		if !a.Share(path) || mode(t, path) != want[1] || a.Share(path) {
			t.Errorf("%s: %v, want %v", path, mode(t, path), want[1])
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("open", link); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "open"), 0o600); err != nil {
		t.Fatal(err)
	}
	if a.Share(link) || mode(t, filepath.Join(dir, "open")) != 0o600 {
		t.Error("a link was followed")
	}
}

func TestAccessOfTheNearestFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "file"), filepath.Join(dir, "a", "b", "file")} {
		if a, err := Above(path); err != nil || a.mode != 0o711 {
			t.Errorf("%s: %v, %v", path, a.mode, err)
		}
	}
}
