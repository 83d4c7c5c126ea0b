package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"foil/internal/tables"
	"foil/pipeline"
)

// Strongest is evaluate/strongest.
func Strongest() pipeline.Kind {
	return pipeline.Kind{
		Name:    "evaluate/strongest",
		Version: 1,
		Doc: "Puts attacks on one classifier together: an image stands if it stands all of them. A defence is as good as the " +
			"worst attack on it (Carlini et al. 2019, section 5). Images that some attack was not tried on do not count.",
		Inputs: []pipeline.Port{{Name: "*", Type: tables.TypeMetrics, Doc: "what an attack on images has found"}},
		Output: tables.TypeMetrics,
		Files: []pipeline.FileDoc{
			{Name: tables.MetricsFile, Doc: "accuracy, accuracy_clean, images (how many); breaks, by attack as the group: the share of images that this attack alone breaks"},
			{Name: tables.OutcomesFile, Doc: "for each image the outcome of the attack that did most harm"},
		},
		Light: true,
		Run:   runStrongest,
	}
}

// An attackOutcome is the outcome of a named attack.
type attackOutcome struct {
	attack string
	tables.Outcome
}

// A tried is an image at a checkpoint.
type tried struct {
	checkpoint string
	image      int32
}

func runStrongest(_ context.Context, cell *pipeline.Cell) error {
	names := slices.Sorted(maps.Keys(cell.Inputs))
	found := map[tried][]attackOutcome{}
	var order []tried // of the first attack
	for _, name := range names {
		path, err := cell.Inputs[name].Path(tables.OutcomesFile)
		if err != nil {
			return fmt.Errorf("%s is no attack on images, it has no outcomes of single ones: %w", name, err)
		}
		outcomes, err := tables.ReadOutcomes(path)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, o := range outcomes {
			at := tried{o.Checkpoint, o.Image}
			if before := found[at]; len(before) > 0 && (before[0].Label != o.Label || before[0].Clean != o.Clean) {
				return fmt.Errorf("%s and %s were not of one classifier on one set of images: image %d has label %d and was taken for %d by the one, %d and %d by the other",
					before[0].attack, name, o.Image, before[0].Label, before[0].Clean, o.Label, o.Clean)
			}
			found[at] = append(found[at], attackOutcome{name, o})
			if name == names[0] {
				order = append(order, at)
			}
		}
	}
	order = slices.DeleteFunc(order, func(at tried) bool { return len(found[at]) < len(names) })
	if len(order) == 0 {
		return errors.New("no image was attacked by all of the attacks at one checkpoint")
	}
	return writeStrongest(cell, names, order, found)
}

func writeStrongest(cell *pipeline.Cell, names []string, order []tried, found map[tried][]attackOutcome) error {
	var outcomes []tables.Outcome
	var metrics []tables.Metric
	var checkpoints []string
	for _, at := range order {
		if !slices.Contains(checkpoints, at.checkpoint) {
			checkpoints = append(checkpoints, at.checkpoint)
		}
		outcomes = append(outcomes, harm(found[at]))
	}
	for _, checkpoint := range checkpoints {
		metrics = append(metrics, strongestMetrics(checkpoint, names, order, found)...)
	}
	err := tables.WriteFile(cell.Create, tables.OutcomesFile, func(w io.Writer) error { return tables.WriteOutcomes(w, outcomes) })
	if err != nil {
		return err
	}
	return tables.WriteFile(cell.Create, tables.MetricsFile, func(w io.Writer) error { return tables.WriteMetrics(w, metrics) })
}

// harm is the outcome of the attack that did most of it: a wrong class, then the
// largest loss.
func harm(found []attackOutcome) tables.Outcome {
	worst := found[0].Outcome
	for _, f := range found[1:] {
		switch {
		case f.Stood() != worst.Stood():
			if worst.Stood() {
				worst = f.Outcome
			}
		case f.Loss > worst.Loss:
			worst = f.Outcome
		}
	}
	return worst
}

func strongestMetrics(checkpoint string, names []string, order []tried, found map[tried][]attackOutcome) []tables.Metric {
	var images, clean, stood float64
	alone := map[string]float64{} // broken by this attack only
	for _, at := range order {
		if at.checkpoint != checkpoint {
			continue
		}
		images++
		all := found[at]
		if all[0].Clean != all[0].Label {
			continue
		}
		clean++
		var broke []string
		for _, f := range all {
			if !f.Stood() {
				broke = append(broke, f.attack)
			}
		}
		switch len(broke) {
		case 0:
			stood++
		case 1:
			alone[broke[0]]++
		}
	}
	metrics := []tables.Metric{
		{Name: "accuracy", Value: stood / images},
		{Name: "accuracy_clean", Value: clean / images},
		{Name: "images", Value: images},
	}
	for _, name := range names {
		metrics = append(metrics, tables.Metric{Name: "breaks", Value: alone[name] / images, Group: name})
	}
	for i := range metrics {
		metrics[i].Split, metrics[i].Checkpoint = tables.Test, checkpoint
	}
	return metrics
}
