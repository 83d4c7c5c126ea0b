// Package recommend holds recommenders that are computed without a training.
package recommend

import (
	"context"
	"errors"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/safetensors"
	"foil/pipeline"
)

const popularityName = "recommend/popularity"

// Popularity is recommend/popularity.
func Popularity() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    popularityName,
		Version: 1,
		Doc: "Recommends to everybody what most training users have used. It is the baseline that a personalised " +
			"recommender has to exceed.",
		Inputs: []pipeline.Port{{Name: "data", Type: artifact.TypeSplit, Doc: "training users"}},
		Output: artifact.TypeRecommender,
		Files:  checkpoints.Docs(),
		Light:  true,
		Open:   openPopularity,
	}, pipeline.NoParams, pipeline.Work[pipeline.None]{Run: countUsers})
}

const usersTensor = "users" // of each item

// itemCount is what the counts need to be read again.
type itemCount struct {
	Items int `json:"items"`
}

func countUsers(_ context.Context, cell *pipeline.Cell, _ *pipeline.None) error {
	data := cell.Inputs["data"]
	split, err := artifact.ReadSplit(data.Path)
	if err != nil {
		return err
	}
	if split.Train.Len() == 0 {
		return errors.New("the split has no training users")
	}
	counts := make([]float32, split.Items.Len())
	for _, item := range split.Train.Item {
		counts[item]++
	}
	return checkpoints.Write(cell.Create, checkpoints.Result{
		Training: checkpoints.Training{KindVersion: cell.By, Data: data.Digest()},
		Config:   itemCount{len(counts)},
		Last: checkpoints.Weights{checkpoints.Model: []safetensors.Tensor{
			{Name: usersTensor, Shape: []int{len(counts)}, F32: counts},
		}},
	})
}

// popularity is the number of training users of each item.
type popularity []float32

func openPopularity(_ context.Context, _ *pipeline.Cell, a pipeline.Artifact, checkpoint string) (any, error) {
	saved, err := checkpoints.Read(a)
	if err != nil {
		return nil, err
	}
	var c itemCount
	if err := saved.Config(&c); err != nil {
		return nil, err
	}
	weights, err := saved.Weights(checkpoint, checkpoints.Model)
	if err != nil {
		return nil, err
	}
	counts, err := weights.Float32(usersTensor, []int{c.Items})
	return popularity(counts), err
}

// Scores gives every user the same scores.
func (p popularity) Scores(_ context.Context, users [][]int32, into []float32) error {
	for u := range users {
		copy(into[u*len(p):(u+1)*len(p)], p)
	}
	return nil
}
