// Package training runs trainings of any kind: the epochs, the selection of the best epoch,
// resuming after an interruption, and the artifact. A kind provides a Trainer with the model and
// the data.
package training

import (
	"context"
	"fmt"
	"math"
	"time"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/checkpoint"
	"foil/internal/numeric"
	"foil/models/backend"
	"foil/models/random"
	"foil/pipeline"
)

// A Trainer is a training of one kind. Run calls its methods, one at a time.
type Trainer interface {
	// Epoch trains on the training data once, scores the model, and returns the results. Epochs are
	// counted from 1.
	Epoch(ctx context.Context, epoch int) (Epoch, error)

	// Weights returns a copy of the weights, as the artifact holds them.
	Weights() (checkpoints.Weights, error)

	// State returns the data that the next epoch depends on: the weights, the state of the
	// optimizer, the order of the data. Run keeps the random streams, the curves and the best
	// weights.
	State() (State, error)

	// Restore sets a new trainer to a state. The trainer is not used after an error.
	Restore(State Restored) error
}

// An Epoch is the result of an epoch.
type Epoch struct {
	Score   float64 // the epoch with the highest score is the best; among equal scores, the last epoch
	Points  []Point // of the curves
	Loss    float64 // training loss, for the display
	Message string  // for the display; short

	// Scoring is the time for the score, if the kind measures it. Costs list it separately as
	// "selection".
	Scoring time.Duration
}

// A Point is the value of a curve at an epoch.
type Point struct {
	Name  string
	Value float64
}

// A Plan configures Run.
type Plan struct {
	Epochs     int
	Layout     int    // the version of the trainer's State
	SelectedBy string // the name of Epoch.Score

	Config  any                // the settings of the kind, stored with the weights
	Figures map[string]float64 // see checkpoints.Training
}

// New makes a trainer in the state before its first epoch. It must draw random numbers from the
// streams, whose states Run saves.
type New func(cell *pipeline.Cell, streams *random.Streams) (Trainer, Plan, error)

// Run trains for all epochs, or for the remaining epochs of an interrupted run, and writes the
// artifact. The cell's input "data" is the training data.
func Run(ctx context.Context, cell *pipeline.Cell, newTrainer New) error {
	r, err := begin(cell, newTrainer)
	if err != nil {
		return err
	}
	first := r.Epoch + 1
	pace := checkpoint.NewPace(time.Now(), cell.CheckpointEvery)
	var training, scoring time.Duration
	for epoch := first; epoch <= r.plan.Epochs; epoch++ {
		start := time.Now()
		e, err := r.epoch(ctx, epoch)
		if err != nil {
			return fmt.Errorf("epoch %d: %w", epoch, err)
		}
		training += time.Since(start) - e.Scoring
		scoring += e.Scoring
		if epoch < r.plan.Epochs {
			pace.Run(r.save)
		}
	}
	if here := time.Duration(r.plan.Epochs - first + 1); here > 0 {
		cell.Time("epoch", training/here)
		if scoring > 0 {
			cell.Time("selection", scoring/here)
		}
	}
	return r.write()
}

// A run is a training between two epochs.
type run struct {
	progress
	cell    *pipeline.Cell
	trainer Trainer
	plan    Plan
	streams *random.Streams
	numeric numeric.Signature // of this process
	best    checkpoints.Weights
	unsaved bool // the last state could not be written
}

// progress is the part of a run that is written as JSON.
type progress struct {
	Epoch     int // the last finished epoch
	BestEpoch int // 0 before the first
	BestScore float64
	Curves    []artifact.Point
}

func newRun(cell *pipeline.Cell, newTrainer New) (*run, error) {
	r := &run{cell: cell, streams: random.NewStreams(cell.Seed)}
	var err error
	if r.numeric, err = backend.Signature(cell.Backend, cell.Cores); err != nil {
		return nil, err
	}
	r.trainer, r.plan, err = newTrainer(cell, r.streams)
	return r, err
}

// epoch runs an epoch, and keeps the weights if no earlier epoch was better.
func (r *run) epoch(ctx context.Context, epoch int) (e Epoch, err error) {
	if e, err = r.trainer.Epoch(ctx, epoch); err != nil {
		return e, err
	}
	if math.IsNaN(e.Score) || math.IsInf(e.Score, 0) {
		return e, fmt.Errorf("the %s is %g: the training has diverged", r.plan.SelectedBy, e.Score)
	}
	if r.BestEpoch == 0 || e.Score >= r.BestScore {
		r.BestEpoch, r.BestScore = epoch, e.Score
		if r.best, err = r.trainer.Weights(); err != nil {
			return e, err
		}
	}
	for _, p := range e.Points {
		r.Curves = append(r.Curves, artifact.Point{Epoch: epoch, Name: p.Name, Value: p.Value})
	}
	r.Epoch = epoch
	r.cell.Progress(pipeline.Progress{
		Done: int64(epoch), Total: int64(r.plan.Epochs), Unit: "epochs", Message: e.Message, Loss: e.Loss,
	})
	return e, nil
}

func (r *run) write() error {
	last, err := r.trainer.Weights()
	if err != nil {
		return err
	}
	return checkpoints.Write(r.cell.Create, checkpoints.Result{
		Training: checkpoints.Training{
			KindVersion: r.cell.By, Data: r.cell.Inputs["data"].Digest(),
			BestEpoch: r.BestEpoch, LastEpoch: r.plan.Epochs, BestScore: r.BestScore, SelectedBy: r.plan.SelectedBy,
			Figures: r.plan.Figures,
		},
		Config: r.plan.Config,
		Best:   r.best, Last: last, Curves: r.Curves,
	})
}
