package backend

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// Compile prepares a graph to be run; a panic on the way is an error. ONNX Runtime
// computes every operation that it is given, whether or not anything depends on it,
// and GoMLX derives an operation in all its inputs where it does in one: there, only
// what the outputs need is handed on.
func Compile(b compute.Backend, build func(in []*graph.Node) []*graph.Node) (exec *graph.Exec, err error) {
	if IsONNXRuntime(b) {
		build = onlyNeeded(build)
	}
	err = Guard(func() (err error) {
		exec, err = graph.NewExec(b, build)
		return err
	})
	return exec, err
}
