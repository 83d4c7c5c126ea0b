// Package training runs trainings of any kind: their epochs, the choice of the best one, the
// way back after an interruption, and the artifact. A kind brings a Trainer, which knows the
// model and the data.
package training

import (
	"context"
	"fmt"
	"math"
	"time"

	"foil/internal/artifact"
	"foil/internal/artifact/checkpoints"
	"foil/internal/checkpoint"
	"foil/models/random"
	"foil/pipeline"
)

// A Trainer is a training of one kind. Run calls its methods, one at a time.
type Trainer interface {
	// Epoch passes over the training data, scores the model, and tells how it went. Epochs
	// are counted from 1.
	Epoch(ctx context.Context, epoch int) (Epoch, error)

	// Weights returns a copy of the weights, as the artifact holds them.
	Weights() (checkpoints.Weights, error)

	// State returns what the next epoch depends on: the weights, what the optimizer keeps, the
	// order of the data. Run keeps the random streams, the curves and the best weights.
	State() (State, error)

	// Restore sets a new trainer to a state. The trainer is not used after an error.
	Restore(State Restored) error
}

// An Epoch is how an epoch went.
type Epoch struct {
	Score   float64 // the epoch with the highest is the best; of equals the last
	Points  []Point // of the curves
	Loss    float64 // that the training lowers, for the display
	Message string  // for the display; short

	// Scoring is the part of its time that the score took, where the kind measures it: costs
	// list it apart, as "selection".
	Scoring time.Duration
}

// A Point is the value of a curve at an epoch.
type Point struct {
	Name  string
	Value float64
}

// A Plan says what Run is to do.
type Plan struct {
	Epochs     int
	Layout     int    // the version of the trainer's State
	SelectedBy string // what Epoch.Score is

	Kind    string             // the name of the kind that opens the weights
	Config  any                // what it needs for that, besides the weights
	Figures map[string]float64 // see checkpoints.Training
}

// New makes a trainer in the state before its first epoch. Random numbers come from the
// streams, of which Run keeps track.
type New func(cell *pipeline.Cell, streams *random.Streams) (Trainer, Plan, error)

// Run trains for all epochs, or for those that an interrupted run has left, and writes the
// artifact. The cell's input "data" is what was trained on.
func Run(ctx context.Context, cell *pipeline.Cell, make New) error {
	r, err := begin(cell, make)
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
	best    checkpoints.Weights
	unsaved bool // the last state could not be written
}

// progress is the part of a run that is written as JSON.
type progress struct {
	Epoch     int // the last one that is done
	BestEpoch int // 0 before the first
	BestScore float64
	Curves    []artifact.Point
}

func newRun(cell *pipeline.Cell, make New) (*run, error) {
	r := &run{cell: cell, streams: random.NewStreams(cell.Seed)}
	var err error
	r.trainer, r.plan, err = make(cell, r.streams)
	return r, err
}

// epoch makes an epoch, and keeps the weights if no epoch was better.
func (r *run) epoch(ctx context.Context, epoch int) (e Epoch, err error) {
	if e, err = r.trainer.Epoch(ctx, epoch); err != nil {
		return e, err
	}
	if math.IsNaN(e.Score) {
		return e, fmt.Errorf("the %s is not a number: the training has diverged", r.plan.SelectedBy)
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
			Kind: r.plan.Kind, Data: r.cell.Inputs["data"].Digest(),
			BestEpoch: r.BestEpoch, LastEpoch: r.plan.Epochs, BestScore: r.BestScore, SelectedBy: r.plan.SelectedBy,
			Figures: r.plan.Figures,
		},
		Config: r.plan.Config,
		Best:   r.best, Last: last, Curves: r.Curves,
	})
}
