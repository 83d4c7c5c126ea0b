// Package backend opens GoMLX's numeric backends and is the border at which its
// panics become errors.
package backend

import (
	"fmt"
	"reflect"
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
// other on the given number of threads; other backends have their own ways.
func Open(name string, threads int) (b compute.Backend, err error) {
	family, _, _ := strings.Cut(name, ":")
	if !slices.Contains(Names(), family) {
		return nil, fmt.Errorf("unknown numeric backend %q: this program has %s", name, strings.Join(Names(), ", "))
	}
	config := name
	if name == Default {
		config = "go:ops_sequential"
	}
	err = Guard(func() error {
		b, err = compute.NewWithConfig(config)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("numeric backend %q: %w", name, err)
	}
	if family == Default {
		setThreads(b, threads)
	}
	return b, nil
}

// Names lists the families of backends that this build has, sorted.
func Names() []string {
	names := compute.List()
	slices.Sort(names)
	return names
}

// setThreads limits the worker pool of the Go backend. Its own option for that
// ("parallelism=N") prints to standard output, where a report may be going, so
// the exported field that the option sets is set directly.
func setThreads(b compute.Backend, threads int) {
	v := reflect.ValueOf(b)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return
	}
	pool := v.Elem().FieldByName("Workers")
	if !pool.IsValid() || !pool.CanInterface() {
		return
	}
	if p, ok := pool.Interface().(interface{ SetMaxParallelism(int) }); ok {
		p.SetMaxParallelism(max(threads, 1))
	}
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
