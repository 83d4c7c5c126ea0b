package render

import (
	"encoding/csv"
	"io"

	"foil/internal/report/grid"
)

// CSV writes the report's data for programs such as pandas or R: one line for each number, without
// rounding.
func CSV(w io.Writer, r *grid.Report) error {
	out := csv.NewWriter(w)
	if err := out.Write(r.Data.Head); err != nil {
		return err
	}
	return out.WriteAll(r.Data.Lines)
}
