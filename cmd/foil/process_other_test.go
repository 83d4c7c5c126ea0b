//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

// killCell: scripts that need it are skipped here.
func killCell(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("processes cannot be found here")
}
