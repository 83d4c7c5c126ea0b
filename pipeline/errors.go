package pipeline

import "fmt"

// A CellError is the error of one cell.
type CellError struct {
	Cell string // its name
	Kind string
	Err  error
	Log  string // path of the cell's log; empty without a log

	Skipped []string // cells that were skipped because of this error; known at the end of the run
}

func (e *CellError) Error() string {
	text := fmt.Sprintf("%s: %s: %v", e.Cell, e.Kind, e.Err)
	if e.Log != "" {
		text += "\n  log: " + e.Log // on a line of its own, so that it can be copied
	}
	return text
}

func (e *CellError) Unwrap() error { return e.Err }
