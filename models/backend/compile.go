package backend

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
)

// Compile prepares a graph to be run, and turns a panic into an error. ONNX Runtime computes every
// operation of a graph, even if no output depends on it, and GoMLX adds gradient operations for all
// inputs of an operation. So for ONNX Runtime only the operations that the outputs depend on are
// passed on.
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
