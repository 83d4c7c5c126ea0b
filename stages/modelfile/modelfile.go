// Package modelfile writes and reads the artifact of type "model": two
// checkpoints, what is needed to build the model that they belong to, and the
// curves of its training.
package modelfile

import (
	"fmt"
	"io"
	"os"

	"github.com/gomlx/compute"

	"foil/internal/artifact"
	"foil/internal/digest"
	"foil/internal/safetensors"
	"foil/models/adversary"
	"foil/models/multvae"
	"foil/pipeline"
)

// MultVAE is the architecture of package models/multvae.
const MultVAE = "multvae"

// Best and Last are the checkpoints of a model.
const (
	Best = "best"
	Last = "last"
)

const configFile = "config.json"

// Docs documents the files.
var Docs = []pipeline.FileDoc{
	{Name: Best + ".safetensors", Doc: "weights of the best validation epoch, names and layouts as in PyTorch"},
	{Name: Last + ".safetensors", Doc: "weights after the last epoch"},
	{Name: configFile, Doc: "architecture, sizes and which epoch was the best"},
	{Name: artifact.CurvesFile, Doc: "losses, validation score and rate of each epoch"},
}

// Config is config.json.
type Config struct {
	Architecture string  `json:"architecture"`
	Items        int     `json:"items"`
	Latent       int     `json:"latent"`
	BestEpoch    int     `json:"best_epoch"`
	LastEpoch    int     `json:"last_epoch"`
	BestScore    float64 `json:"best_score"`
	SelectedBy   string  `json:"selected_by"`

	// Data is the digest of the split that the model was trained on. On another
	// one, users that it is scored on may be users that it has seen.
	Data digest.Digest `json:"data"`
}

// A Model is what a training leaves behind.
type Model struct {
	Config     Config
	Best, Last []adversary.Weight
	Curves     []artifact.Point
}

// Write writes all files of the artifact.
func Write(create func(name string) (*os.File, error), m Model) error {
	for name, weights := range map[string][]adversary.Weight{Best: m.Best, Last: m.Last} {
		err := artifact.WriteFile(create, name+".safetensors", func(w io.Writer) error {
			return safetensors.Write(w, Tensors(weights))
		})
		if err != nil {
			return err
		}
	}
	if err := artifact.WriteJSON(create, configFile, m.Config); err != nil {
		return err
	}
	return artifact.WriteFile(create, artifact.CurvesFile, func(w io.Writer) error {
		return artifact.WriteCurves(w, m.Curves)
	})
}

// Tensors are weights as a file of tensors takes them.
func Tensors(weights []adversary.Weight) []safetensors.Tensor {
	out := make([]safetensors.Tensor, len(weights))
	for i, w := range weights {
		out[i] = safetensors.Tensor{Name: w.Name, Shape: w.Shape, F32: w.Data}
	}
	return out
}

// OpenMultVAE builds the model of an artifact, without adversaries, with the
// weights of a checkpoint. data is the split that it is going to be used on,
// which must be the one that it was trained on.
func OpenMultVAE(b compute.Backend, a, data pipeline.Artifact, checkpoint string) (*multvae.Model, Config, error) {
	config, err := ReadConfig(a)
	if err != nil {
		return nil, config, err
	}
	if used := data.Digest(); used != config.Data {
		return nil, config, fmt.Errorf("the model was trained on another split (%s) than the one it is given here (%s): its test users may be users it was trained on",
			config.Data.Short(), used.Short())
	}
	path, err := a.Path(checkpoint + ".safetensors")
	if err != nil {
		return nil, config, err
	}
	file, err := safetensors.ReadFile(path)
	if err != nil {
		return nil, config, err
	}
	m, err := multvae.Load(b, multvae.Config{Items: config.Items, Latent: config.Latent}, file.Float32)
	if err != nil {
		return nil, config, fmt.Errorf("checkpoint %s: %w", checkpoint, err)
	}
	return m, config, nil
}

// Rows are interactions as the model takes them, by position among the users
// that have any; nothing is copied.
func Rows(r artifact.Rows) multvae.Rows { return multvae.Rows{Offset: r.Offset, Item: r.Item} }

// ReadConfig reads and checks config.json.
func ReadConfig(a pipeline.Artifact) (c Config, err error) {
	if err := artifact.ReadJSON(a.Path, configFile, &c); err != nil {
		return c, err
	}
	if c.Architecture != MultVAE {
		return c, fmt.Errorf("the model is a %q, not a %s", c.Architecture, MultVAE)
	}
	if c.Items < 1 || c.Latent < 1 {
		return c, fmt.Errorf("%s: %d items and %d latent dimensions make no model", configFile, c.Items, c.Latent)
	}
	return c, nil
}
