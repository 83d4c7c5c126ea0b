//go:build !linux

package app

// gpus is not known on this system.
func gpus() (n int, known bool) { return 0, false }
