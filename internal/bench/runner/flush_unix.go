//go:build unix

package main

import "syscall"

// flush waits until the system has written what is still in memory.
func flush() { syscall.Sync() }
