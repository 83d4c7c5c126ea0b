// Package store says what a run needs of the place that keeps results: the seam
// between the loop that runs cells and the folder, or one day the server, that
// remembers them.
//
// A Store holds records and objects. An object is content under the name of its
// digest. A Record says which objects came of a key, and from what. A Lease is the
// right to make one key.
//
// The one promise: what Lookup finds is complete, and what Fetch returns has the
// content it is named after.
//
// Package disk is the implementation in a folder.
package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"time"

	"foil/internal/digest"
)

// A Store keeps records and objects. Any number of processes may use one at once.
type Store interface {
	// Lookup returns the record of a key if all that it names is there. If not, the
	// record is nil and the Miss says why. The error is for what neither is a hit nor
	// may be made again, such as a record of a newer format.
	Lookup(ctx context.Context, key digest.Key) (*Record, Miss, error)

	// Fetch returns a path under which an object can be read. Its content has been
	// compared with its digest. The error is a *DamagedError where the object is not
	// what it is named after, or is gone.
	Fetch(ctx context.Context, f digest.File) (path string, err error)

	// Acquire takes the lease of a key, or returns ErrHeld.
	Acquire(ctx context.Context, key digest.Key) (Lease, error)

	// Holder says who holds the lease of a key; nil where nobody does.
	Holder(ctx context.Context, key digest.Key) (*Holder, error)

	// Records yields all records that can be read, in no particular order.
	Records(ctx context.Context) iter.Seq2[*Record, error]
}

// A Lease is the right to make one key. It ends with its owner, or when it is not
// renewed.
type Lease interface {
	// Begin starts an attempt. Every attempt has an output folder of its own; the
	// checkpoints of the key are kept from attempt to attempt.
	Begin() (*Workspace, error)

	// Publish makes the files of an attempt's output folder, and its log, the result of
	// the key. When it returns nil, all of that is durable; until then Lookup finds
	// nothing, or all of it. It fills Format, Key, Outputs and Log of the record.
	Publish(ctx context.Context, w *Workspace, r *Record) error

	// Fail notes, for people, why the key could not be made.
	Fail(reason error) error

	// Lost is closed when the lease has ended before Release, since it was not renewed:
	// somebody else may make the key now, and Publish returns ErrLost. Nil: that cannot
	// happen.
	Lost() <-chan struct{}

	// Release gives the lease back. A second call does nothing.
	Release()
}

// Wait takes the lease of a key. Where somebody else holds it, Wait asks again until ctx
// is done.
func Wait(ctx context.Context, s Store, key digest.Key) (Lease, error) {
	const longest = 100 * time.Millisecond
	for delay := time.Millisecond; ; delay = min(2*delay, longest) {
		l, err := s.Acquire(ctx, key)
		if !errors.Is(err, ErrHeld) {
			return l, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(delay):
		}
	}
}

// An Inheritable lease lasts as long as the process that took it, or any process to
// which it handed on the file.
type Inheritable interface {
	// Inherit returns a file; who has it open keeps the lease. Nil: the lease cannot be
	// handed on.
	Inherit() *os.File
}

// A Workspace is where one attempt at a key is made.
type Workspace struct {
	Out        string // folder for the files of the output; empty at the start
	Checkpoint string // folder that is kept from attempt to attempt; may not exist yet
	Log        string // path of the log; may not exist yet
	Resumes    bool   // an interrupted attempt left checkpoints
}

// A Miss says why a key is not a hit. The zero Miss is that of a hit.
type Miss struct {
	NeverMade bool   // there is no record of it
	Reason    string // for people
}

// NeverMade is the Miss of a key without a record.
var NeverMade = Miss{NeverMade: true, Reason: "never made"}

// Broken is the Miss of a key whose record or output is not what it should be.
func Broken(reason string) Miss { return Miss{Reason: reason} }

// A Holder is who holds a lease.
type Holder struct {
	Owner  *Owner  // nil: not known
	Orphan *Orphan // the lease has outlived its owner; nil: it has not, as far as is known
}

// An Owner is the process that took a lease.
type Owner struct {
	Host  string    `json:"host,omitempty"`
	PID   int       `json:"pid"`
	Space string    `json:"pid_space,omitempty"` // in which PID is a process; Linux has several
	Since time.Time `json:"since"`
}

// An Orphan is a lease that is held although the process that took it has ended: by
// something that it was handed on to, see Inheritable, or until it expires.
type Orphan struct {
	Owner   *Owner
	Path    string        // of the lease's file; programs such as fuser tell who has it open
	Expires time.Duration // the longest time until it ends by itself; 0: it does not
}

func (o *Orphan) String() string {
	if o.Expires > 0 {
		return fmt.Sprintf("process %d has ended, and its lease %s expires within %s", o.Owner.PID, o.Path, o.Expires)
	}
	return fmt.Sprintf("process %d has ended, but something it started still holds %s", o.Owner.PID, o.Path)
}

// ErrHeld says that another process, or another part of this one, makes the key.
var ErrHeld = errors.New("held by another run")

// ErrLost says that a lease ended before it was released: it was not renewed in time, as
// when the machine sleeps or the file system does not answer.
var ErrLost = errors.New("the lease was not renewed in time, and another run may have taken it over")

// A DamagedError says that an object does not have the content it is named after, or
// is gone. The work that made it has to be done again.
type DamagedError struct {
	File   digest.File
	Reason string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s (object %s) %s", e.File.Name, e.File.Digest.Short(), e.Reason)
}
