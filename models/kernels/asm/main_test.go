package main

import (
	"bytes"
	"os"
	"testing"
)

func TestTheAssemblyIsThatOfThisProgram(t *testing.T) {
	for name, want := range files() {
		got, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("models/kernels/%s is of another state of this program: run go generate ./models/kernels", name)
		}
	}
}
