//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package disk

import (
	"errors"
	"os"
	"syscall"
)

// inheritable: a flock belongs to the open file, so that a child process that is given the
// file holds the lock as well.
const inheritable = true

// lockFile locks f for this process alone. ok is false where another process has it.
func lockFile(f *os.File) (ok bool, err error) { return flock(f, syscall.LOCK_EX) }

// lockShared locks f together with others who do that. ok is false where somebody has it
// alone. Either function turns the lock of f into the other kind, and may lose it when the
// other kind is not available.
func lockShared(f *os.File) (ok bool, err error) { return flock(f, syscall.LOCK_SH) }

func flock(f *os.File, how int) (ok bool, err error) {
	for {
		err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, syscall.EINTR):
			return false, &os.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
	}
}
