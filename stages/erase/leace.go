// Package erase holds the kinds that remove attributes from latent vectors of trained models.
package erase

import (
	"context"
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/artifact/latents"
	"foil/internal/attributes"
	"foil/models/backend"
	"foil/models/leace"
	"foil/pipeline"
	"foil/spec"
)

const leaceName = "erase/leace"

// LEACEParams are the parameters of erase/leace.
type LEACEParams struct {
	Attributes []Attribute `yaml:"attributes" required:"true"`
	Shrinkage  bool        `yaml:"shrinkage"`
	Tolerance  float64     `yaml:"tolerance" above:"0" max:"1"`
}

var leaceParams = &spec.Params[LEACEParams]{
	Defaults: func() LEACEParams { return LEACEParams{Shrinkage: true, Tolerance: 1e-4} },
	Docs: spec.Docs{
		"attributes": "attributes to erase, all at once. With none, the output is the input, so that an axis can have values with and without erasure.",
		"shrinkage": "estimate the covariance of the vectors with optimal linear shrinkage, as the reference does. " +
			"The attributes of the training users are erased in both cases. " +
			"Without shrinkage, their vectors change least; with it, the eraser depends less on who is a training user.",
		"tolerance": "directions in which the whitened vectors and the attributes have a smaller covariance are kept. " +
			"Categorical attributes count as 0 and 1, numeric ones in standard deviations. " +
			"It is svd_tol of the reference, which uses 0.01 and so leaves traces of weak attributes.",
	},
	Nested: []spec.Described{attributeParams},
	Check:  (*LEACEParams).check,
}

func (p *LEACEParams) check(report spec.Reporter) {
	attributes.CheckUnique("attributes", ".attribute", p.names(), report)
}

func (p *LEACEParams) names() []string {
	names := make([]string, len(p.Attributes))
	for i, a := range p.Attributes {
		names[i] = a.Attribute
	}
	return names
}

// LEACE is erase/leace.
func LEACE() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    leaceName,
		Version: 1,
		Doc: "Removes attributes from the latent vectors of all users with LEACE (Belrose et al. 2023), in closed form. " +
			"It is fitted on the training users, for each checkpoint: no linear predictor of an attribute is better than a constant on them. " +
			"Of all affine functions with this property it changes the vectors least, by the estimated covariance. " +
			"Validation and test users get the same function; for them the property holds approximately, because they are others and encoded by fewer items. " +
			"Give the result to attack/latent-probe, and to the input latents of evaluate/ranking, which decodes it with the unchanged model.",
		Inputs: []pipeline.Port{
			{Name: "latents", Type: artifact.TypeLatents, Doc: "the latent vectors of a recommender"},
			{Name: "data", Type: artifact.TypeSplit, Doc: "the split that the recommender was trained on, for the attributes of the training users"},
		},
		Output:    artifact.TypeLatents,
		Files:     latents.Docs,
		Libraries: []string{backend.Module("gonum.org/v1/gonum")},
		Cost:      pipeline.Cost{Times: []string{"latents/last.safetensors"}},
	}, leaceParams, pipeline.Work[LEACEParams]{Run: runLEACE})
}

func runLEACE(ctx context.Context, cell *pipeline.Cell, p *LEACEParams) error {
	split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
	if err != nil {
		return err
	}
	if shared, test := split.SharedUsers(); shared > 0 && len(p.Attributes) > 0 {
		cell.Note("%d of %d test users of the split are training users, too: the erasure has been fitted to their attributes", shared, test)
	}
	input := cell.Inputs["latents"]
	erasure := latents.Erasure{By: leaceName, Attributes: p.names(), Latents: input.Digest(), Rank: map[string]int{}}
	var config latents.Config
	erased := map[string]*latents.Latents{}
	for _, checkpoint := range []string{checkpoints.Best, checkpoints.Last} {
		if err := ctx.Err(); err != nil {
			return err
		}
		l, err := latents.Open(input, cell.Inputs["data"], checkpoint)
		if err != nil {
			return err
		}
		config, erased[checkpoint] = l.Config, l
		if len(p.Attributes) == 0 {
			continue
		}
		e, err := fit(p, &split.Users, l)
		if err != nil {
			return fmt.Errorf("%s checkpoint: %w", checkpoint, err)
		}
		before := variance(l.Train.Z, l.Width)
		for _, part := range []*latents.Part{&l.Train, &l.Validation, &l.Test} {
			part.Z = e.Erase(part.Z)
		}
		erasure.Rank[checkpoint] = e.Rank()
		cell.Logf("%s checkpoint: %d of %d dimensions removed; the variance of the training users' vectors was %.4g and is %.4g",
			checkpoint, e.Rank(), l.Width, before, variance(l.Train.Z, l.Width))
	}
	if len(p.Attributes) > 0 {
		config.Erased = append(slices.Clip(config.Erased), erasure)
	}
	return latents.Write(cell.Create, config, erased)
}

// fit finds the eraser of the attributes from the training users.
func fit(p *LEACEParams, users *artifact.Users, l *latents.Latents) (*leace.Eraser, error) {
	n := len(l.Train.User)
	if n < 2 {
		return nil, fmt.Errorf("erasure needs at least 2 training users; the split has %d", n)
	}
	z, err := concepts(p.Attributes, users, l.Train.User)
	if err != nil {
		return nil, err
	}
	x := mat.NewDense(n, l.Width, nil)
	for i := range n {
		for j := range l.Width {
			x.Set(i, j, float64(l.Train.Z[i*l.Width+j]))
		}
	}
	return leace.Fit(x, z, leace.Options{Shrinkage: p.Shrinkage, Tolerance: p.Tolerance})
}

// variance is the variance of vectors, summed over their dimensions.
func variance(z []float32, width int) float64 {
	total := 0.0
	column := make([]float64, len(z)/width)
	for j := range width {
		for i := range column {
			column[i] = float64(z[i*width+j])
		}
		total += stat.PopVariance(column, nil)
	}
	return total
}
