package evaluate

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/pipeline"
)

// Training is evaluate/training.
func Training() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    "evaluate/training",
		Version: 3, // 3: notes
		Doc: "Turns the history of a training into metrics for tables and figures. " +
			"These are all curves, with the epoch as k, and numbers such as the network passes per step " +
			"(Jiang et al. 2021, section 4, compare methods by them).",
		Inputs: []pipeline.Port{{
			Name: "model", Type: artifact.TypeRecommender, Or: []pipeline.Type{artifact.TypeClassifier},
			Doc: "the recommender or classifier",
		}},
		Output: artifact.TypeMetrics,
		Files: []pipeline.FileDoc{{Name: artifact.MetricsFile, Doc: "best_epoch; " +
			"the curves rate, train/..., validation/... (recommenders) and selection/... (classifiers); " +
			"the passes per step forward, backward, attacker_forward and attacker_backward (classifiers)"},
			{Name: artifact.NotesFile, Doc: "what captions of tables and figures must tell: that attackers saw gradients of zero (train/flat_gradients)"}},
		Light: true,
	}, pipeline.NoParams, pipeline.Work[pipeline.None]{Facts: trainingFacts, Run: runTraining})
}

// trainingFacts lists the names of the metrics. Their number of epochs is not known.
func trainingFacts(_ *pipeline.None, needs map[string]*pipeline.Facts) *pipeline.Facts {
	model := needs["model"]
	if model == nil || model.Curves == nil {
		return nil
	}
	f := &pipeline.Facts{}
	for _, name := range append([]string{"best_epoch"}, model.Curves...) {
		f.Metrics = append(f.Metrics, pipeline.Metric{Name: name, Open: true})
	}
	return f
}

// flatGradients begins the names of the curves that count gradients of zero, see train/classifier.
const flatGradients = "train/flat_gradients/"

const flatNote = "In some batches of some trainings, the gradient that the attacker saw was zero in every value. " +
	"It stayed zero there, where the published scripts divide it by its largest value. train/flat_gradients counts these batches."

func runTraining(_ context.Context, cell *pipeline.Cell, _ *pipeline.None) error {
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
	note := ""
	for _, c := range curves {
		metrics = append(metrics, artifact.Metric{Name: c.Name, Value: c.Value, K: c.Epoch})
		if strings.HasPrefix(c.Name, flatGradients) && c.Value > 0 {
			note = flatNote
		}
	}
	if err := artifact.WriteNotes(cell.Create, note); err != nil {
		return err
	}
	return artifact.WriteFile(cell.Create, artifact.MetricsFile, func(w io.Writer) error {
		return artifact.WriteMetrics(w, metrics)
	})
}
