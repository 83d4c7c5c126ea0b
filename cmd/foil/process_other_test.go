//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

// Scripts that need these are skipped here.

func signalCell(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("processes cannot be found here")
}

func noCell(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("processes cannot be found here")
}
