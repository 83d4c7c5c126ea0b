package disk

import (
	"strings"
	"syscall"
)

// networkFileSystem names the file system of a folder if its locks may be local to a node.
func networkFileSystem(dir string) string {
	const local = 0x1000 // MNT_LOCAL
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil || s.Flags&local != 0 {
		return ""
	}
	var name strings.Builder
	for _, c := range s.Fstypename {
		if c == 0 {
			break
		}
		name.WriteByte(byte(c))
	}
	return name.String()
}
