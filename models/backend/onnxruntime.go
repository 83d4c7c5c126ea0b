//go:build cgo

package backend

import (
	"crypto/sha256"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/compute-onnx/support/onnxruntime"
)

func init() {
	engines["onnxruntime"] = onnxRuntime
	engines["onnx"] = onnxRuntime
}

// onnxLibrary is the variable with the path of ONNX Runtime's library.
const onnxLibrary = "ONNXRUNTIME_SHARED_LIBRARY_PATH"

// onnxRuntime describes the library that compute-onnx would load: the one in the environment
// variable, or the one in the folder where compute-onnx installs it.
func onnxRuntime() (string, error) {
	path := os.Getenv(onnxLibrary)
	if path == "" {
		dir, err := onnxruntime.GetInstallPath()
		if err != nil {
			return "", err
		}
		name, err := onnxruntime.GetLibFilename()
		if err != nil {
			return "", err
		}
		path = filepath.Join(dir, name)
	}
	description, err := describeONNXRuntime(path)
	if errors.Is(err, fs.ErrNotExist) && os.Getenv(onnxLibrary) == "" {
		return "", fmt.Errorf("ONNX Runtime is not installed, so its version is unknown; set %s to the path of its library", onnxLibrary)
	}
	return description, err
}

// describeONNXRuntime returns the version of the library in a file. In an ELF file it is the
// version of the symbols (VERS_1.26.0). Libraries of other systems have no such version and are
// identified by the digest of their content.
func describeONNXRuntime(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if library, err := elf.NewFile(f); err == nil {
		versions, err := library.DynamicVersions()
		if err == nil {
			for _, v := range versions {
				if number, ok := strings.CutPrefix(v.Name, "VERS_"); ok {
					return "onnxruntime v" + number, nil
				}
			}
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	digest := sha256.New()
	if _, err := io.Copy(digest, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("onnxruntime sha256:%x", digest.Sum(nil)[:8]), nil
}
