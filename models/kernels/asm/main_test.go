package main

import (
	"bytes"
	"os"
	"testing"
)

func TestTheAssemblyIsThatOfThisProgram(t *testing.T) {
	got, err := os.ReadFile("../tile_simd_amd64.s")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, assembly()) {
		t.Error("models/kernels/tile_simd_amd64.s is of another state of this program: run go generate ./models/kernels")
	}
}
