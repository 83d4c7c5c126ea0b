// Command library prints the libraries that the default backend computes with, and whether its
// build information has their versions.
package main

import (
	"fmt"
	"os"
	"runtime/debug"

	"foil/models/backend"
)

func main() {
	library, err := backend.Library(backend.Default)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	info, ok := debug.ReadBuildInfo()
	fmt.Printf("%s\n%v\n", library, ok && len(info.Deps) > 0)
}
