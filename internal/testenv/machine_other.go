//go:build !linux

package testenv

import "testing"

// Children returns nil: the children are not known on this system.
func Children(int) []int { return nil }

// SmallDisk skips the test.
func SmallDisk(t testing.TB, _ int64) string {
	t.Helper()
	t.Skip("small file systems are mounted on Linux only")
	return ""
}
