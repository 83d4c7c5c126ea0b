//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package cache

import (
	"errors"
	"os"
	"runtime"
)

func lockFile(*os.File) (ok bool, err error) {
	return false, errors.New("foil knows no file locks for " + runtime.GOOS)
}
