package pipeline

import "fmt"

// A CellError says which cell an error is about.
type CellError struct {
	Cell string // its name
	Kind string
	Err  error
	Log  string // path of the cell's log; empty when it wrote none

	Skipped []string // cells that were skipped because of it; known when the run is over
}

func (e *CellError) Error() string {
	text := fmt.Sprintf("%s: %s: %v", e.Cell, e.Kind, e.Err)
	if e.Log != "" {
		text += " (log: " + e.Log + ")"
	}
	return text
}

func (e *CellError) Unwrap() error { return e.Err }
