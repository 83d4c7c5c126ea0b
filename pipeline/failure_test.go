package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"foil/internal/syserror"
	"foil/pipeline"
)

// crossed is an error after serialization.
func crossed(t *testing.T, err error) error {
	t.Helper()
	text, failed := json.Marshal(pipeline.NewFailure(err))
	if failed != nil {
		t.Fatal(failed)
	}
	f := new(pipeline.Failure)
	if err := json.Unmarshal(text, f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFailureIsTheSameOnTheOtherSide(t *testing.T) {
	all := []error{syscall.ENOSPC, syscall.EDQUOT, context.Canceled, context.DeadlineExceeded}
	for _, c := range []struct {
		err  error
		code pipeline.Code
		is   []error
	}{
		{&fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, pipeline.DiskFull, []error{syscall.ENOSPC, syscall.EDQUOT}},
		{fmt.Errorf("checkpoint: %w", syscall.EDQUOT), pipeline.DiskFull, []error{syscall.ENOSPC, syscall.EDQUOT}},
		{fmt.Errorf("epoch 3: %w", context.Canceled), pipeline.Cancelled, []error{context.Canceled}},
		{context.DeadlineExceeded, pipeline.TimedOut, []error{context.DeadlineExceeded}},
		{&pipeline.Failure{Code: pipeline.Panicked, Message: "panic: no"}, pipeline.Panicked, nil},
		{fmt.Errorf("at last: %w", &pipeline.Failure{Code: pipeline.Crashed, Message: "killed"}), pipeline.Crashed, nil},
		{errors.New("no space left on device, said a text"), "", nil},
	} {
		err := c.err
		for range 2 { // a border behind a border
			err = crossed(t, fmt.Errorf("a: %w", err))
		}
		if code := pipeline.CodeOf(err); code != c.code {
			t.Errorf("%v: code %q, want %q", c.err, code, c.code)
		}
		if err.Error() != "a: a: "+syserror.Text(c.err) {
			t.Errorf("%v became %v", c.err, err)
		}
		for _, target := range all {
			want := false
			for _, is := range c.is {
				want = want || is == target
			}
			if got := errors.Is(fmt.Errorf("b: %w", err), target); got != want {
				t.Errorf("%v is %v: %v, want %v", c.err, target, got, want)
			}
		}
	}
}
