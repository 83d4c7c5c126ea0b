package evaluate

import (
	"context"
	"io"
	"maps"
	"slices"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/pipeline"
)

// Training is evaluate/training.
func Training() pipeline.Kind {
	return pipeline.Kind{
		Name:    "evaluate/training",
		Version: 2,
		Doc: "Tells how a training went, as metrics: every curve, its epoch as k, and the figures that the training has of itself, " +
			"such as how often a batch passed the networks in a step (Jiang et al. 2021, section 4, compares methods by these). " +
			"A table or figure can show them.",
		Inputs: []pipeline.Port{{
			Name: "model", Type: artifact.TypeRecommender, Or: []pipeline.Type{artifact.TypeClassifier},
			Doc: "the recommender or classifier",
		}},
		Output: artifact.TypeMetrics,
		Files: []pipeline.FileDoc{{Name: artifact.MetricsFile, Doc: "the curves (of recommenders rate, train/..., validation/...; of classifiers rate, train/..., selection/...); best_epoch; " +
			"of classifiers the passes of a step: forward, backward, attacker_forward, attacker_backward"}},
		Light: true,
		Run:   runTraining,
	}
}

func runTraining(_ context.Context, cell *pipeline.Cell) error {
	saved, err := checkpoints.Read(cell.Inputs["model"])
	if err != nil {
		return err
	}
	curves, err := saved.Curves()
	if err != nil {
		return err
	}
	var metrics []artifact.Metric
	for _, name := range slices.Sorted(maps.Keys(saved.Figures)) {
		metrics = append(metrics, artifact.Metric{Name: name, Value: saved.Figures[name]})
	}
	if saved.LastEpoch > 0 {
		metrics = append(metrics, artifact.Metric{Name: "best_epoch", Value: float64(saved.BestEpoch)})
	}
	for _, c := range curves {
		metrics = append(metrics, artifact.Metric{Name: c.Name, Value: c.Value, K: c.Epoch})
	}
	return artifact.WriteFile(cell.Create, artifact.MetricsFile, func(w io.Writer) error {
		return artifact.WriteMetrics(w, metrics)
	})
}
