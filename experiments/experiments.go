// Package experiments embeds the specs of this folder and the programs that they run, so that
// `foil run NAME` works in any folder.
package experiments

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

//go:embed *.yaml *.py
var files embed.FS

// Names lists the embedded experiments, sorted.
func Names() []string {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".yaml"); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names) // the order of the files is that with their extension
	return names
}

// Files returns the folder of the embedded specs.
func Files() fs.FS { return files }

// Read returns the text of an experiment, and false if there is no experiment of that name.
func Read(name string) ([]byte, bool) {
	text, err := files.ReadFile(strings.TrimSuffix(name, ".yaml") + ".yaml")
	return text, err == nil
}
