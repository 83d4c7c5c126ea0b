// Package ease is the kind train/ease: a linear item-to-item model with a solution in closed
// form (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019).
package ease

import (
	"context"
	"errors"
	"fmt"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/safetensors"
	"foil/models/backend"
	"foil/pipeline"
	"foil/spec"
)

const name = "train/ease"

// Params are the parameters of train/ease.
type Params struct {
	Lambda float64 `yaml:"lambda" above:"0"`
}

var params = &spec.Params[Params]{
	Defaults: func() Params { return Params{Lambda: 500} },
	Docs: spec.Docs{
		"lambda": "L2 regularisation of the item-item weights. Steck (2019) used 200 to 1,000 on data of 20,000 to 40,000 items.",
	},
}

// Kind is train/ease.
func Kind() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    name,
		Version: 1,
		Doc: "Computes EASE, a linear recommender whose item-item weights have a closed form (Steck 2019). " +
			"Time grows with the cube of the number of items, memory with its square.",
		Inputs: []pipeline.Port{{Name: "data", Type: artifact.TypeSplit, Doc: "training users"}},
		Output: artifact.TypeRecommender,
		Files:  checkpoints.Docs(),
		Cost:   pipeline.Cost{Times: []string{"data/items.arrow", "data/items.arrow", "data/items.arrow"}},
		Open:   open,

		Libraries: []string{backend.Module("gonum.org/v1/gonum")},
	}, params, pipeline.Work[Params]{Run: run})
}

// config is what the weights need to become a model again.
type config struct {
	Items int `json:"items"`
}

const weightsTensor = "weights"

func run(ctx context.Context, cell *pipeline.Cell, p *Params) error {
	data := cell.Inputs["data"]
	split, err := artifact.ReadSplit(data.Path)
	if err != nil {
		return err
	}
	rows := artifact.NewRows(split.Train)
	if rows.Len() == 0 {
		return errors.New("the split has no training users")
	}
	items := split.Items.Len()
	weights, err := fit(ctx, rows, items, p.Lambda)
	if err != nil {
		return err
	}
	return checkpoints.Write(cell.Create, checkpoints.Result{
		Training: checkpoints.Training{KindVersion: cell.By, Data: data.Digest()},
		Config:   config{items},
		Last: checkpoints.Weights{checkpoints.Model: []safetensors.Tensor{
			{Name: weightsTensor, Shape: []int{items, items}, F32: weights},
		}},
	})
}

// A model is EASE's weights, [items, items].
type model struct {
	items   int
	weights []float32
}

func open(_ context.Context, _ *pipeline.Cell, a pipeline.Artifact, checkpoint string) (any, error) {
	saved, err := checkpoints.Read(a)
	if err != nil {
		return nil, err
	}
	var c config
	if err := saved.Config(&c); err != nil {
		return nil, err
	}
	if c.Items < 1 {
		return nil, fmt.Errorf("%d items make no model", c.Items)
	}
	tensors, err := saved.Weights(checkpoint, checkpoints.Model)
	if err != nil {
		return nil, err
	}
	weights, err := tensors.Float32(weightsTensor, []int{c.Items, c.Items})
	return &model{c.Items, weights}, err
}

// Scores adds up the weights from the items that a user has used to all items.
func (m *model) Scores(_ context.Context, users [][]int32, into []float32) error {
	for u, used := range users {
		scores(m.weights, used, into[u*m.items:(u+1)*m.items])
	}
	return nil
}
