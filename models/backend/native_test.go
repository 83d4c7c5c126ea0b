//go:build cgo

package backend

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// nothingInstalled points everything that is searched at an empty folder.
func nothingInstalled(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	for _, name := range []string{"HOME", "USERPROFILE", "FOIL_BACKENDS", "XDG_DATA_HOME", pjrtFolders} {
		t.Setenv(name, home)
	}
	t.Setenv(onnxLibrary, "")
	t.Setenv("LD_LIBRARY_PATH", "")
	return home
}

// TestNothingIsInstalledUnasked counts the requests that reach a proxy.
func TestNothingIsInstalledUnasked(t *testing.T) {
	var requests atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer proxy.Close()
	home := nothingInstalled(t)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	for _, name := range []string{"onnxruntime:cpu", "onnx:cpu", "onnxruntime:cuda", "onnxruntime:cpu,log=1", "xla:cpu", "xla:cuda", "stablehlo:cpu", "hlo:cpu,notf32"} {
		_, opened := Open(name, 1)
		_, described := Library(name)
		_, signed := Signature(name, 1)
		for _, err := range []error{opened, described, signed} {
			if !errors.As(err, new(*MissingError)) || !strings.Contains(err.Error(), `numeric backend "`+name+`"`) {
				t.Errorf("%s: error %v, want one that says what is missing", name, err)
			}
		}
	}
	if n := requests.Load(); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
	if entries, _ := os.ReadDir(home); len(entries) > 0 {
		t.Errorf("%v was written", entries)
	}
}

// The library that is loaded is the file that was looked at: the system looks for a name without a
// folder in its own folders.
func TestLibraryHasAnAbsolutePath(t *testing.T) {
	nothingInstalled(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if err := errors.Join(os.Mkdir("lib", 0o777), os.WriteFile("own.so", []byte("x"), 0o666), os.WriteFile("lib/own.so", []byte("x"), 0o666)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"own.so", "./own.so", "lib/own.so", filepath.Join(dir, "own.so")} {
		t.Setenv(onnxLibrary, name)
		want := name
		if !filepath.IsAbs(name) {
			want = filepath.Join(dir, name)
		}
		if n, err := NativeOf("onnxruntime:cpu"); err != nil || n.Path != want {
			t.Errorf("%s: %+v, %v, want the path %s", name, n, err, want)
		}
	}
}

// A name without a device would be computed on whatever the machine has, under one key.
func TestDeviceMustBeNamed(t *testing.T) {
	for _, name := range []string{"onnxruntime", "onnx:", "xla", "xla:,tf32", "stablehlo: ", "onnxruntime:log=1"} {
		if _, err := Library(name); err == nil || !strings.Contains(err.Error(), "name the device") {
			t.Errorf("%s: error %v, want one that asks for a device", name, err)
		}
	}
}

func TestInstalledLibraryIsFound(t *testing.T) {
	w := PackageNamed("onnxruntime").Wheel()
	if w == nil {
		t.Skip("there is no package for this system")
	}
	nothingInstalled(t)
	dir := installFake(t, "onnxruntime-1.26.0", filepath.Base(w.Library))
	n, err := NativeOf("onnxruntime:cpu")
	if err != nil || n.Version != "onnxruntime v1.26.0" || filepath.Dir(n.Path) != dir || n.From != "installed by foil" {
		t.Fatalf("%+v, %v", n, err)
	}
	s, err := Signature("onnxruntime:cpu", 3)
	if err != nil || !strings.HasPrefix(s.Engine.Build, "onnxruntime v1.26.0 (sha256 ") || s.Engine.Threads < 1 || s.Products != "" {
		t.Errorf("%+v, %+v, %v", s, s.Engine, err)
	}
	if _, err := NativeOf("onnxruntime:cuda"); err == nil || !strings.Contains(err.Error(), "ONNX Runtime for CUDA is not installed") {
		t.Errorf("for CUDA: %v", err)
	}
	if err := os.WriteFile(n.Path, []byte("something else"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Library("onnxruntime:cpu"); err == nil || !strings.Contains(err.Error(), "foil backend install onnxruntime") {
		t.Errorf("after a change: %v", err)
	}
}

// Plugins of XLA are known by the version in their name, or by their content, and the newest is
// chosen.
func TestPluginsOfXLA(t *testing.T) {
	nothingInstalled(t)
	first, second := t.TempDir(), t.TempDir()
	t.Setenv(pjrtFolders, first+":"+second+":")
	write := func(dir, name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	check := func(version, plugin, dir string) {
		t.Helper()
		n, err := NativeOf("xla:cpu,notf32")
		if err != nil || n.Version != version || n.plugin != plugin || filepath.Dir(n.Path) != dir {
			t.Errorf("got %+v, %v, want %s as %s in %s", n, err, version, plugin, dir)
			return
		}
		if got, want := n.configure("xla:cpu,notf32"), "xla:"+plugin+",notf32"; got != want {
			t.Errorf("go-xla is given %q, want %q", got, want)
		}
	}
	write(first, "pjrt_c_api_cuda_plugin.so", "another device")
	write(first, "pjrt_c_api_cpux_v9_plugin.so", "another device")
	write(second, "pjrt_c_api_cpu_v0.9.1_plugin.so", "old")
	check("pjrt cpu v0.9.1", "cpu_v0.9.1", second)
	write(second, "pjrt_c_api_cpu_v0.114.0_plugin.so", "new")
	check("pjrt cpu v0.114.0", "cpu_v0.114.0", second)
	write(first, "pjrt-plugin-cpu.so", "mine")
	check("pjrt cpu sha256:3fd30542fe3f61b1", "cpu", first)
	if err := os.Remove(filepath.Join(first, "pjrt-plugin-cpu.so")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("pjrt_c_api_cpu_v0.114.0_plugin.so", filepath.Join(second, "pjrt_c_api_cpu_plugin.so")); err != nil {
		t.Skip(err)
	}
	check("pjrt cpu v0.114.0", "cpu", second)
}
