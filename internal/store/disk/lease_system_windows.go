package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// inheritable: on Windows a lock belongs to the process that took it.
const inheritable = false

// lockFile locks f for this process alone. ok is false where another process has it.
func lockFile(f *os.File) (ok bool, err error) {
	return lockFileEx(f, windows.LOCKFILE_EXCLUSIVE_LOCK)
}

// lockShared locks f together with others who do that. ok is false where somebody has it
// alone. Either function turns the lock of f into the other kind, and may lose it when the
// other kind is not available.
func lockShared(f *os.File) (ok bool, err error) { return lockFileEx(f, 0) }

// lockFileEx locks a byte beyond the end of every file: nobody else can read a byte that is
// locked, and the file says who locked it.
func lockFileEx(f *os.File, how uint32) (ok bool, err error) {
	handle := windows.Handle(f.Fd())
	far := func() *windows.Overlapped { return &windows.Overlapped{OffsetHigh: 1 << 30} }
	_ = windows.UnlockFileEx(handle, 0, 1, 0, far()) // fails where there is none
	err = windows.LockFileEx(handle, how|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, far())
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION):
		return false, nil
	}
	return false, &os.PathError{Op: "LockFileEx", Path: f.Name(), Err: err}
}
