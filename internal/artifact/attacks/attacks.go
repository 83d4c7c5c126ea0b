// Package attacks writes and reads the result of an attack on an image classifier. It is an
// artifact of type "metrics" that also has the outcome for every image, and the digests of the
// classifier and the images, so that only results that belong together are compared.
package attacks

import (
	"fmt"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/pipeline"
)

const attackFile = "attack.json"

// Docs documents the files; metrics documents the metrics.
func Docs(metrics string) []pipeline.FileDoc {
	return []pipeline.FileDoc{
		{Name: artifact.MetricsFile, Doc: metrics},
		{Name: artifact.OutcomesFile, Doc: "for each split, checkpoint and image: label, clean and attacked " +
			"(the predicted class before and after the attack), change (the largest change of a pixel), loss (after the attack), " +
			"and a column for each metric that is a mean over images"},
		{Name: attackFile, Doc: "epsilon, and the digests of the classifier and of the images"},
	}
}

// An Attack is the content of attack.json: the attacked classifier and images, and epsilon.
type Attack struct {
	Epsilon float64       `json:"epsilon"`
	Model   digest.Digest `json:"model"` // the classifier
	Data    digest.Digest `json:"data"`  // the images
}

// Beside returns an error if the results of two attacks cannot be combined, with the reason.
func (a Attack) Beside(other Attack) error {
	switch {
	case a.Model != other.Model:
		return fmt.Errorf("the first attacked classifier %s, the second %s", a.Model.Short(), other.Model.Short())
	case a.Data != other.Data:
		return fmt.Errorf("the first attacked images of %s, the second images of %s", a.Data.Short(), other.Data.Short())
	case a.Epsilon != other.Epsilon:
		return fmt.Errorf("the first had epsilon %g, the second %g", a.Epsilon, other.Epsilon)
	}
	return nil
}

// A Result is the content of the artifact.
type Result struct {
	Attack   Attack
	Metrics  []artifact.Metric
	Outcomes artifact.Outcomes
}

// Add adds the outcomes of one checkpoint, in the order of the images, and more columns of numbers
// about the same images.
func (r *Result) Add(outcomes []Outcome, more ...artifact.OutcomeSeries) error {
	o := artifact.Outcomes{Unit: artifact.UnitImage}
	if len(outcomes) > 0 {
		o.Parts = []artifact.OutcomePart{{Split: artifact.Test, Checkpoint: outcomes[0].Checkpoint, Rows: len(outcomes)}}
	}
	for _, c := range verdict {
		s := artifact.OutcomeSeries{Name: c.name}
		for _, o := range outcomes {
			s.Values = append(s.Values, c.of(o))
		}
		o.Series = append(o.Series, s)
	}
	for _, out := range outcomes {
		o.Units = append(o.Units, out.Image)
	}
	o.Series = append(o.Series, more...)
	return r.Outcomes.Append(&o)
}

// Write writes all files.
func Write(create artifact.CreateFunc, r Result) error {
	if err := artifact.WriteJSON(create, attackFile, r.Attack); err != nil {
		return err
	}
	return artifact.WriteEvaluation(create, r.Metrics, &r.Outcomes)
}

// Read reads attack.json and the outcome of each image.
func Read(a pipeline.Artifact) (attack Attack, outcomes []Outcome, err error) {
	if !a.Has(attackFile) || !a.Has(artifact.OutcomesFile) {
		return attack, nil, fmt.Errorf("it has no %s and %s, so it is not the result of an attack on images", attackFile, artifact.OutcomesFile)
	}
	if err := artifact.ReadJSON(a.Path, attackFile, &attack); err != nil {
		return attack, nil, err
	}
	path, err := a.Path(artifact.OutcomesFile)
	if err != nil {
		return attack, nil, err
	}
	o, err := artifact.ReadOutcomes(path)
	if err == nil {
		outcomes, err = verdicts(o)
	}
	if err != nil {
		return attack, nil, fmt.Errorf("%s: %w", artifact.OutcomesFile, err)
	}
	return attack, outcomes, nil
}
