package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// makeCIFAR is `cifar DIR`: it writes a tiny CIFAR-10 into a folder, of every
// class two images for training and one for tests, in grey levels.
func makeCIFAR(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: cifar DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o777))
	for name, content := range cifarFiles() {
		ts.Check(os.WriteFile(filepath.Join(dir, name), content, 0o666))
	}
}

func cifarFiles() map[string][]byte {
	const classes, pixels = 10, 3 * 32 * 32
	files := map[string][]byte{}
	for class := range classes {
		files["batches.meta.txt"] = fmt.Appendf(files["batches.meta.txt"], "class %d\n", class)
	}
	for i := range 3 * classes {
		file := fmt.Sprintf("data_batch_%d.bin", 1+i/4)
		if i >= 2*classes {
			file = "test_batch.bin"
		}
		record := append([]byte{byte(i % classes)}, bytes.Repeat([]byte{byte(8 * i)}, pixels)...)
		files[file] = append(files[file], record...)
	}
	return files
}
