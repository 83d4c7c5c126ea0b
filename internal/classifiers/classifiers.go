// Package classifiers holds the common parts of the kinds that train, load and attack image
// classifiers: the parameters that name networks, and reading and writing artifacts of type
// "classifier". Such an artifact holds checkpoints. If the classifier was trained against an
// attacker network, the attacker is a separate part of the weights.
package classifiers

import (
	"fmt"

	"github.com/gomlx/compute"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/safetensors"
	"foil/models/backend"
	"foil/models/evaluate"
	"foil/models/l2l"
	"foil/models/nn"
	"foil/pipeline"
)

// AttackerPart is the part of the weights that belongs to the attacker.
const AttackerPart = "attacker"

// Docs documents the files.
func Docs() []pipeline.FileDoc {
	return checkpoints.Docs(checkpoints.PartDoc(AttackerPart, "the attacker's weights, where it is a network,")...)
}

// Config is the config of a classifier in training.json.
type Config struct {
	Network Network        `json:"network"`
	Image   artifact.Shape `json:"image"`
	Classes int            `json:"classes"`
	Method  string         `json:"method"`
	Game    *Game          `json:"attacker,omitempty"`
}

// CopyTensors copies weights into the form of a tensor file.
func CopyTensors(w *nn.Weights) ([]safetensors.Tensor, error) {
	out := make([]safetensors.Tensor, len(w.Params))
	for i, p := range w.Params {
		values, err := backend.Copy(w.Tensors[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		out[i] = safetensors.Tensor{Name: p.Name, Shape: p.Shape, F32: values}
	}
	return out, nil
}

// A Trained is a network with its weights.
type Trained struct {
	Network *nn.Network
	Weights *nn.Weights
}

// EvaluationBatch is the number of images that are evaluated or attacked at once.
const EvaluationBatch = 100

// Evaluator evaluates the classifier on batches of at most the given number of images. Frozen
// weights are faster, but weights that are still being trained must not be frozen.
func (t Trained) Evaluator(b compute.Backend, image artifact.Shape, images int, frozen bool) (*evaluate.Evaluator, error) {
	return evaluate.New(evaluate.Config{
		Network: t.Network, Shape: [3]int{image.Channels, image.Height, image.Width},
		Batch: min(images, EvaluationBatch), Frozen: frozen, Backend: b,
	}, t.Weights)
}

// Saved is a classifier as read from its artifact.
type Saved struct {
	Config

	training *checkpoints.Saved
}

// Read reads the description of the classifier, but not its weights.
func Read(a pipeline.Artifact) (*Saved, error) {
	training, err := checkpoints.Read(a)
	if err != nil {
		return nil, err
	}
	s := &Saved{training: training}
	return s, training.Config(&s.Config)
}

// For checks that data is the artifact of images that the classifier was trained on.
func (s *Saved) For(data pipeline.Artifact) error {
	trained := s.training.Data
	if used := data.Digest(); !trained.IsZero() && trained != used {
		return fmt.Errorf("the classifier was trained on the images %s, but this stage uses the images %s, so test images may be part of the training data",
			trained.Short(), used.Short())
	}
	return nil
}

// Open builds the classifier with the weights of a checkpoint.
func (s *Saved) Open(b compute.Backend, checkpoint string) (t Trained, err error) {
	n, err := s.Network.Build(s.Image, s.Classes)
	if err != nil {
		return t, err
	}
	return s.open(b, n, checkpoint, checkpoints.Model)
}

// OpenAttacker builds the attacker that the classifier was trained against.
func (s *Saved) OpenAttacker(b compute.Backend, checkpoint string) (r l2l.Recipe, t Trained, err error) {
	if s.Game == nil {
		return r, t, fmt.Errorf("the classifier was trained by %s, which leaves no attacker network behind; the methods l2l-* do", s.Method)
	}
	r, n, err := s.Game.Build(s.Image)
	if err != nil {
		return r, t, err
	}
	t, err = s.open(b, n, checkpoint, AttackerPart)
	return r, t, err
}

func (s *Saved) open(b compute.Backend, n *nn.Network, checkpoint, part string) (t Trained, err error) {
	file, err := s.training.Weights(checkpoint, part)
	if err != nil {
		return t, err
	}
	t.Network = n
	if t.Weights, err = LoadWeights(b, n, file); err != nil {
		return t, fmt.Errorf("%s checkpoint: %w", checkpoint, err)
	}
	return t, nil
}
