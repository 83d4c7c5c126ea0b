package bpr

import (
	"context"
	"fmt"
	"slices"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/safetensors"
	"foil/models/random"
	"foil/pipeline"
)

// config is what the factors need to become a model again.
type config struct {
	Items  int     `json:"items"`
	Width  int     `json:"width"`
	Rate   float64 `json:"rate"`
	Decay  float64 `json:"decay"`
	FoldIn int     `json:"fold_in"`
	Seed   uint64  `json:"seed"` // of the items that a new user's are compared with
}

// A model scores items for any user.
type model struct {
	config
	factors
}

var _ artifact.Recommender = (*model)(nil)

func (c config) rule() rule { return rule{rate: float32(c.Rate), decay: float32(c.Decay)} }

// Scores learns the vector of each user, and scores all items by it.
func (m *model) Scores(_ context.Context, users [][]int32, into []float32) error {
	for u, used := range users {
		m.scores(m.foldIn(used), into[u*m.Items:(u+1)*m.Items])
	}
	return nil
}

// foldIn learns the vector of a user from the items that the user has used. The items that
// they are compared with are the same draws for every user, so that a user's vector depends
// on nothing but the user's items.
func (m *model) foldIn(used []int32) []float32 {
	user := make([]float32, m.Width)
	r := random.New(m.Seed, "fold-in")
	for range m.FoldIn {
		for _, i := range used {
			if j, ok := m.other(used, r); ok {
				m.step(user, i, j, m.rule(), false)
			}
		}
	}
	return user
}

func (f factors) copy() factors {
	return factors{f.width, slices.Clone(f.item), slices.Clone(f.bias)}
}

const (
	itemsTensor = "items"
	biasTensor  = "bias"
)

func (f factors) tensors() []safetensors.Tensor {
	return []safetensors.Tensor{
		{Name: itemsTensor, Shape: []int{f.items(), f.width}, F32: f.item},
		{Name: biasTensor, Shape: []int{f.items()}, F32: f.bias},
	}
}

func readFactors(file safetensors.File, items, width int) (f factors, err error) {
	f.width = width
	if f.item, err = file.Float32(itemsTensor, []int{items, width}); err != nil {
		return f, err
	}
	f.bias, err = file.Float32(biasTensor, []int{items})
	return f, err
}

// open returns a model, which is an artifact.Recommender.
func open(_ context.Context, _ *pipeline.Cell, a pipeline.Artifact, checkpoint string) (any, error) {
	saved, err := checkpoints.Read(a)
	if err != nil {
		return nil, err
	}
	m := &model{}
	if err := saved.Config(&m.config); err != nil {
		return nil, err
	}
	if m.Items < 1 || m.Width < 1 {
		return nil, fmt.Errorf("%d items and %d factors make no model", m.Items, m.Width)
	}
	weights, err := saved.Weights(checkpoint, checkpoints.Model)
	if err != nil {
		return nil, err
	}
	m.factors, err = readFactors(weights, m.Items, m.Width)
	return m, err
}
