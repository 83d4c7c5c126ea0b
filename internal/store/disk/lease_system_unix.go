//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package disk

import (
	"errors"
	"os"
	"syscall"
)

// inheritable: a flock belongs to the open file, so a child process that inherits the file also
// holds the lock.
const inheritable = true

// lockFile takes an exclusive lock on f. ok is false if another process holds a lock.
func lockFile(f *os.File) (ok bool, err error) { return flock(f, syscall.LOCK_EX) }

// lockShared takes a shared lock on f. ok is false if another process holds an exclusive lock. Each
// function converts an existing lock of f, and may lose it if the other type is not available.
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
