// Package latents writes and reads the artifact of type "latents": the latent vectors of the users
// of a split, encoded by the checkpoints of a recommender. They are computed once and read by all
// attacks and evaluations.
package latents

import (
	"errors"
	"fmt"
	"io"
	"math"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/digest"
	"foil/internal/safetensors"
	"foil/pipeline"
)

const configFile = "latents.json"

// Docs documents the files.
var Docs = []pipeline.FileDoc{
	{Name: checkpoints.Best + ".safetensors", Doc: "latent vectors of the best validation epoch: train, validation and test, each [users, width], with " +
		"train.user, validation.user and test.user, rows of users.arrow. Training users are encoded by all their items, unless match_lengths says otherwise, and the others by their input items"},
	{Name: checkpoints.Last + ".safetensors", Doc: "the same after the last epoch"},
	{Name: configFile, Doc: "width of the vectors, the digest of the split whose users they are, and that of the model that encoded them. " +
		"match_lengths: the share of the training users' items that they are encoded by, if it is not all, and the seed of the choice. " +
		"erased lists what was removed from them afterwards: the kind, the attributes, the digest of the latent vectors before, " +
		"and the number of dimensions removed from each checkpoint"},
}

// Config is latents.json.
type Config struct {
	Width int           `json:"width"`
	Data  digest.Digest `json:"data"`           // of the split
	Model digest.Digest `json:"model,omitzero"` // the model that encoded them; zero for vectors of a program that had none

	// Matched tells from which of their items the training users were encoded. Nil: all.
	Matched *Matching `json:"match_lengths,omitempty"`

	// Erased is what was removed from the vectors after they were encoded, in this order.
	Erased []Erasure `json:"erased,omitempty"`
}

// A Matching is a random choice of the items of training users: as large a share as that of the items
// of test users that recommenders get.
type Matching struct {
	Share float64 `json:"share"`
	Seed  uint64  `json:"seed"` // of the choice
}

// An Erasure is the removal of attributes from latent vectors.
type Erasure struct {
	By         string         `json:"by"` // the kind
	Attributes []string       `json:"attributes"`
	Latents    digest.Digest  `json:"latents"` // the vectors before
	Rank       map[string]int `json:"rank"`    // dimensions removed, by checkpoint
}

// Latents are the vectors of one checkpoint.
type Latents struct {
	Config
	Train, Validation, Test Part
}

// A Part is the vectors of some users.
type Part struct {
	User []int32   // rows of the users' table, ascending
	Z    []float32 // [len(User), width]
}

func (l *Latents) parts() map[string]*Part {
	return map[string]*Part{artifact.Train: &l.Train, artifact.Validation: &l.Validation, artifact.Test: &l.Test}
}

// Of returns the vectors of the users of a part: artifact.Train, Validation or Test.
func (l *Latents) Of(part string) *Part { return l.parts()[part] }

func userTensor(part string) string { return part + ".user" }

// Write writes the artifact; latents are by checkpoint.
func Write(create artifact.CreateFunc, c Config, latents map[string]*Latents) error {
	for checkpoint, l := range latents {
		if err := l.check(c.Width); err != nil {
			return fmt.Errorf("checkpoint %s: %w", checkpoint, err)
		}
		var tensors []safetensors.Tensor
		for name, p := range l.parts() {
			tensors = append(tensors,
				safetensors.Tensor{Name: name, Shape: []int{len(p.User), c.Width}, F32: p.Z},
				safetensors.Tensor{Name: userTensor(name), Shape: []int{len(p.User)}, I32: append([]int32{}, p.User...)})
		}
		err := artifact.WriteFile(create, checkpoint+".safetensors", func(w io.Writer) error { return safetensors.Write(w, tensors) })
		if err != nil {
			return err
		}
	}
	return artifact.WriteJSON(create, configFile, c)
}

// Open reads the vectors of a checkpoint. data is the split of the stage that uses them, which
// must be the split whose users were encoded.
func Open(a, data pipeline.Artifact, checkpoint string) (*Latents, error) {
	c, err := readConfig(a)
	if err != nil {
		return nil, err
	}
	if used := data.Digest(); used != c.Data {
		return nil, fmt.Errorf("the latent vectors belong to the split %s, but this stage uses the split %s; use the same split for both",
			c.Data.Short(), used.Short())
	}
	file, err := openTensors(a, checkpoint)
	if err != nil {
		return nil, err
	}
	l := &Latents{Config: c}
	for name, p := range l.parts() {
		if *p, err = readPart(file, name, c.Width); err != nil {
			return nil, fmt.Errorf("checkpoint %s: %w", checkpoint, err)
		}
	}
	if err := l.check(c.Width); err != nil {
		return nil, fmt.Errorf("checkpoint %s: %w", checkpoint, err)
	}
	return l, nil
}

// OfModel checks that a model is the one that encoded the vectors: the decoder of another model
// cannot use them.
func (l *Latents) OfModel(model pipeline.Artifact) error {
	if l.Model.IsZero() {
		return errors.New("a program made the latent vectors without a model of foil, so no model can decode them; leave out the input latents, " +
			"or give the program the model as an input, if the vectors are the model's")
	}
	if used := model.Digest(); used != l.Model {
		return fmt.Errorf("the latent vectors belong to the model %s, but this stage uses the model %s; use the same model for both", l.Model.Short(), used.Short())
	}
	return nil
}

// check refuses vectors of a wrong size, and values that are not finite.
func (l *Latents) check(width int) error {
	for name, p := range l.parts() {
		if len(p.Z) != len(p.User)*width {
			return fmt.Errorf("%d values do not make vectors of width %d for %d %s users", len(p.Z), width, len(p.User), name)
		}
		for i, v := range p.Z {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("the latent vector of %s user %d holds %g: the model has diverged", name, p.User[i/width], v)
			}
		}
	}
	return nil
}

func readConfig(a pipeline.Artifact) (c Config, err error) {
	if err := artifact.ReadJSON(a.Path, configFile, &c); err != nil {
		return c, err
	}
	if c.Width < 1 {
		return c, fmt.Errorf("%s: the width is %d; it must be at least 1", configFile, c.Width)
	}
	return c, nil
}

func readPart(file safetensors.File, name string, width int) (Part, error) {
	user := file[userTensor(name)].I32
	if user == nil {
		return Part{}, fmt.Errorf("the file has no list of users %q", userTensor(name))
	}
	z, err := file.Float32(name, []int{len(user), width})
	return Part{User: user, Z: z}, err
}
