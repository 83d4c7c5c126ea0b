package main

import (
	"errors"
	"strings"
	"testing"

	"foil/pipeline"
	"foil/pipeline/graph"
	"foil/pipeline/run"
)

func failedRun() *run.FailedError {
	cell := func(name, text string, skipped ...string) *pipeline.CellError {
		return &pipeline.CellError{Cell: name, Kind: "k", Err: errors.New(text), Log: name + ".log", Skipped: skipped}
	}
	return &run.FailedError{Skipped: 3, Cells: []*pipeline.CellError{
		cell("a[x=1]", "loss is NaN", "b[x=1]"),
		cell("c", "bad input\nline 2", "d"),
		cell("a[x=2]", "loss is NaN", "b[x=2]"),
	}}
}

// On a terminal the errors are shown at the end, equal ones once.
func TestTerminalShowsEachErrorOnce(t *testing.T) {
	b := newShowing(100, 24)
	b.start(6)
	e := failedRun()
	for _, c := range e.Cells {
		b.event(run.CellFailed{Node: &graph.Node{ID: c.Cell}, Err: c})
	}
	b.event(run.RunDone{})
	b.bars.failures(e)
	want := `FAILED   a[x=1]: loss is NaN
FAILED   c: bad input ...
FAILED   a[x=2]: loss is NaN
foil: 3 cells failed:
  a[x=1] and a[x=2]: k: loss is NaN
    log of a[x=1]: a[x=1].log
    skipped because of it: b[x=1] and b[x=2]
  c: k: bad input
  line 2
    log: c.log
    skipped because of it: d
`
	if got := strings.Join(b.screen(), "\n") + "\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// In a log the errors are shown when they happen, equal ones once.
func TestLinesShowEachErrorOnce(t *testing.T) {
	var out strings.Builder
	l := &lines{out: &out}
	e := failedRun()
	for _, c := range e.Cells {
		l.event(run.CellFailed{Node: &graph.Node{ID: c.Cell}, Err: c})
	}
	l.failures(e)
	want := `FAILED a[x=1]: k: loss is NaN
  log: a[x=1].log
FAILED c: k: bad input
line 2
  log: c.log
FAILED a[x=2]: the same error as a[x=1]
foil: 3 cells failed:
  a[x=1] and a[x=2]: the same error
    log of a[x=1]: a[x=1].log
    skipped because of it: b[x=1] and b[x=2]
  c
    log: c.log
    skipped because of it: d
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}

func TestFullDiskIsFoundByItsCode(t *testing.T) {
	full := &pipeline.CellError{Err: &pipeline.Failure{Code: pipeline.DiskFull, Message: "write x: voll"}}
	crash := &pipeline.CellError{Err: &pipeline.Failure{Code: pipeline.Crashed, Message: "no space left on device"}}
	for _, c := range []struct {
		cells []*pipeline.CellError
		want  bool
	}{
		{[]*pipeline.CellError{crash}, false},
		{[]*pipeline.CellError{crash, full}, true},
	} {
		var out strings.Builder
		adviseOnFullDisk(&out, &run.FailedError{Cells: c.cells})
		if got := out.Len() > 0; got != c.want {
			t.Errorf("%v: said %q", c.cells, &out)
		}
	}
}
