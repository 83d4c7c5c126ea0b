package backend

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// modules are the Go modules that affect numbers, with their versions in go.mod. A test compares
// the two. A normal build knows the versions that it was built with, and Library uses those. Go
// omits them in test binaries; Library uses these versions there.
var modules = map[string]string{
	"github.com/gomlx/gomlx":        "v0.28.8",
	"github.com/gomlx/compute":      "v0.1.6",
	"github.com/gomlx/compute-onnx": "v0.1.5",
	"github.com/gomlx/go-xla":       "v0.4.5",
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

// engines return the version of a library that is not a Go module, by the family of backends that
// loads it.
var engines = map[string]func() (string, error){}

// Library returns the libraries that compute with a backend, with their versions: "gomlx v0.28.8,
// compute v0.1.6". Two programs with the same text run the same code of these libraries. It loads
// and downloads nothing. If a library is installed only when its backend is first opened, Library
// returns an error before that.
func Library(name string) (string, error) {
	family, err := familyOf(name)
	if err != nil {
		return "", err
	}
	info, _ := debug.ReadBuildInfo()
	var libraries []string
	for _, short := range computing[family] {
		version := moduleVersion(info, "github.com/gomlx/"+short)
		libraries = append(libraries, short+" "+version)
	}
	if engine, ok := engines[family]; ok {
		library, err := engine()
		if err != nil {
			return "", fmt.Errorf("numeric backend %q: %w", name, err)
		}
		libraries = append(libraries, library)
	}
	return strings.Join(libraries, ", "), nil
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
			return m.Version
		case m.Replace.Version != "":
			return m.Replace.Path + "@" + m.Replace.Version
		default:
			return m.Version + "+replaced"
		}
	}
	return modules[path]
}
