//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package filelock

import (
	"errors"
	"os"
	"runtime"
)

const Inheritable = false

var errNoLocks = errors.New("foil knows no file locks for " + runtime.GOOS)

func Exclusive(*os.File) (ok bool, err error) { return false, errNoLocks }

func Shared(*os.File) (ok bool, err error) { return false, errNoLocks }
