//go:build unix

package access

import (
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// umask is read when the program starts, before it makes files: the system has no call that only
// reads it.
var umask = func() fs.FileMode {
	mask := syscall.Umask(0o077)
	syscall.Umask(mask)
	return fs.FileMode(mask)
}()

// comesByItself reports whether the system gives new entries of a folder this access: the umask
// removes none of its permissions, and the group is that of the folder or of the process.
func (a Access) comesByItself() bool {
	inherited := a.mode&fs.ModeSetgid != 0 || runtime.GOOS != "linux"
	return a.mode&umask == 0 && (inherited || a.group == os.Getegid())
}

func groupOf(info fs.FileInfo) int {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Gid)
	}
	return -1
}

func isMine(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Geteuid()
}
