package classifier

import (
	"errors"
	"fmt"

	"foil/internal/artifact"
	"foil/internal/classifiers"
	"foil/internal/training"
	"foil/models/backend"
	"foil/models/random"
	"foil/pipeline"
)

// A trainer is the state of a training between epochs.
type trainer struct {
	params    *Params
	cell      *pipeline.Cell
	learner   learner
	batches   *batches
	selection *selection
}

func (p *Params) newTrainer(cell *pipeline.Cell, streams *random.Streams) (training.Trainer, training.Plan, error) {
	plan := training.Plan{Epochs: p.Epochs, Layout: stateLayout, Figures: p.figures()}
	images, err := artifact.ReadImages(cell.Inputs["data"].Path)
	if err != nil {
		return nil, plan, err
	}
	if images.Train.Len() == 0 {
		return nil, plan, errors.New("the data has no training images")
	}
	used, held, err := p.Select.sets(images)
	if err != nil {
		return nil, plan, err
	}
	b, err := backend.Open(cell.Backend, cell.Cores)
	if err != nil {
		return nil, plan, err
	}
	t := &trainer{params: p, cell: cell, batches: newBatches(used, images.Shape, p, streams)}
	classes := len(images.Classes)
	if t.learner, err = newLearner(b, p, t.batches, classes, cell.Seed); err != nil {
		return nil, plan, err
	}
	if t.selection, err = newSelection(b, p, held, images.Shape, t.learner, cell.Seed); err != nil {
		return nil, plan, err
	}
	plan.SelectedBy = fmt.Sprintf("accuracy on %d %s under PGD-%d", t.selection.len(), p.Select.inWords(), p.Select.Steps)
	plan.Config = classifiers.Config{Network: p.Network, Image: images.Shape, Classes: classes, Method: p.Method, Game: p.game()}
	return t, plan, nil
}
