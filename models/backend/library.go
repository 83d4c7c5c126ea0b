package backend

import (
	"cmp"
	"fmt"
	"path"
	"runtime/debug"
	"strings"
)

// modules are the Go modules that affect numbers, with their versions in go.mod. A test compares
// the two. A normal build knows the versions that it was built with, and Library and Module use
// those. Go omits them in test binaries; these versions are used there.
var modules = map[string]string{
	"github.com/gomlx/gomlx":        "v0.28.8",
	"github.com/gomlx/compute":      "v0.1.6",
	"github.com/gomlx/compute-onnx": "v0.1.5",
	"github.com/gomlx/go-xla":       "v0.4.5",
	"gonum.org/v1/gonum":            "v0.17.0",
}

// computing lists the modules that compute with a family of backends. The first one builds the
// graphs.
var computing = map[string][]string{
	"go":          {"gomlx", "compute"},
	"xla":         {"gomlx", "compute", "go-xla"},
	"stablehlo":   {"gomlx", "compute", "go-xla"},
	"shlo":        {"gomlx", "compute", "go-xla"},
	"hlo":         {"gomlx", "compute", "go-xla"},
	"onnxruntime": {"gomlx", "compute", "compute-onnx"},
	"onnx":        {"gomlx", "compute", "compute-onnx"},
}

// Library returns the libraries that compute with a backend, with their versions: "gomlx v0.28.8,
// compute v0.1.6". Two programs with the same text run the same code of these libraries. It loads
// and downloads nothing. The error is a *MissingError if a library is not on this machine.
func Library(name string) (string, error) {
	family, err := familyOf(name)
	if err != nil {
		return "", err
	}
	var libraries []string
	for _, short := range computing[family] {
		libraries = append(libraries, Module("github.com/gomlx/"+short))
	}
	n, err := NativeOf(name)
	if err != nil {
		return "", err
	}
	if n != nil {
		libraries = append(libraries, n.Version)
	}
	return strings.Join(libraries, ", "), nil
}

// Module names a Go module that computes numbers, with its version: "gonum v0.17.0". Kinds that
// compute with such a module name it in Kind.Libraries. It panics if library.go does not list the
// module.
func Module(modulePath string) string {
	if modules[modulePath] == "" {
		panic(fmt.Sprintf("backend: the module %s is not in the list of library.go", modulePath))
	}
	info, _ := debug.ReadBuildInfo()
	return path.Base(modulePath) + " " + moduleVersion(info, modulePath)
}

// moduleVersion returns the version of a module that a program was built with. A module that go.mod
// or go.work replaces by a folder has no version and gets a mark.
func moduleVersion(info *debug.BuildInfo, path string) string {
	if info == nil {
		return modules[path]
	}
	for _, m := range info.Deps {
		switch {
		case m.Path != path:
		case m.Replace == nil:
			return cmp.Or(m.Version, modules[path])
		case m.Replace.Version != "":
			return m.Replace.Path + "@" + m.Replace.Version
		default:
			return m.Version + "+replaced"
		}
	}
	return modules[path]
}
