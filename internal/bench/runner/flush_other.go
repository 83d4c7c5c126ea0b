//go:build !unix

package main

// flush cannot be asked of this system.
func flush() {}
