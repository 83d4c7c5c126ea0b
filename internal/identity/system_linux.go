package identity

import (
	"os"

	"golang.org/x/sys/unix"
)

// now is the time of the clock that stamps files. It advances once per tick of the kernel.
func now() int64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &t) != nil {
		return 0 // nothing is settled
	}
	return t.Nano()
}

// The file systems with the kernel's clock and precise times.
var precise = map[uint32]bool{
	unix.EXT4_SUPER_MAGIC:      true, // and ext2, ext3
	unix.XFS_SUPER_MAGIC:       true,
	unix.BTRFS_SUPER_MAGIC:     true,
	unix.F2FS_SUPER_MAGIC:      true,
	unix.OVERLAYFS_SUPER_MAGIC: true,
	0x2fc12fc1:                 true, // ZFS
	0xca451a4e:                 true, // bcachefs
}

// surroundings returns what is known about the times of an open file, and whether the file may be
// written to at the moment. A server of a network has a clock of its own.
func surroundings(f *os.File) (t times, inUse bool) {
	var s unix.Statfs_t
	if again(func() error { return unix.Fstatfs(int(f.Fd()), &s) }) != nil {
		return times{precision: coarse}, false
	}
	switch magic := uint32(s.Type); {
	case magic == unix.TMPFS_MAGIC || magic == unix.RAMFS_MAGIC:
		return times{unseen: true}, hasWriter(f)
	case precise[magic]:
		return times{}, hasWriter(f)
	}
	return times{precision: coarse}, false
}

// hasWriter reports whether a file is open or mapped for writing anywhere. In that case the kernel
// refuses a read lease. A lease lasts until f is closed, and whoever wants to write waits for that.
// f must be open for reading only. Clients of a network file system refuse leases for other
// reasons.
func hasWriter(f *os.File) bool {
	_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
	return err == unix.EAGAIN
}
