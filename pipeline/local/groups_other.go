//go:build unix && !linux

package local

// groupsBelow finds nothing: it is implemented only on Linux.
func groupsBelow(int) []int { return nil }
