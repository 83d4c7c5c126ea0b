package testenv

import (
	"runtime"
	"testing"
)

// Threads sets the number of threads of the test process to that of a cell's process with the given
// number of cores, until the test ends.
func Threads(t testing.TB, n int) {
	before := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}
