//go:build unix

package identity

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// At returns the identity of a file, or of a link itself.
func At(path string) (Identity, error) {
	var s unix.Stat_t
	if err := again(func() error { return unix.Lstat(path, &s) }); err != nil {
		return Identity{}, &fs.PathError{Op: "lstat", Path: path, Err: err}
	}
	return identityOf(&s), nil
}

// of returns the identity of an open file.
func of(f *os.File) (Identity, error) {
	var s unix.Stat_t
	if err := again(func() error { return unix.Fstat(int(f.Fd()), &s) }); err != nil {
		return Identity{}, &fs.PathError{Op: "fstat", Path: f.Name(), Err: err}
	}
	return identityOf(&s), nil
}

func identityOf(s *unix.Stat_t) Identity {
	return Identity{
		device: uint64(s.Dev), number: s.Ino, size: s.Size, written: s.Mtim.Nano(), changed: s.Ctim.Nano(),
		regular: s.Mode&unix.S_IFMT == unix.S_IFREG,
	}
}

// again calls a function until no signal interrupts it.
func again(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
