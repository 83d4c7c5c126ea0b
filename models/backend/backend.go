// Package backend opens GoMLX's numeric backends, and turns GoMLX's panics into errors.
package backend

import (
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // the embedded default, in pure Go
)

// Default is the backend that every build has.
const Default = "go"

// Open returns the backend with the given name, in GoMLX's notation: "go", "xla:cpu",
// "onnxruntime:cpu". It downloads nothing; the error is a *MissingError if a library is not on this
// machine. With one thread the Go backend runs one operation after the other. With more
// it runs all operations that are ready, on all processors that GOMAXPROCS allows. ONNX Runtime
// runs an operation on the given number of threads. The number applies to the whole process, and
// the last call of Open sets it (Linux only). XLA chooses its own number of threads.
func Open(name string, threads int) (b compute.Backend, err error) {
	family, err := familyOf(name)
	if err != nil {
		return nil, err
	}
	native, err := NativeOf(name)
	if err != nil {
		return nil, err
	}
	config, workers := name, 1
	switch {
	case native != nil:
		config = native.configure(name)
	case name == Default && threads > 1:
		// In a pool of N workers, N concurrent products would wait for each other forever.
		config, workers = "go:ops_parallel", unlimited
	case name == Default:
		// In the order of creation, graphs with independent parts need less memory.
		config = "go:ops_sequential,creation_order"
	}
	err = Guard(func() error {
		b, err = compute.NewWithConfig(config)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("numeric backend %q: %w", name, err)
	}
	switch {
	case family == Default:
		return b, setWorkers(b, workers)
	case IsONNXRuntime(b):
		limitONNXThreads(max(threads, 1))
	}
	return b, nil
}

// familyOf returns the part of a backend's name before its options. It refuses options that name a
// file, because the name is part of the key on every machine, and names that leave the device to
// the machine.
func familyOf(name string) (string, error) {
	family := Family(name)
	switch {
	case family == Default && name != Default:
		return "", fmt.Errorf("numeric backend %q: the %s backend has no options; its threads are set for each cell", name, Default)
	case !slices.Contains(Names(), family):
		return "", fmt.Errorf("unknown numeric backend %q; this program has %s", name, strings.Join(Names(), ", "))
	case family != Default && deviceOf(name) == "":
		return "", fmt.Errorf("numeric backend %q: name the device that computes, such as %s:cpu or %s:cuda", name, family, family)
	case namesFile.MatchString(strings.TrimPrefix(name, family)):
		return "", fmt.Errorf("numeric backend %q: options cannot name a file; name libraries with ONNXRUNTIME_SHARED_LIBRARY_PATH and PJRT_PLUGIN_LIBRARY_PATH", name)
	}
	return family, nil
}

// Family returns the part of a backend's name before the colon.
func Family(name string) string {
	family, _, _ := strings.Cut(name, ":")
	return family
}

// deviceOf returns the device in a backend's name: "cpu" of "xla:cpu,tf32=false".
func deviceOf(name string) string {
	_, options, _ := strings.Cut(name, ":")
	device, _, _ := strings.Cut(options, ",")
	if strings.Contains(device, "=") {
		return ""
	}
	return strings.TrimSpace(device)
}

// namesFile matches options with a path or the name of a library.
var namesFile = regexp.MustCompile(`[/\\]|\.(so|dylib|dll)\b`)

// IsGo reports whether a backend is the embedded one. Its fast and slow operations differ from
// those of compilers. It is identified by its own name, which differs from the name for Open.
func IsGo(b compute.Backend) bool { return b.Name() == "Go Backend" }

// IsONNXRuntime reports whether a backend is ONNX Runtime's.
func IsONNXRuntime(b compute.Backend) bool { return b.Name() == "onnxruntime" }

// Names lists the families of backends that this build has, sorted.
func Names() []string {
	names := compute.List()
	slices.Sort(names)
	return names
}

// setWorkers sets the size of the Go backend's worker pool. The backend's own option for that
// ("parallelism=N") prints to standard output, which may hold a report. So this sets the exported
// field that the option sets.
func setWorkers(b compute.Backend, n int) error {
	p, err := workersOf(b)
	if err != nil {
		return err
	}
	p.SetMaxParallelism(n)
	return nil
}

// Threads is the number of threads that the Go backend computes with.
func Threads(b compute.Backend) int {
	if p, err := workersOf(b); err == nil && p.MaxParallelism() != unlimited {
		return max(p.MaxParallelism(), 1)
	}
	return runtime.GOMAXPROCS(0)
}

// unlimited is the size of an unlimited pool in GoMLX's notation.
const unlimited = -1

// A pool is the Go backend's worker pool.
type pool interface {
	SetMaxParallelism(int)
	MaxParallelism() int
}

func workersOf(b compute.Backend) (pool, error) {
	if v := reflect.ValueOf(b); v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.Struct {
		if field := v.Elem().FieldByName("Workers"); field.IsValid() && field.CanInterface() {
			if p, ok := field.Interface().(pool); ok {
				return p, nil
			}
		}
	}
	return nil, fmt.Errorf("numeric backend %T has no worker pool to limit: is it another version of GoMLX?", b)
}

// Guard calls f and turns a panic into an error. GoMLX panics to report errors while a graph is
// built.
func Guard(f func() error) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			err = fmt.Errorf("gomlx: %w", r)
		default:
			err = fmt.Errorf("gomlx: %v\n%s", r, debug.Stack())
		}
	}()
	return f()
}
