// Package attacks writes and reads what an attack on an image classifier has found:
// metrics, as an artifact of that type has them, with the outcome for every image and
// what the attack was on, so that only results that belong together are compared.
package attacks

import (
	"fmt"
	"io"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/pipeline"
)

const attackFile = "attack.json"

// Docs documents the files, given what the metrics are.
func Docs(metrics string) []pipeline.FileDoc {
	return []pipeline.FileDoc{
		{Name: artifact.MetricsFile, Doc: metrics},
		{Name: artifact.OutcomesFile, Doc: "for each image its row number, label, what it is taken for before and after, largest change of a pixel, loss after"},
		{Name: attackFile, Doc: "epsilon, and the digests of the classifier and of the images"},
	}
}

// An Attack is attack.json: what was attacked, and how hard.
type Attack struct {
	Epsilon float64       `json:"epsilon"`
	Model   digest.Digest `json:"model"` // the classifier
	Data    digest.Digest `json:"data"`  // the images
}

// Beside says why the results of two attacks cannot be put together, if they cannot.
func (a Attack) Beside(other Attack) error {
	switch {
	case a.Model != other.Model:
		return fmt.Errorf("the one attacked classifier %s, the other %s", a.Model.Short(), other.Model.Short())
	case a.Data != other.Data:
		return fmt.Errorf("the one attacked images of %s, the other of %s", a.Data.Short(), other.Data.Short())
	case a.Epsilon != other.Epsilon:
		return fmt.Errorf("the one had epsilon %g, the other %g", a.Epsilon, other.Epsilon)
	}
	return nil
}

// A Result is the content of the artifact.
type Result struct {
	Attack   Attack
	Metrics  []artifact.Metric
	Outcomes []artifact.Outcome // by checkpoint, in the order of the images
}

// Write writes all files.
func Write(create artifact.CreateFunc, r Result) error {
	if err := artifact.WriteJSON(create, attackFile, r.Attack); err != nil {
		return err
	}
	err := artifact.WriteFile(create, artifact.MetricsFile, func(w io.Writer) error { return artifact.WriteMetrics(w, r.Metrics) })
	if err != nil {
		return err
	}
	return artifact.WriteFile(create, artifact.OutcomesFile, func(w io.Writer) error { return artifact.WriteOutcomes(w, r.Outcomes) })
}

// Read reads what was attacked and what became of it.
func Read(a pipeline.Artifact) (attack Attack, outcomes []artifact.Outcome, err error) {
	if !a.Has(attackFile) || !a.Has(artifact.OutcomesFile) {
		return attack, nil, fmt.Errorf("it has no %s and %s, so it is no attack on images", attackFile, artifact.OutcomesFile)
	}
	if err := artifact.ReadJSON(a.Path, attackFile, &attack); err != nil {
		return attack, nil, err
	}
	path, err := a.Path(artifact.OutcomesFile)
	if err != nil {
		return attack, nil, err
	}
	outcomes, err = artifact.ReadOutcomes(path)
	return attack, outcomes, err
}

// Worse says whether an outcome harms the classifier more than another one of the
// same image: the classifier is wrong where it was right, and of two of which it is right
// in both or neither it has the larger loss.
func Worse(a, than artifact.Outcome) bool {
	if a.Right() != than.Right() {
		return than.Right()
	}
	return a.Loss > than.Loss
}
