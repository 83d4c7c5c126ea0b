package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Inheritable: on Windows a lock belongs to the process that took it.
const Inheritable = false

// Exclusive takes an exclusive lock on f. ok is false if another process holds a lock.
func Exclusive(f *os.File) (ok bool, err error) {
	return lockFileEx(f, windows.LOCKFILE_EXCLUSIVE_LOCK)
}

// Shared takes a shared lock on f. ok is false if another process holds an exclusive lock. Each
// function converts an existing lock of f, and may lose it if the other type is not available.
func Shared(f *os.File) (ok bool, err error) { return lockFileEx(f, 0) }

// lockFileEx locks a byte beyond the end of the file, because other processes cannot read a locked
// byte, and the file names its owner.
func lockFileEx(f *os.File, how uint32) (ok bool, err error) {
	handle := windows.Handle(f.Fd())
	far := func() *windows.Overlapped { return &windows.Overlapped{OffsetHigh: 1 << 30} }
	_ = windows.UnlockFileEx(handle, 0, 1, 0, far()) // fails if there is no lock
	err = windows.LockFileEx(handle, how|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, far())
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION):
		return false, nil
	}
	return false, &os.PathError{Op: "LockFileEx", Path: f.Name(), Err: err}
}
