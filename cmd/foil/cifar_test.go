package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"foil/internal/dataset"
)

// makeCIFAR is `cifar 10|100 DIR`: it writes a tiny CIFAR-10 or CIFAR-100 into a folder,
// of every class two images for training and one for tests, in grey levels.
func makeCIFAR(ts *testscript.TestScript, neg bool, args []string) {
	sets := map[string]dataset.CIFAR{"10": dataset.CIFAR10, "100": dataset.CIFAR100}
	if neg || len(args) != 2 || sets[args[0]].Name == "" {
		ts.Fatalf("usage: cifar 10|100 DIR")
	}
	dir := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(dir, 0o777))
	for name, content := range cifarFiles(sets[args[0]]) {
		ts.Check(os.WriteFile(filepath.Join(dir, name), content, 0o666))
	}
}

// cifarFiles are the files of a data set. The published ones of CIFAR-100 have a coarse
// label before the fine one; each coarse class holds the same number of fine ones.
func cifarFiles(set dataset.CIFAR) map[string][]byte {
	const pixels = dataset.CIFARChannels * dataset.CIFARSide * dataset.CIFARSide
	files := map[string][]byte{}
	for _, label := range set.Labels {
		for class := range label.Classes {
			files[label.File] = fmt.Appendf(files[label.File], "%s class %d\n", label.Name, class)
		}
	}
	classes := set.Labels[len(set.Labels)-1].Classes
	for i := range 3 * classes {
		file := set.Test[0].Name
		if i < 2*classes {
			file = set.Train[i*len(set.Train)/(2*classes)].Name
		}
		for _, label := range set.Labels {
			files[file] = append(files[file], byte(i%classes*label.Classes/classes))
		}
		files[file] = append(files[file], bytes.Repeat([]byte{byte(240 * i / (3 * classes))}, pixels)...)
	}
	return files
}
