package classifier

import (
	"errors"
	"fmt"

	"foil/internal/artifact"
	"foil/models/backend"
	"foil/models/random"
	"foil/pipeline"
	"foil/stages/classifierfile"
	"foil/stages/train/resume"
)

// A training is the state between epochs.
type training struct {
	params    *Params
	cell      *pipeline.Cell
	classes   int
	learner   learner
	batches   *batches
	selection *selection
	streams   *random.Streams
	best      classifierfile.Tensors
	bestEpoch int // 0 before the first
	bestScore float64
	curves    []artifact.Point
	keeper    resume.Keeper
}

func newTraining(cell *pipeline.Cell) (*training, error) {
	p := cell.Params.(*Params)
	images, err := artifact.ReadImages(cell.Inputs["data"].Path)
	if err != nil {
		return nil, err
	}
	if images.Train.Len() == 0 {
		return nil, errors.New("the data has no training images")
	}
	if p.Select.Images > images.Test.Len() || images.Test.Len() == 0 {
		return nil, fmt.Errorf("select.images is %d, and the data has %d test images", p.Select.Images, images.Test.Len())
	}
	b, err := backend.Open(cell.Backend, cell.Cores)
	if err != nil {
		return nil, err
	}
	t := &training{
		params: p, cell: cell, classes: len(images.Classes), streams: random.NewStreams(cell.Seed),
		keeper: resume.Keeper{Cell: cell, Layout: stateLayout},
	}
	t.batches = newBatches(b, images, p, t.streams)
	if t.learner, err = newLearner(b, p, t.batches, t.classes, cell.Seed); err != nil {
		return nil, err
	}
	t.selection, err = newSelection(b, p, images, t.learner, cell.Seed)
	return t, err
}
