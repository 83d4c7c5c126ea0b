package report

import (
	"io"

	"foil/internal/artifact"
	"foil/pipeline"
)

// A form is a file that a report is written to. The first of a kind is for the terminal.
type form[R any] struct {
	name, doc string
	write     func(R, io.Writer) error
}

func docs[R any](forms []form[R]) []pipeline.FileDoc {
	var all []pipeline.FileDoc
	for _, f := range forms {
		all = append(all, pipeline.FileDoc{Name: f.name, Doc: f.doc})
	}
	return all
}

func writeForms[R any](cell *pipeline.Cell, forms []form[R], r R) error {
	for _, f := range forms {
		if err := artifact.WriteFile(cell.Create, f.name, func(w io.Writer) error { return f.write(r, w) }); err != nil {
			return err
		}
	}
	return nil
}
