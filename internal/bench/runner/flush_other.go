//go:build !unix

package main

// flush does nothing on this system.
func flush() {}
