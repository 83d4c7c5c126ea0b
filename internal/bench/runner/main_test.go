package main

import (
	"fmt"
	"os"
	"testing"
)

// The test program is the tools that are measured, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == fakeArgument {
		fake(os.Args[2])
		return
	}
	if len(os.Args) > 3 && (os.Args[1] == "run" || os.Args[1] == "plan") {
		if err := miniFoil(os.Args[1], os.Args[2], os.Args[len(os.Args)-1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}
