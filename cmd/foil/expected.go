package main

import (
	"fmt"
	"io"

	"foil/internal/app"
)

// writeExpected tells whether the reports have the values that their spec expects. It returns an
// error if one has not, unless the run is a variant: the values are those of the spec as it is
// written.
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
	switch {
	case len(v.Missed) == 0:
		return nil
	case len(p.Sets)+len(p.Only) > 0:
		fmt.Fprintln(out, "this run is a variant (--set, --only), so that does not change its exit status: the values are expected of the spec as it is written")
		return nil
	}
	return errReported
}
