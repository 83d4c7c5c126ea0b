package pipeline

import (
	"context"
	"errors"
	"syscall"

	"foil/internal/syserror"
)

// A Code is the class of a failure. An error loses its Go type when it is sent to another process;
// the code is sent with it.
type Code string

// The codes. Other failures have no code, only the text of the error.
const (
	DiskFull  Code = "disk-full"
	Cancelled Code = "cancelled"
	TimedOut  Code = "timed-out"
	Panicked  Code = "panic"
	Crashed   Code = "crash"

	// InputChanged means that a program which the kind started may have written to an input.
	InputChanged Code = "input-changed"
)

// codes lists the errors that stand for each code, in the order of their checks.
var codes = []struct {
	code Code
	err  error
}{
	{DiskFull, syscall.ENOSPC},
	{DiskFull, syscall.EDQUOT},
	{Cancelled, context.Canceled},
	{TimedOut, context.DeadlineExceeded},
}

// CodeOf returns the code of an error, or "" if it has none.
func CodeOf(err error) Code {
	var f *Failure
	if errors.As(err, &f) {
		return f.Code
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.code
		}
	}
	return ""
}

// A Failure is an error that was received from another process, or an error with a code.
type Failure struct {
	Code    Code   `json:"code,omitempty"`
	Message string `json:"message"`
}

// NewFailure converts an error, so that it can be sent to another process.
func NewFailure(err error) *Failure { return &Failure{CodeOf(err), syserror.Text(err)} }

func (f *Failure) Error() string { return f.Message }

// Is lets errors.Is recognize the original error of the other process.
func (f *Failure) Is(target error) bool {
	for _, c := range codes {
		if c.code == f.Code && errors.Is(target, c.err) {
			return true
		}
	}
	return false
}
