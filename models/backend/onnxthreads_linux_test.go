//go:build cgo

package backend

import (
	"os"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"foil/internal/testenv"
)

// TestThreadsLimitONNXRuntime counts the process's threads around compiling. A few of
// Go's own may come along.
func TestThreadsLimitONNXRuntime(t *testing.T) {
	name := testenv.Backend(t)
	for _, threads := range []int{40, 1} {
		b, err := Open(name, threads)
		if err != nil {
			t.Fatal(err)
		}
		if !IsONNXRuntime(b) {
			t.Skipf("FOIL_TEST_BACKEND is %s", name)
		}
		exec, err := Compile(b, func(in []*graph.Node) []*graph.Node { return []*graph.Node{graph.Square(in[0])} })
		if err != nil {
			t.Fatal(err)
		}
		before := runningThreads(t)
		if _, err := Run(exec, []float32{1, 2}); err != nil {
			t.Fatal(err)
		}
		if more := runningThreads(t) - before; threads == 1 && more >= 20 || threads > 1 && more < threads-1 {
			t.Errorf("with %d threads a graph starts %d", threads, more)
		}
	}
}

func runningThreads(t *testing.T) int {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	return len(tasks)
}
