//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package disk

import (
	"errors"
	"os"
	"runtime"
)

const inheritable = false

var errNoLocks = errors.New("foil knows no file locks for " + runtime.GOOS)

func lockFile(*os.File) (ok bool, err error) { return false, errNoLocks }

func lockShared(*os.File) (ok bool, err error) { return false, errNoLocks }
