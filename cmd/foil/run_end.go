package main

import (
	"fmt"
	"io"

	"foil/internal/app"
	"foil/internal/report"
	"foil/internal/syserror"
	"foil/pipeline/run"
)

// endLines shows the end of a run, on a terminal and elsewhere.
type endLines struct{ to io.Writer }

func (l endLines) ended(result *run.Result, published *app.Published) {
	for _, r := range published.Reports {
		fmt.Fprintf(l.to, "report: %s\n", r.Folder)
	}
	for _, n := range published.Notes {
		fmt.Fprintf(l.to, "note: %s\n", n)
	}
	fmt.Fprintln(l.to, summary(result))
}

func (l endLines) expected(v report.Verdicts, _ *run.Result, isVariant bool) {
	fmt.Fprintln(l.to, v.Line())
	if len(v.Missed) > 0 && isVariant {
		fmt.Fprintln(l.to, "this run is a variant (--set, --only), so that does not change its exit status: the values are expected of the spec as it is written")
	}
}

func (l endLines) problem(err error) { fmt.Fprintf(l.to, "foil: %s\n", syserror.Text(err)) }

// judge shows whether the reports have the values that their spec expects. It returns an error if
// one has not, unless the run is a variant: the values are those of the spec as it is written.
func judge(show display, p *app.Publisher) error {
	v, err := p.Expected()
	if err != nil {
		show.problem(err)
		return errReported
	}
	if v.Total() == 0 {
		return nil
	}
	isVariant := len(p.Sets)+len(p.Only) > 0
	show.expected(v, p.Result, isVariant)
	if len(v.Missed) > 0 && !isVariant {
		return errReported
	}
	return nil
}
