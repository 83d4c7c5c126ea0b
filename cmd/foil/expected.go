package main

import (
	"fmt"
	"io"

	"foil/internal/app"
)

// writeExpected tells whether the reports have the values that their spec expects. It returns an
// error if one has not.
func writeExpected(out io.Writer, p *app.Publisher) error {
	v, err := p.Expected()
	if err != nil {
		fmt.Fprintf(out, "foil: %v\n", err)
		return errReported
	}
	if v.Total() == 0 {
		return nil
	}
	fmt.Fprintln(out, v.Line())
	if len(v.Missed) > 0 {
		return errReported
	}
	return nil
}
