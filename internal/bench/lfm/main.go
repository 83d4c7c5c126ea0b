// Lfm writes made-up copies of data sets of Last.fm, in their formats and at their real sizes, for
// measurements. README.md has the commands and what was measured.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	set := flag.String("set", "lfm-2b-100k", "data set: lfm-2b-100k or lastfm-dataset-360K")
	seed := flag.Uint64("seed", 1, "seed of the random numbers")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: lfm [flags] DIR")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := write(*set, *seed, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(set string, seed uint64, dir string) error {
	sets := map[string]func(dir string, seed uint64) error{"lfm-2b-100k": published.write, "lastfm-dataset-360K": published360k.write}
	if sets[set] == nil {
		return fmt.Errorf("no data set %q; there are lfm-2b-100k and lastfm-dataset-360K", set)
	}
	dir = filepath.Join(dir, set)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return sets[set](dir, seed)
}
