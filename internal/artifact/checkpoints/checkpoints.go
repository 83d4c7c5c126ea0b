// Package checkpoints writes and reads the artifact of every training, of a recommender or of a
// classifier. It holds the weights at the checkpoints, training.json, which describes the training
// and names the kind that opens the weights, and the curves of the epochs.
package checkpoints

import (
	"encoding/json"
	"fmt"
	"io"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/internal/safetensors"
	"foil/pipeline"
)

// Best and Last are the checkpoints. A model without a selection among epochs, such as a model in
// closed form, has only the last checkpoint, which then is also the best.
const (
	Best = "best"
	Last = "last"
)

// Model is the part of the weights that is the model itself. A network that was trained with it,
// such as an attacker, is another part in a separate file.
const Model = ""

const trainingFile = "training.json"

// Docs documents the files. A kind with further parts adds their documentation.
func Docs(more ...pipeline.FileDoc) []pipeline.FileDoc {
	return append([]pipeline.FileDoc{
		{Name: fileOf(Best, Model), Doc: "weights of the best epoch; without epochs to select from there is only the last"},
		{Name: fileOf(Last, Model), Doc: "weights after the last epoch"},
		{Name: trainingFile, Doc: "the kind that opens the weights, what selected the best epoch, the digest of the data, and the kind's own settings"},
		{Name: artifact.CurvesFile, Doc: "losses, scores and rate of each epoch"},
	}, more...)
}

// PartDoc documents the files of a part besides the model, one for each checkpoint.
func PartDoc(part, doc string) []pipeline.FileDoc {
	return []pipeline.FileDoc{
		{Name: fileOf(Best, part), Doc: doc + " at the best epoch"},
		{Name: fileOf(Last, part), Doc: doc + " after the last epoch"},
	}
}

func fileOf(checkpoint, part string) string {
	if part != Model {
		checkpoint += "-" + part
	}
	return checkpoint + ".safetensors"
}

// A Training is the part of training.json that is common to all kinds.
type Training struct {
	// The kind that made the artifact. Its Open reads the weights. The version makes the content
	// of the artifact another one when the kind changes, so that evaluations run again.
	pipeline.KindVersion

	// Data is the digest of the training data. On a different split, test users may be part of the
	// training data. It is zero for weights that foil did not train.
	Data digest.Digest `json:"data,omitzero"`

	BestEpoch  int     `json:"best_epoch,omitempty"`
	LastEpoch  int     `json:"last_epoch,omitempty"` // 0: there were no epochs
	BestScore  float64 `json:"best_score,omitempty"`
	SelectedBy string  `json:"selected_by,omitempty"` // the name of BestScore

	// Figures are other numbers that describe the training, by name. evaluate/training makes
	// them metrics.
	Figures map[string]float64 `json:"figures,omitempty"`
}

// Weights are the tensors at one checkpoint, by part.
type Weights map[string][]safetensors.Tensor

// A Result is the result of a training.
type Result struct {
	Training   Training
	Config     any     // the kind's own settings, written as JSON
	Best, Last Weights // Best is nil without a selection among epochs
	Curves     []artifact.Point
}

// Write writes all files of the artifact.
func Write(create artifact.CreateFunc, r Result) error {
	for checkpoint, weights := range map[string]Weights{Best: r.Best, Last: r.Last} {
		for part, tensors := range weights {
			err := artifact.WriteFile(create, fileOf(checkpoint, part), func(w io.Writer) error {
				return safetensors.Write(w, tensors)
			})
			if err != nil {
				return err
			}
		}
	}
	content := struct {
		Training
		Config any `json:"config,omitempty"`
	}{r.Training, r.Config}
	if err := artifact.WriteJSON(create, trainingFile, content); err != nil {
		return err
	}
	return artifact.WriteFile(create, artifact.CurvesFile, func(w io.Writer) error {
		return artifact.WriteCurves(w, r.Curves)
	})
}

// Saved is a training as read from its artifact. Weights and curves are read on demand.
type Saved struct {
	Training

	config   json.RawMessage
	artifact pipeline.Artifact
}

// IsArtifact says whether an artifact is that of a training.
func IsArtifact(a pipeline.Artifact) bool { return a.Has(trainingFile) }

// Read reads training.json.
func Read(a pipeline.Artifact) (*Saved, error) {
	var content struct {
		Training
		Config json.RawMessage `json:"config"`
	}
	if err := artifact.ReadJSON(a.Path, trainingFile, &content); err != nil {
		return nil, err
	}
	return &Saved{Training: content.Training, config: content.Config, artifact: a}, nil
}

// Config reads the kind's own settings into a pointer.
func (s *Saved) Config(into any) error {
	if err := json.Unmarshal(s.config, into); err != nil {
		return fmt.Errorf("%s: the config of %s: %w", trainingFile, s.Kind, err)
	}
	return nil
}

// Weights reads a part of a checkpoint.
func (s *Saved) Weights(checkpoint, part string) (safetensors.File, error) {
	if checkpoint == Best && !s.artifact.Has(fileOf(Best, Model)) {
		checkpoint = Last
	}
	path, err := s.artifact.Path(fileOf(checkpoint, part))
	if err != nil {
		return nil, fmt.Errorf("no %s checkpoint: %w", checkpoint, err)
	}
	return safetensors.ReadFile(path)
}

// Curves reads the curves.
func (s *Saved) Curves() ([]artifact.Point, error) {
	path, err := s.artifact.Path(artifact.CurvesFile)
	if err != nil {
		return nil, err
	}
	return artifact.ReadCurves(path)
}
