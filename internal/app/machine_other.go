//go:build !linux && !darwin

package app

// machineMemory is not known here.
func machineMemory() int64 { return 0 }
