// Package encode holds the kinds that compute representations with trained models.
package encode

import (
	"context"

	"foil/internal/artifact"
	"foil/models/backend"
	"foil/models/multvae"
	"foil/pipeline"
	"foil/stages/latentfile"
	"foil/stages/modelfile"
)

// Latents is encode/latents.
func Latents() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "encode/latents",
		Version: 1,
		Doc: "Encodes all users of a split with both checkpoints of a model in evaluation mode, in which the latent vector is the mean. " +
			"Attacks and evaluations share the result.",
		Inputs: []pipeline.Port{
			{Name: "model", Type: artifact.TypeModel, Doc: "the recommender"},
			{Name: "data", Type: artifact.TypeSplit, Doc: "the split that the model was trained on"},
		},
		Output:  artifact.TypeLatents,
		Files:   latentfile.Docs,
		Numeric: true,
	}, pipeline.NoParams, pipeline.Work[pipeline.None]{Run: run})
}

func run(ctx context.Context, cell *pipeline.Cell, _ *pipeline.None) error {
	split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
	if err != nil {
		return err
	}
	b, err := backend.Open(cell.Backend, cell.Cores)
	if err != nil {
		return err
	}
	config := latentfile.Config{Data: cell.Inputs["data"].Digest(), Model: cell.Inputs["model"].Digest()}
	latents := map[string]*latentfile.Latents{}
	for _, checkpoint := range []string{modelfile.Best, modelfile.Last} {
		if err := ctx.Err(); err != nil {
			return err
		}
		m, c, err := modelfile.OpenMultVAE(b, cell.Inputs["model"], cell.Inputs["data"], checkpoint)
		if err != nil {
			return err
		}
		config.Width = c.Latent
		latents[checkpoint] = &latentfile.Latents{
			Train:      part(m, split.Train),
			Validation: part(m, split.ValidationInput),
			Test:       part(m, split.TestInput),
		}
	}
	return latentfile.Write(cell.Create, config, latents)
}

func part(m *multvae.Model, x artifact.Interactions) latentfile.Part {
	rows := artifact.NewRows(x)
	z, _ := m.Encode(modelfile.Rows(rows))
	return latentfile.Part{User: rows.User, Z: z}
}
