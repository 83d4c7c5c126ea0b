package filter

import (
	"context"
	"fmt"

	"foil/internal/artifact"
	"foil/pipeline"
	"foil/spec"
)

// MinRatingParams are the parameters of filter/min-rating.
type MinRatingParams struct {
	AtLeast float64 `yaml:"at_least" required:"true"`
	Column  string  `yaml:"column" oneof:"rating,weight"`
}

var minRatingParams = &spec.Params[MinRatingParams]{
	Defaults: func() MinRatingParams { return MinRatingParams{Column: artifact.RatingColumn} },
	Docs: spec.Docs{
		"at_least": "lowest rating that counts; interactions with a lower one are dropped",
		"column":   "what is compared: rating, or weight, such as a number of plays",
	},
}

// MinRating drops interactions with low ratings.
func MinRating() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "filter/min-rating",
		Version: 1,
		Doc: "Drops interactions with a low rating or weight, and the users and items without any other. " +
			"Rows keep their order. The interactions must have the column: load/csv reads it.",
		Inputs: []pipeline.Port{{Name: "interactions", Type: artifact.TypeInteractions, Doc: "the interactions to filter"}},
		Output: artifact.TypeInteractions,
		Files:  filteredFiles(),
		Light:  true,
	}, minRatingParams, pipeline.Work[MinRatingParams]{Facts: pipeline.PassOn[MinRatingParams]("interactions"), Run: runMinRating})
}

func runMinRating(_ context.Context, cell *pipeline.Cell, p *MinRatingParams) error {
	in, err := artifact.ReadDataset(cell.Inputs["interactions"].Path)
	if err != nil {
		return err
	}
	x := in.Interactions
	values := x.Numbers(p.Column)
	if values == nil {
		return fmt.Errorf("the interactions have no %s; with load/csv, name its column with the parameter %s", p.Column, p.Column)
	}
	left := x.Where(func(i int) bool { return values[i] >= p.AtLeast })
	if left.Len() == 0 {
		return fmt.Errorf("none of the %d interactions has a %s of %v or more; lower at_least", x.Len(), p.Column, p.AtLeast)
	}
	return writeLeft(cell, in, left)
}

// writeLeft writes the interactions that a filter leaves.
func writeLeft(cell *pipeline.Cell, in *artifact.Dataset, left artifact.Interactions) error {
	out := artifact.Compact(in, left)
	cell.Logf("%d of %d users, %d of %d items and %d of %d interactions remain", out.Users.Len(), in.Users.Len(),
		out.Items.Len(), in.Items.Len(), left.Len(), in.Interactions.Len())
	return out.Write(cell.Create)
}
