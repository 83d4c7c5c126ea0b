package evaluate

import (
	"context"
	"io"

	"foil/internal/artifact"
	"foil/pipeline"
	"foil/stages/classifierfile"
)

// Training is evaluate/training.
func Training() pipeline.Kind {
	return pipeline.Kind{
		Name:    "evaluate/training",
		Version: 1,
		Doc: "Tells how the training of a classifier went, as metrics: every curve, its epoch as k, and how often a batch " +
			"passed the networks in a step (Jiang et al. 2021, section 4, compares methods by these).",
		Inputs: []pipeline.Port{{Name: "model", Type: artifact.TypeClassifier, Doc: "the classifier"}},
		Output: artifact.TypeMetrics,
		Files: []pipeline.FileDoc{{Name: artifact.MetricsFile, Doc: "the curves (rate, train/..., selection/...); forward and backward passes of the classifier and the " +
			"attacker a step; best_epoch"}},
		Light: true,
		Run:   runTraining,
	}
}

func runTraining(_ context.Context, cell *pipeline.Cell) error {
	model := cell.Inputs["model"]
	config, err := classifierfile.ReadConfig(model)
	if err != nil {
		return err
	}
	path, err := model.Path(artifact.CurvesFile)
	if err != nil {
		return err
	}
	curves, err := artifact.ReadCurves(path)
	if err != nil {
		return err
	}
	p := config.Passes
	metrics := []artifact.Metric{
		{Name: "forward", Value: float64(p.Forward)},
		{Name: "backward", Value: float64(p.Backward)},
		{Name: "attacker_forward", Value: float64(p.AttackerForward)},
		{Name: "attacker_backward", Value: float64(p.AttackerBackward)},
		{Name: "best_epoch", Value: float64(config.BestEpoch)},
	}
	for _, c := range curves {
		metrics = append(metrics, artifact.Metric{Name: c.Name, Value: c.Value, K: c.Epoch})
	}
	return artifact.WriteFile(cell.Create, artifact.MetricsFile, func(w io.Writer) error {
		return artifact.WriteMetrics(w, metrics)
	})
}
