//go:build cgo

package backend

import (
	"fmt"
	"os"
	"path/filepath"

	onnxbackend "github.com/gomlx/compute-onnx" // registers onnxruntime and onnx
	"github.com/gomlx/compute-onnx/support/onnxruntime"
)

// onnxLibrary is the variable with the path of ONNX Runtime's library.
const onnxLibrary = "ONNXRUNTIME_SHARED_LIBRARY_PATH"

func init() {
	// Without this, compute-onnx asks for the latest release and loads it unchecked.
	onnxbackend.EnableAutoInstall(false)
	natives["onnxruntime"] = findONNXRuntime
	natives["onnx"] = findONNXRuntime
}

// findONNXRuntime looks at the environment variable, at what foil has installed, and in the folder
// where GoMLX's own programs install it.
func findONNXRuntime(device string) (*Native, error) {
	n := &Native{Path: os.Getenv(onnxLibrary), From: onnxLibrary}
	if n.Path == "" {
		n.Path, n.From = installedLibrary("onnxruntime"), "installed by foil"
	}
	if n.Path == "" {
		n.Path, n.From = gomlxONNXRuntime(), "installed by GoMLX"
	}
	missing := &MissingError{Library: "ONNX Runtime", Package: "onnxruntime", Variable: onnxLibrary}
	switch {
	case n.From == onnxLibrary && !isFile(n.Path):
		return nil, fmt.Errorf("%s is %s, which is not a file; without it, %w", onnxLibrary, n.Path, missing)
	case device == "cuda" && !hasCUDA(filepath.Dir(n.Path)):
		return nil, &MissingError{Library: "ONNX Runtime for CUDA", Variable: onnxLibrary}
	case n.Path == "":
		return nil, missing
	}
	// The system looks for a name without a folder elsewhere, and may load another library.
	var err error
	if n.Path, err = filepath.Abs(n.Path); err != nil {
		return nil, err
	}
	return n, n.describe("onnxruntime", "")
}

// hasCUDA reports whether the library for GPUs lies in the folder of ONNX Runtime, where it looks.
func hasCUDA(dir string) bool {
	return isFile(filepath.Join(dir, "libonnxruntime_providers_cuda.so")) || isFile(filepath.Join(dir, "onnxruntime_providers_cuda.dll"))
}

func gomlxONNXRuntime() string {
	dir, err := onnxruntime.GetInstallPath()
	if err != nil {
		return ""
	}
	name, err := onnxruntime.GetLibFilename()
	if path := filepath.Join(dir, name); err == nil && isFile(path) {
		return path
	}
	return ""
}
