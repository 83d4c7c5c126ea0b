//go:build unix

package command

import (
	"os"
	"syscall"
)

// hasOtherNames reports whether a file has several hard links.
func hasOtherNames(path string) (bool, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return false, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return !ok || stat.Nlink > 1, nil
}
