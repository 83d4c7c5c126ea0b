// Package classifierfile writes and reads the artifact of type "classifier": an
// image classifier at two moments of its training, what is needed to build it, the
// curves of the training, and the attacker that it was trained against if that was a
// network.
package classifierfile

import (
	"fmt"
	"io"

	"github.com/gomlx/compute"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/internal/safetensors"
	"foil/models/backend"
	"foil/models/l2l"
	"foil/models/nn"
	"foil/pipeline"
)

// Best and Last are the checkpoints.
const (
	Best = "best"
	Last = "last"
)

const configFile = "config.json"

// Docs documents the files.
var Docs = []pipeline.FileDoc{
	{Name: Best + ".safetensors", Doc: "weights of the epoch with the best selection score, names and layouts as in the authors' PyTorch code"},
	{Name: Last + ".safetensors", Doc: "weights after the last epoch"},
	{Name: Best + "-attacker.safetensors", Doc: "the attacker's weights at the best epoch, where it is a network"},
	{Name: Last + "-attacker.safetensors", Doc: "the attacker's weights after the last epoch, likewise"},
	{Name: configFile, Doc: "networks, sizes, method, which epoch was the best, and passes through the network"},
	{Name: artifact.CurvesFile, Doc: "losses, accuracies and rate of each epoch"},
}

// Config is config.json.
type Config struct {
	Network Network        `json:"network"`
	Image   artifact.Shape `json:"image"`
	Classes int            `json:"classes"`
	Method  string         `json:"method"`
	Game    *Game          `json:"attacker,omitempty"`

	Passes Passes `json:"passes_per_step,omitzero"`

	BestEpoch  int     `json:"best_epoch,omitempty"`
	LastEpoch  int     `json:"last_epoch,omitempty"`
	BestScore  float64 `json:"best_score,omitempty"`
	SelectedBy string  `json:"selected_by,omitempty"`

	// Data is the digest of the images that it was trained on. On others, test images
	// may be ones that it has seen. Empty for weights from elsewhere.
	Data digest.Digest `json:"data,omitzero"`
}

// Passes counts how often a batch goes through classifier and attacker, forward and
// backward, in one step of a training.
type Passes struct {
	Forward          int `json:"forward"`
	Backward         int `json:"backward"`
	AttackerForward  int `json:"attacker_forward"`
	AttackerBackward int `json:"attacker_backward"`
}

// Tensors are the weights of the networks at one checkpoint.
type Tensors struct {
	Classifier, Attacker []safetensors.Tensor // Attacker: nil where there is none
}

// A Classifier is what a training leaves behind.
type Classifier struct {
	Config     Config
	Best, Last Tensors
	Curves     []artifact.Point
}

// Write writes all files of the artifact.
func Write(create artifact.CreateFunc, c Classifier) error {
	for _, checkpoint := range []struct {
		name string
		Tensors
	}{{Best, c.Best}, {Last, c.Last}} {
		if err := write(create, checkpoint.name, checkpoint.Classifier); err != nil {
			return err
		}
		if checkpoint.Attacker != nil {
			if err := write(create, checkpoint.name+"-attacker", checkpoint.Attacker); err != nil {
				return err
			}
		}
	}
	if err := artifact.WriteJSON(create, configFile, c.Config); err != nil {
		return err
	}
	return artifact.WriteFile(create, artifact.CurvesFile, func(w io.Writer) error {
		return artifact.WriteCurves(w, c.Curves)
	})
}

func write(create artifact.CreateFunc, name string, tensors []safetensors.Tensor) error {
	return artifact.WriteFile(create, name+".safetensors", func(w io.Writer) error {
		return safetensors.Write(w, tensors)
	})
}

// CopyTensors copies weights as a file of tensors takes them.
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

// EvaluationBatch is how many images are judged or attacked at once.
const EvaluationBatch = 100

// Evaluator asks the classifier about so many images of a shape, or fewer. Its weights
// may be frozen, which is faster, or still learn.
func (t Trained) Evaluator(b compute.Backend, image artifact.Shape, images int, frozen bool) (*nn.Evaluator, error) {
	return nn.NewEvaluator(nn.EvaluatorConfig{
		Network: t.Network, Shape: [3]int{image.Channels, image.Height, image.Width},
		Batch: min(images, EvaluationBatch), Frozen: frozen, Backend: b,
	}, t.Weights)
}

// ReadConfig reads config.json.
func ReadConfig(a pipeline.Artifact) (c Config, err error) {
	err = artifact.ReadJSON(a.Path, configFile, &c)
	return c, err
}

// For checks that the classifier may be judged on the images of data: those that it
// was trained on.
func (c Config) For(data pipeline.Artifact) error {
	if used := data.Digest(); !c.Data.IsZero() && c.Data != used {
		return fmt.Errorf("the classifier was trained on other images (%s) than those it is given here (%s): its test images may be ones that it was trained on",
			c.Data.Short(), used.Short())
	}
	return nil
}

// Open builds the classifier of an artifact with the weights of a checkpoint.
func Open(b compute.Backend, a pipeline.Artifact, c Config, checkpoint string) (t Trained, err error) {
	n, err := c.Network.Build(c.Image, c.Classes)
	if err != nil {
		return t, err
	}
	return open(b, a, n, checkpoint)
}

// OpenAttacker builds the attacker that the classifier of an artifact was trained
// against, and the recipe of its game.
func OpenAttacker(b compute.Backend, a pipeline.Artifact, c Config, checkpoint string) (r l2l.Recipe, t Trained, err error) {
	if c.Game == nil {
		return r, t, fmt.Errorf("the classifier was trained by %s, which leaves no attacker network behind; the methods l2l-* do", c.Method)
	}
	r, n, err := c.Game.Build(c.Image)
	if err != nil {
		return r, t, err
	}
	t, err = open(b, a, n, checkpoint+"-attacker")
	return r, t, err
}

func open(b compute.Backend, a pipeline.Artifact, n *nn.Network, name string) (t Trained, err error) {
	path, err := a.Path(name + ".safetensors")
	if err != nil {
		return t, err
	}
	file, err := safetensors.ReadFile(path)
	if err != nil {
		return t, err
	}
	t.Network = n
	if t.Weights, err = LoadWeights(b, n, file); err != nil {
		return t, fmt.Errorf("%s: %w", name+".safetensors", err)
	}
	return t, nil
}
