package backend

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"foil/internal/numeric"
)

// A Native is a numeric library that is not written in Go, as this machine has it.
type Native struct {
	Path    string // of its file
	From    string // how the file was found, for people
	Version string // with its name, as in keys: "onnxruntime v1.26.0"

	plugin string // the name by which go-xla loads it
	sum    string // SHA-256 of the file, if it is known
}

// natives find the library that computes on a device, by the family of the backend.
var natives = map[string]func(device string) (*Native, error){}

// NativeOf returns the library that computes with a backend, or nil for a backend in Go. The error
// is a *MissingError if the library is not on this machine.
func NativeOf(name string) (*Native, error) {
	find := natives[Family(name)]
	if find == nil {
		return nil, nil
	}
	n, err := find(deviceOf(name))
	if err != nil {
		return nil, fmt.Errorf("numeric backend %q: %w", name, err)
	}
	return n, nil
}

// A MissingError means that the library of a backend is not on this machine. foil never installs
// one unasked.
type MissingError struct {
	Library  string // for people: "ONNX Runtime"
	Package  string // the argument of foil backend install; "": foil cannot install it
	Variable string // that names the library, or its folder
}

func (e *MissingError) Error() string {
	if p := PackageNamed(e.Package); p != nil && p.Wheel() != nil {
		return fmt.Sprintf("%s is not installed: foil backend install %s downloads version %s; or set %s to your own", e.Library, e.Package, p.Version, e.Variable)
	}
	return fmt.Sprintf("%s is not installed, and foil backend install has no build of it for %s/%s: set %s to your own", e.Library, runtime.GOOS, runtime.GOARCH, e.Variable)
}

// engineSignature describes the library of a backend on this machine.
func engineSignature(name string, threads int) (*numeric.Engine, error) {
	n, err := NativeOf(name)
	if err != nil || n == nil {
		return nil, err
	}
	sum, err := n.Digest()
	if err != nil {
		return nil, err
	}
	e := &numeric.Engine{Build: fmt.Sprintf("%s (sha256 %.16s)", n.Version, sum), CPU: cpuFeatures(), Threads: engineThreads(name, threads)}
	if !strings.EqualFold(deviceOf(name), "cpu") {
		e.Device = gpus("/proc/driver/nvidia")
	}
	return e, nil
}

// configure returns the configuration by which GoMLX opens a backend with this library.
func (n *Native) configure(name string) string {
	if n.plugin == "" {
		// compute-onnx reads the path from here.
		os.Setenv("ONNXRUNTIME_SHARED_LIBRARY_PATH", n.Path)
		return name
	}
	family, options, _ := strings.Cut(name, ":")
	_, rest, more := strings.Cut(options, ",")
	if more {
		rest = "," + rest
	}
	return family + ":" + n.plugin + rest
}

// Digest is the SHA-256 of the file, in hexadecimal.
func (n *Native) Digest() (string, error) {
	if n.sum == "" {
		var err error
		if n.sum, err = fileDigest(n.Path); err != nil {
			return "", err
		}
	}
	return n.sum, nil
}

func fileDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// gpus names the NVIDIA GPUs of this machine and the version of their driver, as the driver lists
// them in a folder. "" without one.
func gpus(driver string) string {
	var names []string
	files, _ := filepath.Glob(filepath.Join(driver, "gpus", "*", "information"))
	for _, file := range files {
		if m := gpuModel.FindStringSubmatch(content(file)); m != nil {
			names = append(names, strings.TrimSpace(m[1]))
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	text := strings.Join(slices.Compact(names), " and ")
	if m := driverVersion.FindStringSubmatch(content(filepath.Join(driver, "version"))); m != nil {
		text += " with driver " + m[1]
	}
	return text
}

var (
	gpuModel      = regexp.MustCompile(`(?m)^Model:\s*(.+)$`)
	driverVersion = regexp.MustCompile(`(?m)^NVRM version:.*?\s(\d+\.[\d.]+)\s`)
)

func content(file string) string {
	text, _ := os.ReadFile(file)
	return string(text)
}
