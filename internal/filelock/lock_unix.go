//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package filelock

import (
	"errors"
	"os"
	"syscall"
)

// Inheritable: a flock belongs to the open file, so a child process that inherits the file also
// holds the lock.
const Inheritable = true

// Exclusive takes an exclusive lock on f. ok is false if another process holds a lock.
func Exclusive(f *os.File) (ok bool, err error) { return flock(f, syscall.LOCK_EX) }

// Shared takes a shared lock on f. ok is false if another process holds an exclusive lock. Each
// function converts an existing lock of f, and may lose it if the other type is not available.
func Shared(f *os.File) (ok bool, err error) { return flock(f, syscall.LOCK_SH) }

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
