// Package store defines the interface between a run and the place that keeps its results, such as a
// folder.
//
// A Store holds records and objects. An object is a file named by the digest of its content. A
// Record lists the output objects and the inputs of a key. A Lease is the right to make one key.
//
// The one promise: every result that Lookup finds is complete, and every file that Fetch returns
// has the content of its digest.
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
	// Lookup returns the record of a key if all its objects exist. Otherwise the record is nil, and
	// the Miss holds the reason. An error means that the key is not a hit and must not be made
	// again, for example because of a record of a newer format.
	Lookup(ctx context.Context, key digest.Key) (*Record, Miss, error)

	// Fetch returns the path of an object, after comparing its content with its digest. The error
	// is a *DamagedError if the object is damaged or missing.
	Fetch(ctx context.Context, f digest.File) (path string, err error)

	// Acquire takes the lease of a key, or returns ErrHeld.
	Acquire(ctx context.Context, key digest.Key) (Lease, error)

	// Holder returns the holder of the lease of a key, or nil if the lease is free.
	Holder(ctx context.Context, key digest.Key) (*Holder, error)

	// Records yields all records that can be read, in no particular order.
	Records(ctx context.Context) iter.Seq2[*Record, error]
}

// A Distant store is far away: one request takes long, and many at once take no longer. What it is
// told in advance changes no answer.
type Distant interface {
	// Expect is told the keys that will be looked up next.
	Expect(ctx context.Context, keys []digest.Key)

	// Prepare is told the files that a piece of work may read. It gets small files, and all of them
	// with whole, because then the work reads all. It returns the files that cannot be had, as far
	// as it knows.
	Prepare(ctx context.Context, files []digest.File, whole bool) []*DamagedError
}

// A Lease is the right to make one key. It ends with its owner, or when it is not
// renewed.
type Lease interface {
	// Begin starts an attempt. Every attempt has an output folder of its own; the
	// checkpoints of the key are kept from attempt to attempt.
	Begin() (*Workspace, error)

	// Publish makes the files of an attempt's output folder and its log the result of the key.
	// After it returns nil, the result is durable. Before that, Lookup finds either nothing or the
	// whole result. Publish sets Format, Key, Outputs and Log of the record.
	Publish(ctx context.Context, w *Workspace, r *Record) error

	// Fail records the reason why the key could not be made, for people.
	Fail(reason error) error

	// Lost is closed if the lease ends before Release because it was not renewed. Then another
	// process may make the key, and Publish returns ErrLost. Nil: the lease cannot end early.
	Lost() <-chan struct{}

	// Release gives the lease back. A second call does nothing.
	Release()
}

// A Sparing lease belongs to a store that counts attempts without progress: see Workspace.Stalled.
type Sparing interface {
	// Spare says that the attempt was interrupted too soon to count.
	Spare() error
}

// Wait takes the lease of a key. While another owner holds it, Wait retries until ctx is done.
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

// An Inheritable lease lasts until its owner and all processes that inherited its file have ended.
type Inheritable interface {
	// Inherit returns a file. Every process that has it open keeps the lease. Nil: the lease cannot
	// be inherited.
	Inherit() *os.File
}

// A Workspace holds the folders of one attempt to make a key.
type Workspace struct {
	Out        string // folder for the files of the output; empty at the start
	Checkpoint string // folder that is kept from attempt to attempt; may not exist yet
	Log        string // path of the log; may not exist yet
	Resumes    bool   // an interrupted attempt left checkpoints

	// Stalled counts the attempts of workers of this process's group that ended, one after the
	// other, with neither a result nor a new checkpoint. Without a group, nothing is counted.
	Stalled int
}

// Failures are the notes that Lease.Fail leaves until the next attempt begins.
type Failures interface {
	// Failure returns the note of a key, or nil if the last attempt did not fail.
	Failure(digest.Key) (*Failure, error)

	// AllFailures returns the notes of all keys.
	AllFailures() (map[digest.Key]*Failure, error)
}

// A Failure says why a key could not be made.
type Failure struct {
	Reason string `json:"reason"`
	Owner  Owner  `json:"owner"`
	ID     string `json:"id"` // no two failures share it
	Log    string `json:"-"`  // path of the log; empty: there is none
}

// A Miss is the reason why a key is not a hit. The zero Miss belongs to a hit.
type Miss struct {
	NeverMade bool   // the key has no record
	Reason    string // for people
}

// NeverMade is the Miss of a key without a record.
var NeverMade = Miss{NeverMade: true, Reason: "never made"}

// Broken is the Miss of a key whose record or output is damaged.
func Broken(reason string) Miss { return Miss{Reason: reason} }

// A Holder describes the holder of a lease.
type Holder struct {
	Owner  *Owner  // nil: not known
	Orphan *Orphan // set if the lease has outlived its owner
}

// An Owner is the process that took a lease.
type Owner struct {
	Host  string    `json:"host,omitempty"`
	PID   int       `json:"pid"`
	Space string    `json:"pid_space,omitempty"` // the boot and the PID namespace, on Linux
	Group string    `json:"group,omitempty"`     // of workers that were started together; empty: none
	Since time.Time `json:"since"`
}

// An Orphan is a lease that is still held although its owner has ended. A process that inherited it
// may hold it (see Inheritable), or it has not expired yet.
type Orphan struct {
	Owner   *Owner
	Path    string        // of the lease's file; fuser shows the processes that have it open
	Expires time.Duration // the longest time until it expires; 0: it does not expire
}

func (o *Orphan) String() string {
	if o.Expires > 0 {
		return fmt.Sprintf("process %d has ended, and its lease %s expires within %s", o.Owner.PID, o.Path, o.Expires)
	}
	return fmt.Sprintf("process %d has ended, but something it started still holds %s", o.Owner.PID, o.Path)
}

// ErrHeld means that another process, or another goroutine of this process, is making the key.
var ErrHeld = errors.New("held by another run")

// ErrLost means that a lease ended before it was released, because it was not renewed in time. The
// machine may have slept, or the file system may have blocked.
var ErrLost = errors.New("the lease was not renewed in time, and another run may have taken it over")

// A DamagedError means that an object is missing, or its content does not have its digest. The work
// that made it must be done again.
type DamagedError struct {
	File   digest.File
	Reason string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s (object %s) %s", e.File.Name, e.File.Digest.Short(), e.Reason)
}
