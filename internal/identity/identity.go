// Package identity tells whether a file has changed, without reading it.
//
// An Identity is what the system knows about a file: device and number, size, the time of the last
// write, and the time of the last change of any kind. A program can set the time of the last write,
// but not the time of the last change. So two equal identities mean that the file was not written
// in between, except in two cases, in which an identity is not settled:
//
//   - Times have the precision of the system's clock, some milliseconds, or of the file system. A
//     write within the same tick as the change before it does not show.
//   - A program that has mapped the file into its memory may write to it unseen: always in a file
//     system that is itself in memory, and otherwise as long as the program has the file open or
//     mapped.
package identity

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// An Identity is what the system knows about a file.
type Identity struct {
	device, number uint64
	size           int64
	written        int64 // time of the last write, in nanoseconds
	changed        int64 // time of the last change of content, permissions, links or name
	regular        bool
}

// Size is the size of the file.
func (id Identity) Size() int64 { return id.size }

// IsRegular reports whether it is a regular file, and not a link or a folder.
func (id Identity) IsRegular() bool { return id.regular }

// Renamed reports whether later is the same file, with the same size and time of the last write.
// Its name, links and permissions may be different. Or it was written, and its time was restored.
func (id Identity) Renamed(later Identity) bool {
	return id.device == later.device && id.number == later.number && id.size == later.size && id.written == later.written
}

// Fingerprint is a text that changes with every write to the file, and with every replacement. It
// stays the same after a restart of the machine, and on other machines that share the file, where
// device and number may be different.
func (id Identity) Fingerprint() string {
	return fmt.Sprintf("%d %d %d", id.size, id.written, id.changed)
}

// A Sight is the identity of an open file at some time.
type Sight struct {
	Identity

	// Settled: every later write will show in the identity.
	Settled bool

	// InUse: another process, or another open file of this one, may be writing to the file. It is
	// only known on Linux, for files of this user, or of all users if this process is root. Where
	// it is not known, only files that have not changed for some seconds are settled.
	InUse bool
}

// See returns the identity of an open file.
func See(f *os.File) (Sight, error) {
	s, _, err := look(f)
	return s, err
}

func look(f *os.File) (Sight, times, error) {
	before := now()
	id, err := of(f)
	if err != nil {
		return Sight{}, times{}, err
	}
	t, inUse := surroundings(f)
	return Sight{id, !inUse && t.settle(id, before), inUse}, t, nil
}

// Again looks at the file of s again, which may be settled now. It returns s unless the file is
// known to be unchanged since s was taken. A write in the tick of the last change does not change
// the time of that, but the time of the last write, if that one is earlier.
func (s Sight) Again(f *os.File) (Sight, error) {
	later, t, err := look(f)
	if err != nil || later.Identity != s.Identity || !t.settle(Identity{changed: s.written}, s.changed) {
		return s, err
	}
	return later, nil
}

// ErrChanging means that a file changed while it was read.
var ErrChanging = errors.New("changes while it is read")

// SeeDuring calls read, which reads an open file. The result holds for the content that was read.
// The error is ErrChanging if the file changed in the meantime.
func SeeDuring(f *os.File, read func() error) (Sight, error) {
	s, err := See(f)
	if err != nil {
		return s, err
	}
	if err := read(); err != nil {
		return s, err
	}
	after, err := of(f)
	if err == nil && after != s.Identity {
		err = ErrChanging
	}
	return s, err
}

// times is what is known about the times of a file system.
type times struct {
	unseen    bool          // writes to mapped files do not change them
	precision time.Duration // of the times, beyond that of the clock, or age at which they count
}

// coarse is the precision of a file system that stores seconds. Some store every second one
// only.
const coarse = 2 * time.Second

// settle reports whether an identity that was taken after some time is settled.
func (t times) settle(id Identity, after int64) bool {
	precision := t.precision
	if id.changed%int64(time.Second) == 0 {
		precision = max(precision, coarse)
	}
	return !t.unseen && after-id.changed > int64(precision)
}
