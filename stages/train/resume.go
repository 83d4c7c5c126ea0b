package train

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"foil/internal/checkpoint"
	"foil/internal/safetensors"
	"foil/internal/tables"
	"foil/models/adversary"
	"foil/models/optim"
	"foil/models/random"
	"foil/pipeline"
	"foil/stages/modelfile"
)

// stateLayout is the version of what save writes.
const stateLayout = 1

// progress is a training between two epochs, but for its arrays.
type progress struct {
	Epoch     int // the last one that is done
	Steps     int // of the optimizer
	Streams   map[string][]byte
	Rate      float64
	Plateau   optim.PlateauState
	BestScore float64
	BestEpoch int
	Curves    []tables.Point
}

// Names of the arrays beside those of the model's state.
const (
	orderTensor = "order" // of the users, which every epoch shuffles anew
	bestPrefix  = "best."
)

func (t *training) statePath() string {
	if t.cell.WorkDir == "" {
		return ""
	}
	return filepath.Join(t.cell.WorkDir, "training")
}

// save keeps the training's state after an epoch. Where that cannot be done, on a
// full disk, say, the training goes on: it is what people wait for.
func (t *training) save(epoch int) {
	if path := t.statePath(); path != "" {
		err := t.writeState(path, epoch)
		if err != nil && !t.unsaved {
			t.cell.Note("epoch %d: an interruption would lose what is done until here: %v", epoch, err)
		}
		t.unsaved = err != nil
	}
}

func (t *training) writeState(path string, epoch int) error {
	state, err := t.model.State()
	if err != nil {
		return err
	}
	streams, err := t.streams.State()
	if err != nil {
		return err
	}
	tensors := []safetensors.Tensor{{Name: orderTensor, Shape: []int{len(t.users)}, I32: t.users}}
	tensors = append(tensors, modelfile.Tensors(state.Weights)...)
	tensors = append(tensors, modelfile.Tensors(state.Moments)...)
	for _, w := range t.best {
		tensors = append(tensors, safetensors.Tensor{Name: bestPrefix + w.Name, Shape: w.Shape, F32: w.Data})
	}
	return checkpoint.Save(path, stateLayout, progress{
		Epoch: epoch, Steps: state.Steps, Streams: streams,
		Rate: t.judge.plateau.Rate, Plateau: t.judge.plateau.State,
		BestScore: t.judge.bestScore, BestEpoch: t.judge.bestEpoch, Curves: t.curves,
	}, tensors)
}

// begin makes a training, in the state that an interrupted run has left if there is
// one, and returns the epoch to go on with.
func begin(cell *pipeline.Cell) (t *training, epoch int, err error) {
	if t, err = newTraining(cell); err != nil {
		return nil, 0, err
	}
	path := t.statePath()
	if path == "" {
		return t, 1, nil
	}
	var p progress
	file, err := checkpoint.Load(path, stateLayout, &p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return t, 1, nil
	case err == nil:
		err = t.restore(p, file)
	case !errors.Is(err, checkpoint.ErrUseless):
		return nil, 0, err
	}
	if err != nil {
		cell.Note("the checkpoint of an interrupted run is of no use, so the training starts anew: %v", err)
		t, err = newTraining(cell) // what restore has set is not to be trusted
		return t, 1, err
	}
	cell.Logf("goes on after epoch %d, where an interrupted run had left a checkpoint", p.Epoch)
	return t, p.Epoch + 1, nil
}

func (t *training) restore(p progress, file safetensors.File) error {
	if err := t.model.SetState(file.Float32, p.Steps); err != nil {
		return err
	}
	if err := t.streams.Restore(p.Streams); err != nil {
		return err
	}
	order := file[orderTensor].I32
	if !random.IsOrder(order, len(t.users)) {
		return fmt.Errorf("%d numbers are no order of %d users", len(order), len(t.users))
	}
	copy(t.users, order)
	t.judge.plateau.Rate, t.judge.plateau.State = p.Rate, p.Plateau
	t.judge.bestScore, t.judge.bestEpoch = p.BestScore, p.BestEpoch
	t.curves = p.Curves
	weights, err := t.model.Weights() // for the names and shapes
	if err != nil {
		return err
	}
	t.best = nil
	for _, w := range weights {
		data, err := file.Float32(bestPrefix+w.Name, w.Shape)
		if err != nil {
			return err
		}
		t.best = append(t.best, adversary.Weight{Name: w.Name, Shape: w.Shape, Data: data})
	}
	return nil
}
