package pipeline

import (
	"context"
	"errors"
	"syscall"
)

// A Code says what sort of failure an error is. Errors lose their types where they leave a
// process; the code crosses the border with them.
type Code string

// The codes. Other failures have none: the text of the error is all that is known.
const (
	DiskFull  Code = "disk-full"
	Cancelled Code = "cancelled"
	TimedOut  Code = "timed-out"
	Panicked  Code = "panic"
	Crashed   Code = "crash"
)

// codes lists by which errors a code is known, the first one first.
var codes = []struct {
	code Code
	err  error
}{
	{DiskFull, syscall.ENOSPC},
	{DiskFull, syscall.EDQUOT},
	{Cancelled, context.Canceled},
	{TimedOut, context.DeadlineExceeded},
}

// CodeOf is the code of an error; empty when it has none.
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

// A Failure is an error that came from another process, or that has a code of its own.
type Failure struct {
	Code    Code   `json:"code,omitempty"`
	Message string `json:"message"`
}

// NewFailure writes an error down.
func NewFailure(err error) *Failure { return &Failure{CodeOf(err), err.Error()} }

func (f *Failure) Error() string { return f.Message }

// Is lets errors.Is find what the error was on the other side of the border.
func (f *Failure) Is(target error) bool {
	for _, c := range codes {
		if c.code == f.Code && errors.Is(target, c.err) {
			return true
		}
	}
	return false
}
