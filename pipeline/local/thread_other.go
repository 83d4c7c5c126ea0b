//go:build !linux

package local

import "time"

// onOneThread calls f; what a thread used is not known here.
func onOneThread(f func() error) (time.Duration, error) { return 0, f() }
