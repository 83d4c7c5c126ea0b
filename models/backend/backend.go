// Package backend opens GoMLX's numeric backends and is the border at which its
// panics become errors.
package backend

import (
	"fmt"
	"reflect"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend" // the embedded default, in pure Go
)

// Default is the backend that every build has.
const Default = "go"

// Open returns the backend with the given name, in GoMLX's notation: "go",
// "xla:cpu", "onnxruntime:cpu". The Go backend runs one operation after the
// other on one thread; with more, it runs whatever is ready on all that GOMAXPROCS
// gives the process. ONNX Runtime runs an operation on the given number of threads
// on Linux, where the number is the process's: that of the last one opened. XLA has
// its own ways.
func Open(name string, threads int) (b compute.Backend, err error) {
	family, err := familyOf(name)
	if err != nil {
		return nil, err
	}
	config, workers := name, 1
	switch {
	case name == Default && threads > 1:
		// In a pool of N workers, N products at once wait for each other's for ever.
		config, workers = "go:ops_parallel", unlimited
	case name == Default:
		// In the order of creation halves of a batch go one after the other through a
		// layer, which takes a third less memory than side by side.
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

// familyOf returns the part of a backend's name before its options. Options that name a
// file are refused: the name is part of what is computed, on every machine.
func familyOf(name string) (string, error) {
	family, options, _ := strings.Cut(name, ":")
	switch {
	case family == Default && name != Default:
		return "", fmt.Errorf("the %s backend takes no options, not %q: its threads are set for each cell", Default, name)
	case !slices.Contains(Names(), family):
		return "", fmt.Errorf("unknown numeric backend %q: this program has %s", name, strings.Join(Names(), ", "))
	case namesFile.MatchString(options):
		return "", fmt.Errorf("numeric backend %q: options cannot name a file; ONNXRUNTIME_SHARED_LIBRARY_PATH and PJRT_PLUGIN_LIBRARY_PATH name libraries", name)
	}
	return family, nil
}

// namesFile matches options that hold a path or the name of a library.
var namesFile = regexp.MustCompile(`[/\\]|\.(so|dylib|dll)\b`)

// IsGo says whether a backend is the embedded one, whose fast and slow operations
// are others than those of compilers. It is known by the name it gives itself,
// which is not the one that it is opened by.
func IsGo(b compute.Backend) bool { return b.Name() == "Go Backend" }

// IsONNXRuntime says whether a backend is ONNX Runtime's.
func IsONNXRuntime(b compute.Backend) bool { return b.Name() == "onnxruntime" }

// Names lists the families of backends that this build has, sorted.
func Names() []string {
	names := compute.List()
	slices.Sort(names)
	return names
}

// setWorkers sets the size of the Go backend's worker pool. Its own option for that
// ("parallelism=N") prints to standard output, where a report may be going, so
// the exported field that the option sets is set directly.
func setWorkers(b compute.Backend, n int) error {
	p, err := workersOf(b)
	if err != nil {
		return err
	}
	p.SetMaxParallelism(n)
	return nil
}

// unlimited is a pool's size in GoMLX's notation.
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

// Guard calls f and turns a panic, GoMLX's way of reporting errors while a
// graph is built, into an error.
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
