package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// blobs is a place for named bytes.
type blobs interface {
	// ready finds credentials, which may take longer than a request may.
	ready(ctx context.Context) error

	// get opens a blob. The error is errAbsent if there is none.
	get(ctx context.Context, name string) (*body, error)

	// has reports whether there is a blob of that name.
	has(ctx context.Context, name string) (bool, error)

	// put writes a blob as a whole. With onlyNew, the error is errExists if there is one, as far as
	// the server can tell.
	put(ctx context.Context, name string, c content, onlyNew bool) error
}

// A body is the content of a blob while it is read.
type body struct {
	io.ReadCloser
	packed bool // it is compressed with zstd
	page   bool // it is a web page, such as one to log in
}

// A content is what is written to a blob.
type content struct {
	io.ReadSeeker
	size   int64
	packed bool  // it is compressed with zstd
	plain  int64 // size before that
}

var (
	errAbsent = errors.New("is not there")
	errExists = errors.New("exists")
)

// ErrCut means that a body did not come to its end. What arrived says nothing about the blob.
var ErrCut = errors.New("the answer was cut off")

// IsAbsent reports whether an error means that the remote does not have something.
func IsAbsent(err error) bool { return errors.Is(err, errAbsent) }

// A RefusedError is an answer of a server that is neither success nor absence.
type RefusedError struct {
	Status int
	Text   string
	After  time.Duration // the server asks not to come back before that; 0: it does not
}

func (e *RefusedError) Error() string { return e.Text }

// IsDenied reports whether the server does not allow requests of this kind. 404 and 410 are here
// only if the bucket is not there, or nothing can be written.
func (e *RefusedError) IsDenied() bool {
	switch e.Status {
	case 401, 403, 404, 405, 410, 501:
		return true
	}
	return e.Status/100 == 3
}

// IsFull reports whether the server has no room.
func (e *RefusedError) IsFull() bool { return e.Status == 507 }

// IsFinal reports whether the server does not want this blob, also if it is sent again.
func (e *RefusedError) IsFinal() bool {
	switch e.Status {
	case 408, 409, 425, 429:
		return false
	}
	return e.Status/100 == 4 && !e.IsDenied()
}

// mayPass reports whether the server may answer in another way if it is asked again soon.
func (e *RefusedError) mayPass() bool {
	switch e.Status {
	case 501, 505, 507:
		return false
	}
	return e.Status/100 == 5 || e.Status == 429
}

// A WrongError means that the remote holds something that does not belong to its name. It must not
// be used, and may be replaced.
type WrongError struct{ Reason string }

func (e *WrongError) Error() string { return e.Reason }

func wrong(format string, args ...any) error { return &WrongError{fmt.Sprintf(format, args...)} }
