package filter

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"foil/internal/artifact"
	"foil/pipeline"
	"foil/spec"
)

// LastNParams are the parameters of filter/last-n.
type LastNParams struct {
	N int `yaml:"n" required:"true" min:"1" unit:"interactions"`
}

var lastNParams = &spec.Params[LastNParams]{
	Docs: spec.Docs{"n": "largest number of interactions of a user; earlier ones are dropped"},
}

// LastN keeps the latest interactions of each user.
func LastN() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "filter/last-n",
		Version: 1,
		Doc: "Keeps the latest interactions of each user, and drops the items without any. " +
			"Rows keep their order. The interactions must have times: load/csv reads them. " +
			"Of interactions at the same time, those with the later items of the table count as later; a note tells how many users that concerns.",
		Inputs: []pipeline.Port{{Name: "interactions", Type: artifact.TypeInteractions, Doc: "the interactions to filter"}},
		Output: artifact.TypeInteractions,
		Files:  filteredFiles(),
		Light:  true,
	}, lastNParams, pipeline.Work[LastNParams]{Facts: pipeline.PassOn[LastNParams]("interactions"), Run: runLastN})
}

func runLastN(_ context.Context, cell *pipeline.Cell, p *LastNParams) error {
	in, err := artifact.ReadDataset(cell.Inputs["interactions"].Path)
	if err != nil {
		return err
	}
	x := in.Interactions
	if x.Time == nil {
		return errors.New("the interactions have no times; with load/csv, name their column with the parameter timestamp")
	}
	keep := make([]bool, x.Len())
	tied := 0
	for rows := range x.PerUser() {
		slices.SortStableFunc(rows, func(a, b int32) int { return cmp.Compare(x.Time[a], x.Time[b]) })
		from := max(0, len(rows)-p.N)
		if from > 0 && x.Time[rows[from-1]] == x.Time[rows[from]] {
			tied++
		}
		for _, i := range rows[from:] {
			keep[i] = true
		}
	}
	if tied > 0 {
		cell.Note("of %d users, the first of the last %d interactions is at the same time as one before; the order of the items decides", tied, p.N)
	}
	return writeLeft(cell, in, x.Where(func(i int) bool { return keep[i] }))
}
