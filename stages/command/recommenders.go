package command

import (
	"context"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/artifact/itemscores"
	"foil/internal/artifact/latents"
	"foil/internal/dense"
	"foil/internal/digest"
	"foil/internal/npy"
	"foil/internal/safetensors"
	"foil/pipeline"
)

// modelFile describes weights. Its content becomes part of training.json.
const modelFile = "model.json"

// takeLatents takes the latent vectors of the users of a split.
func takeLatents(a *arrival) error {
	config := latents.Config{Data: a.data.Digest()}
	if err := a.model(&config); err != nil {
		return err
	}
	names := slices.Clone(a.form)
	if names[0] == lastWeights && a.has(bestWeights) {
		names = append(names, bestWeights)
	}
	width, found, err := latents.FromProgram(a.path, names, a.split)
	if err != nil {
		return fmt.Errorf("%s/%w", outDir, err)
	}
	config.Width = width
	if err := a.remove(names...); err != nil {
		return err
	}
	return latents.Write(a.create, config, found)
}

// model sets the model that a program may have used: that of an input with latent vectors, or an
// input that is a recommender.
func (a *arrival) model(c *latents.Config) error {
	var models []digest.Digest
	for _, in := range a.cell.Inputs {
		switch {
		case latents.IsArtifact(in):
			given, err := latents.ConfigOf(in)
			if err != nil {
				return err
			}
			if given.Data == c.Data {
				c.Matched, c.Erased = given.Matched, given.Erased
				models = append(models, given.Model)
			}
		case checkpoints.IsArtifact(in):
			models = append(models, in.Digest())
		}
	}
	slices.SortFunc(models, func(x, y digest.Digest) int { return strings.Compare(x.String(), y.String()) })
	if models = slices.Compact(models); len(models) == 1 {
		c.Model = models[0]
	}
	return nil
}

// takeScores takes the scores of items for the users of a split.
func takeScores(a *arrival) error {
	s, err := itemscores.FromProgram(a.path, a.form[0], a.split, a.data.Digest())
	if err != nil {
		return of(a.form[0], err)
	}
	if err := a.remove(a.form[0]); err != nil {
		return err
	}
	return s.Write(a.create)
}

// recommenderConfig is the config of a recommender in training.json.
type recommenderConfig struct {
	Items int               `json:"items"`
	Model dense.Description `json:"model"`
}

// takeRecommender takes the weights of a recommender that foil can run.
func takeRecommender(a *arrival) error {
	raw, err := artifact.ReadRaw(filepath.Join(a.dir, modelFile))
	if err != nil {
		return of(modelFile, err)
	}
	d, err := dense.ParseDescription(raw)
	if err != nil {
		return of(modelFile, err)
	}
	config := recommenderConfig{Items: a.split.Items.Len(), Model: d}
	for _, name := range a.weights() {
		file, err := readWeights(a, name)
		if err != nil {
			return err
		}
		if _, err := dense.New(d, file, config.Items); err != nil {
			return of(name, err)
		}
		if err := a.keepWeights(name, file); err != nil {
			return err
		}
		var unused []string
		for tensor := range file {
			if !slices.Contains(d.Tensors(), tensor) {
				unused = append(unused, tensor)
			}
		}
		if slices.Sort(unused); len(unused) > 0 {
			a.cell.Note("the layers of %s do not use %d tensors of %s: %s", shown(modelFile), len(unused), shown(name), strings.Join(unused, ", "))
		}
	}
	return a.describe(config)
}

// weights lists the files of weights that the program wrote.
func (a *arrival) weights() (names []string) {
	extension := filepath.Ext(a.form[0])
	for _, checkpoint := range []string{checkpoints.Best, checkpoints.Last} {
		if a.has(checkpoint + extension) {
			names = append(names, checkpoint+extension)
		}
	}
	return names
}

// readWeights reads tensors, or arrays of NumPy. The tensors of arrays are F32.
func readWeights(a *arrival, name string) (safetensors.File, error) {
	raw, err := artifact.ReadRaw(filepath.Join(a.dir, name))
	if err != nil {
		return nil, of(name, err)
	}
	if filepath.Ext(name) == ".safetensors" {
		file, err := safetensors.Parse(raw)
		return file, of(name, err)
	}
	arrays, err := npy.ParseZip(raw)
	if err != nil {
		return nil, of(name, err)
	}
	file := safetensors.File{}
	for tensor, array := range arrays {
		file[tensor] = safetensors.Tensor{Name: tensor, Shape: array.Shape, F32: array.Float32s()}
	}
	return file, nil
}

// keepWeights writes the tensors of arrays in foil's form. Files of tensors stay as they are.
func (a *arrival) keepWeights(name string, file safetensors.File) error {
	checkpoint, isArrays := strings.CutSuffix(name, ".npz")
	if !isArrays {
		return nil
	}
	err := artifact.WriteFile(a.create, checkpoint+".safetensors", func(w io.Writer) error {
		return safetensors.Write(w, slices.Collect(maps.Values(file)))
	})
	if err != nil {
		return err
	}
	return a.remove(name)
}

// describe writes training.json in the place of model.json.
func (a *arrival) describe(config any) error {
	if err := a.remove(modelFile); err != nil {
		return err
	}
	return checkpoints.Write(a.create, checkpoints.Result{
		Training: checkpoints.Training{KindVersion: a.cell.By, Data: a.data.Digest()},
		Config:   config,
	})
}

// open opens a recommender of a program.
func open(_ context.Context, _ *pipeline.Cell, a pipeline.Artifact, checkpoint string) (any, error) {
	saved, err := checkpoints.Read(a)
	if err != nil {
		return nil, err
	}
	var c recommenderConfig
	if err := saved.Config(&c); err != nil {
		return nil, err
	}
	file, err := saved.Weights(checkpoint, checkpoints.Model)
	if err != nil {
		return nil, err
	}
	return dense.New(c.Model, file, c.Items)
}
