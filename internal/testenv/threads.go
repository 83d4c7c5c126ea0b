package testenv

import (
	"runtime"
	"testing"
)

// Threads gives the test's process as many threads as a cell's process gets for as many
// cores, until the test ends.
func Threads(t testing.TB, n int) {
	before := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}
