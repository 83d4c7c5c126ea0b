package identity

import (
	"os"
	"time"

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

// The file systems with the kernel's clock and precise times. Those of an overlay are the times of
// its upper layer, which is nearly always one of the others.
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
// written to at the moment. A server of a network has a clock of its own, and its clients refuse
// leases for other reasons.
func surroundings(f *os.File) (t times, inUse bool) {
	var s unix.Statfs_t
	if again(func() error { return unix.Fstatfs(int(f.Fd()), &s) }) != nil {
		return times{precision: recent}, false
	}
	switch magic := uint32(s.Type); {
	case magic == unix.TMPFS_MAGIC || magic == unix.RAMFS_MAGIC:
		_, inUse = writers(takeLease(f))
		return times{unseen: true}, inUse
	case precise[magic]:
		t.precision, inUse = writers(takeLease(f))
		return t, inUse
	}
	return times{precision: recent}, false
}

// recent is the age below which a file may have a writer that cannot be known. Most writers have
// ended by then. Without a limit, the results of other users would be read again at each use.
const recent = 3 * time.Second

// takeLease asks for a read lease, which the kernel refuses while the file is open or mapped for
// writing anywhere. A lease lasts until f is closed, and whoever wants to write waits for that. f
// must be open for reading only.
func takeLease(f *os.File) error {
	return again(func() error {
		_, err := unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_RDLCK)
		return err
	})
}

// writers tells from the answer to takeLease whether the file has a writer. Where the kernel gives
// no leases, for example for the files of another user, that is not known.
func writers(lease error) (precision time.Duration, inUse bool) {
	switch lease {
	case nil:
		return 0, false
	case unix.EAGAIN:
		return 0, true
	}
	return recent, false
}
