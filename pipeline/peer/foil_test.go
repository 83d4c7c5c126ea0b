package main

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == fakeArgument {
		fake(os.Args[2])
		return
	}
	os.Exit(m.Run())
}
