//go:build cgo

package backend

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestVersionOfONNXRuntime reads the version out of the library where there is one.
func TestVersionOfONNXRuntime(t *testing.T) {
	path := os.Getenv(onnxLibrary)
	if path == "" {
		t.Skipf("%s is not set", onnxLibrary)
	}
	got, err := Library("onnxruntime:cpu")
	if err != nil {
		t.Fatal(err)
	}
	versions := `^gomlx v\S+, compute v\S+, compute-onnx v\S+, onnxruntime (v\d+\.\d+\.\d+|sha256:[0-9a-f]{16})$`
	if !regexp.MustCompile(versions).MatchString(got) {
		t.Errorf("ONNX Runtime computes with %q", got)
	}
	b, err := Open("onnxruntime:cpu", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	if version := strings.TrimPrefix(b.(interface{ Version() string }).Version(), "v"); strings.Contains(got, "onnxruntime v") && !strings.HasSuffix(got, " v"+version) {
		t.Errorf("the library's file says %q, the library %q", got, version)
	}
}

// TestLibraryWithoutVersion is known by its content, wherever it lies.
func TestLibraryWithoutVersion(t *testing.T) {
	describe := func(content string) string {
		path := filepath.Join(t.TempDir(), "onnxruntime.dll")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv(onnxLibrary, path)
		got, err := Library("onnxruntime:cpu")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	one, same, other := describe("MZ one"), describe("MZ one"), describe("MZ other")
	if one != same || one == other || !strings.Contains(one, "onnxruntime sha256:") {
		t.Errorf("the same content is %q and %q, another is %q", one, same, other)
	}
}

func TestNoONNXRuntimeIsAnError(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	for _, path := range []string{"", filepath.Join(home, "none.so")} {
		t.Setenv(onnxLibrary, path)
		if got, err := Library("onnxruntime:cpu"); err == nil {
			t.Errorf("without a library the version is %q", got)
		}
	}
}
