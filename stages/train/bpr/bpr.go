// Package bpr is the kind train/bpr: matrix factorisation that learns from pairs of items, one
// used and one not (Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback",
// UAI 2009).
package bpr

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/safetensors"
	"foil/internal/scores"
	"foil/internal/training"
	"foil/models/random"
	"foil/pipeline"
	"foil/spec"
)

const name = "train/bpr"

// Params are the parameters of train/bpr.
type Params struct {
	Epochs int             `yaml:"epochs" min:"1" max:"1000000" unit:"passes over the training pairs"`
	Width  int             `yaml:"width" min:"1" max:"100000"`
	Rate   float64         `yaml:"rate" above:"0"`
	Decay  float64         `yaml:"decay" min:"0"`
	FoldIn int             `yaml:"fold_in" min:"1" max:"100000" unit:"passes over the user's items"`
	Select training.Select `yaml:"select"`
}

var params = &spec.Params[Params]{
	Defaults: func() Params {
		return Params{Epochs: 50, Width: 64, Rate: 0.05, Decay: 0.01, FoldIn: 20, Select: training.Select{Metric: "ndcg", K: 10}}
	},
	Docs: spec.Docs{
		"epochs":  "length of the training; the best validation epoch and the last one are kept",
		"width":   "number of factors: the length of the vectors of users and items",
		"rate":    "learning rate of stochastic gradient descent",
		"decay":   "L2 regularisation of vectors and biases",
		"fold_in": "how long the vector of a user who was not trained on is learned, with the items fixed",
		"select":  "the validation score that selects the best epoch",
	},
	Nested: []spec.Described{training.SelectParams},
}

// Kind is train/bpr.
func Kind() pipeline.Kind {
	return pipeline.Define(pipeline.Kind{
		Name:    name,
		Version: 1,
		Doc: "Trains a matrix factorisation with BPR (Rendle et al. 2009): a used item should score above a " +
			"random unused one. The vector of a new user is learned from the user's items in the same way, " +
			"with the items fixed.",
		Inputs: []pipeline.Port{{Name: "data", Type: artifact.TypeSplit, Doc: "training and validation users"}},
		Output: artifact.TypeRecommender,
		Files:  checkpoints.Docs(),
		Draws:  true,
		Cost:   pipeline.Cost{Times: []string{"epochs", "data/train.arrow"}, Like: []string{"width", "fold_in"}},
		Rounds: true,
		Open:   open,
	}, params, pipeline.Work[Params]{
		CheckFacts: func(p *Params, inputs []pipeline.Input, report, _ spec.Reporter) { p.Select.CheckFacts(inputs, report) },
		Facts: func(p *Params, _ map[string]*pipeline.Facts) *pipeline.Facts {
			return &pipeline.Facts{Curves: []string{"train/loss", p.Select.Curve()}}
		},
		Run: func(ctx context.Context, cell *pipeline.Cell, p *Params) error {
			return training.Run(ctx, cell, func(cell *pipeline.Cell, streams *random.Streams) (training.Trainer, training.Plan, error) {
				return newTrainer(cell, p, streams)
			})
		},
	})
}

// stateLayout is the version of what a trainer saves.
const stateLayout = 1

// A trainer is the state between epochs.
type trainer struct {
	params    *Params
	cell      *pipeline.Cell
	rows      artifact.Rows
	pairs     []int32 // the row of each training pair
	order     *training.Order
	negatives *rand.Rand
	user      []float32 // [rows, width]
	model     *model
	valid     *training.Validation
}

func newTrainer(cell *pipeline.Cell, p *Params, streams *random.Streams) (*trainer, training.Plan, error) {
	plan := training.Plan{Epochs: p.Epochs, Layout: stateLayout, SelectedBy: p.Select.By()}
	split, err := artifact.ReadSplit(cell.Inputs["data"].Path)
	if err != nil {
		return nil, plan, err
	}
	t := &trainer{params: p, cell: cell, rows: artifact.NewRows(split.Train)}
	if t.rows.Len() == 0 {
		return nil, plan, errors.New("the split has no training users")
	}
	if t.valid, err = training.NewValidation(split, p.Select, scores.Exclude); err != nil {
		return nil, plan, err
	}
	for i := range t.rows.Len() {
		for range t.rows.Items(i) {
			t.pairs = append(t.pairs, int32(i))
		}
	}
	t.order = training.NewOrder(len(t.pairs), streams)
	t.negatives = rand.New(streams.Source("negatives"))
	weights := rand.New(streams.Source("weights"))
	c := config{Items: split.Items.Len(), Width: p.Width, Rate: p.Rate, Decay: p.Decay, FoldIn: p.FoldIn, Seed: cell.Seed}
	t.model = &model{c, newFactors(c.Items, c.Width, weights)}
	t.user = make([]float32, t.rows.Len()*p.Width)
	random.Normal(weights, t.user, initialSD)
	plan.Config = c
	return t, plan, nil
}

func (t *trainer) vector(row int32) []float32 {
	return t.user[int(row)*t.params.Width : (int(row)+1)*t.params.Width]
}

// Epoch compares each used item with one that the user has not used, in a new order, and
// validates.
func (t *trainer) Epoch(ctx context.Context, epoch int) (training.Epoch, error) {
	t.order.Shuffle()
	r := t.model.rule()
	loss, n := 0.0, 0
	for step, pair := range t.order.Rows {
		if step%10_000 == 0 && ctx.Err() != nil {
			return training.Epoch{}, ctx.Err()
		}
		row := t.pairs[pair]
		if other, ok := t.model.other(t.rows.Items(int(row)), t.negatives); ok {
			loss += t.model.step(t.vector(row), t.rows.Item[pair], other, r, true)
			n++
		}
	}
	if loss /= float64(max(n, 1)); math.IsNaN(loss) || math.IsInf(loss, 0) {
		return training.Epoch{}, fmt.Errorf("the loss is %g: lower the rate", loss)
	}
	score, err := t.valid.Run(ctx, t.model)
	if err != nil {
		return training.Epoch{}, err
	}
	t.cell.Logf("epoch %d: train loss %.4f; validation %s %.4f", epoch, loss, t.params.Select, score)
	return training.Epoch{
		Score: score, Loss: loss,
		Points:  []training.Point{{Name: "train/loss", Value: loss}, {Name: t.params.Select.Curve(), Value: score}},
		Message: fmt.Sprintf("validation %s %.4f", t.params.Select, score),
	}, nil
}

// Weights are those of the items: users are learned anew from what they used.
func (t *trainer) Weights() (checkpoints.Weights, error) {
	return checkpoints.Weights{checkpoints.Model: t.model.copy().tensors()}, nil
}

const usersTensor = "users"

// State is the factors of items and users, and the order of the pairs.
func (t *trainer) State() (training.State, error) {
	users := safetensors.Tensor{Name: usersTensor, Shape: []int{t.rows.Len(), t.params.Width}, F32: t.user}
	return training.State{Arrays: append(t.model.tensors(), users, t.order.Tensor())}, nil
}

// Restore sets a new trainer to a state.
func (t *trainer) Restore(state training.Restored) error {
	var err error
	if t.model.factors, err = readFactors(state.Arrays, t.model.Items, t.model.Width); err != nil {
		return err
	}
	if t.user, err = state.Arrays.Float32(usersTensor, []int{t.rows.Len(), t.params.Width}); err != nil {
		return err
	}
	return t.order.Restore(state.Arrays)
}
