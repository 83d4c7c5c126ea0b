package backend

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// installFake puts a folder with a manifest and two files into a folder for backends.
func installFake(t *testing.T, name, library string) (dir string) {
	t.Helper()
	root := t.TempDir()
	t.Setenv("FOIL_BACKENDS", root)
	dir = filepath.Join(root, name)
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{library, "LICENSE"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte("content of "+file), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	m := &Installed{Name: "onnxruntime", Version: "1.26.0", Library: library}
	if err := m.Record(dir, []string{library, "LICENSE"}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestInstalledFilesAreChecked(t *testing.T) {
	for name, c := range map[string]struct {
		change func(dir string) error
		want   string // of the error; "" none
	}{
		"intact":  {func(string) error { return nil }, ""},
		"touched": {func(dir string) error { return os.Chtimes(filepath.Join(dir, "lib.so"), time.Now(), time.Unix(1, 0)) }, ""},
		"other content of the same size": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "lib.so"), []byte("content of lib.sO"), 0o666)
		}, "lib.so has changed since it was installed; foil backend install onnxruntime installs it again"},
		"longer": {func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "LICENSE"), []byte("content of LICENSE and more"), 0o666)
		}, "LICENSE has changed"},
		"gone":             {func(dir string) error { return os.Remove(filepath.Join(dir, "LICENSE")) }, "LICENSE"},
		"damaged manifest": {func(dir string) error { return os.WriteFile(filepath.Join(dir, manifestName), []byte("{"), 0o666) }, "is damaged"},
		"empty manifest":   {func(dir string) error { return os.WriteFile(filepath.Join(dir, manifestName), []byte("{}"), 0o666) }, "is damaged"},
		"manifest that names a file elsewhere": {func(dir string) error {
			text, err := os.ReadFile(filepath.Join(dir, manifestName))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, manifestName), []byte(strings.ReplaceAll(string(text), "LICENSE", "../LICENSE")), 0o666)
		}, `names a file "../LICENSE"`},
	} {
		dir := installFake(t, "onnxruntime-1.26.0", "lib.so")
		time.Sleep(2 * time.Millisecond) // a change has another time
		if err := c.change(dir); err != nil {
			t.Fatal(err)
		}
		m, err := installedBeside(filepath.Join(dir, "lib.so"))
		switch {
		case c.want == "" && (err != nil || m == nil || m.Version != "1.26.0"):
			t.Errorf("%s: %+v, %v", name, m, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	if m, err := installedBeside(filepath.Join(t.TempDir(), "lib.so")); m != nil || err != nil {
		t.Errorf("a library that foil has not installed: %+v, %v", m, err)
	}
}

func TestMissingLibraryNamesTheCommand(t *testing.T) {
	e := &MissingError{Library: "ONNX Runtime", Package: "onnxruntime", Variable: "VARIABLE"}
	want := "foil backend install onnxruntime downloads version " + PackageNamed("onnxruntime").Version
	if PackageNamed("onnxruntime").Wheel() == nil {
		want = "has no build of it for " + runtime.GOOS
	}
	if got := e.Error(); !strings.Contains(got, want) || !strings.Contains(got, "VARIABLE") {
		t.Errorf("got %q, want %q", got, want)
	}
	e.Package = ""
	if got := e.Error(); strings.Contains(got, "foil backend install onnx") || !strings.Contains(got, "VARIABLE") {
		t.Errorf("a library that cannot be installed: %q", got)
	}
}

func TestPackagesAreWhole(t *testing.T) {
	for _, p := range Packages {
		if p.Title == "" || p.Version == "" || p.Project == "" || Family(p.Serves) == p.Serves {
			t.Errorf("%s: %+v", p.Name, p)
		}
		seen := map[string]string{}
		for platform, w := range p.Wheels {
			if len(w.SHA256) != 64 || w.Size == 0 || !strings.Contains(w.File, "-"+p.Version+"-") || w.Library == "" {
				t.Errorf("%s for %s: %+v", p.Name, platform, w)
			}
			if other := seen[w.SHA256]; other != "" {
				t.Errorf("%s: %s and %s have the same digest", p.Name, platform, other)
			}
			seen[w.SHA256] = platform
		}
	}
}

func TestInstallDir(t *testing.T) {
	t.Setenv("FOIL_BACKENDS", "")
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	t.Setenv("XDG_DATA_HOME", "")
	got, err := InstallDir()
	if err != nil || !strings.HasPrefix(got, home) || !strings.HasSuffix(got, filepath.Join("foil", "backends")) {
		t.Errorf("%q, %v", got, err)
	}
	if runtime.GOOS != "windows" {
		t.Setenv("XDG_DATA_HOME", filepath.Join(home, "data"))
		if got, err := InstallDir(); err != nil || got != filepath.Join(home, "data", "foil", "backends") {
			t.Errorf("%q, %v", got, err)
		}
	}
	t.Setenv("FOIL_BACKENDS", filepath.Join(home, "mine"))
	if got, err := InstallDir(); err != nil || got != filepath.Join(home, "mine") {
		t.Errorf("%q, %v", got, err)
	}
}
