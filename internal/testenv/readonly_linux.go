package testenv

import (
	"errors"
	"os"
	"syscall"
)

// readOnly mounts a folder over itself, read-only, which also stops root. A user who may not mount
// is usually not root, so permissions are enough.
func readOnly(dir string) (undo func(), err error) {
	err = syscall.Mount(dir, dir, "", syscall.MS_BIND, "")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		return withoutPermission(dir)
	} else if err != nil {
		return nil, err
	}
	undo = func() { syscall.Unmount(dir, syscall.MNT_DETACH) }
	if err := syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		undo()
		return nil, err
	}
	if f, err := os.CreateTemp(dir, "probe"); err == nil {
		f.Close()
		undo()
		return nil, errors.New("a read-only mount can be written")
	}
	return undo, nil
}
