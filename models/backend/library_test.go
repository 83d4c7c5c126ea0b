package backend

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// TestVersionsAreThoseOfGoMod fails after an upgrade until library.go has the new
// versions.
func TestVersionsAreThoseOfGoMod(t *testing.T) {
	out, err := exec.Command("go", "mod", "edit", "-json", "../../go.mod").Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	required := map[string]string{}
	for _, m := range mod.Require {
		required[m.Path] = m.Version
	}
	for path, version := range modules {
		if required[path] != version {
			t.Errorf("library.go has %s %s, go.mod %q", path, version, required[path])
		}
	}
}

func TestLibraryNamesWhatComputes(t *testing.T) {
	want := "gomlx " + modules["github.com/gomlx/gomlx"] + ", compute " + modules["github.com/gomlx/compute"]
	if got, err := Library("go"); err != nil || got != want {
		t.Errorf("the Go backend computes with %q (error %v), want %q", got, err, want)
	}
	for _, family := range Names() {
		if len(computing[family]) == 0 {
			t.Errorf("no modules are listed for the backend %s", family)
		}
	}
	if _, err := Library("gpu"); err == nil || !strings.Contains(err.Error(), `unknown numeric backend "gpu"`) {
		t.Errorf("error %v, want one that names gpu", err)
	}
}

// TestLibraryOfAProgram builds programs in both ways that hide paths or not: they have
// the versions that they were built with.
func TestLibraryOfAProgram(t *testing.T) {
	want, err := Library(Default)
	if err != nil {
		t.Fatal(err)
	}
	for _, flags := range [][]string{{"build"}, {"build", "-trimpath"}} {
		program := filepath.Join(t.TempDir(), "foil")
		build := exec.Command("go", append(flags, "-o", program, "./testdata/library")...)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(flags, " "), err, out)
		}
		out, err := exec.Command(program).CombinedOutput()
		if got := string(bytes.TrimSpace(out)); err != nil || got != want+"\ntrue" {
			t.Errorf("go %s: the program has %q (error %v), want %q", strings.Join(flags, " "), got, err, want)
		}
	}
}

func TestReplacedModulesAreMarked(t *testing.T) {
	const path = "github.com/gomlx/compute"
	dep := debug.Module{Path: path, Version: "v0.9.0"}
	for _, c := range []struct {
		replace *debug.Module
		want    string
	}{
		{nil, "v0.9.0"},
		{&debug.Module{Path: "/home/somebody/compute"}, "v0.9.0+replaced"},
		{&debug.Module{Path: "example.org/compute", Version: "v1.0.0"}, "example.org/compute@v1.0.0"},
	} {
		dep.Replace = c.replace
		if got := moduleVersion(&debug.BuildInfo{Deps: []*debug.Module{&dep}}, path); got != c.want {
			t.Errorf("replaced by %+v: %q, want %q", c.replace, got, c.want)
		}
	}
}

func TestNamesOfFilesAreRefused(t *testing.T) {
	for _, name := range Names() {
		for _, option := range []string{":/opt/library.so", `:C:\library.dll`, ":cpu,cache=/tmp/x", ":libonnxruntime.so.1"} {
			if _, err := Library(name + option); err == nil {
				t.Errorf("%s%s is taken, though it names a file", name, option)
			}
			if _, err := Open(name+option, 1); err == nil {
				t.Errorf("%s%s is opened, though it names a file", name, option)
			}
		}
	}
}
