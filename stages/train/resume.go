package train

import (
	"errors"
	"io/fs"
	"path/filepath"

	"foil/internal/checkpoint"
	"foil/internal/safetensors"
	"foil/internal/tables"
	"foil/models/adversary"
	"foil/models/optim"
	"foil/stages/modelfile"
)

// stateLayout is the version of what save writes.
const stateLayout = 1

// progress is a training between two epochs, but for its arrays.
type progress struct {
	Epoch            int // the last one that is done
	Steps, HeadSteps int // of the optimizers
	Streams          map[string][]byte
	Rate             float64
	Plateau          optim.PlateauState
	BestScore        float64
	BestEpoch        int
	Curves           []tables.Point
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
		if err := t.writeState(path, epoch); err != nil {
			t.cell.Note("epoch %d: an interruption would lose what is done until here: %v", epoch, err)
		}
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
		Epoch: epoch, Steps: state.Steps, HeadSteps: state.HeadSteps, Streams: streams,
		Rate: t.judge.plateau.Rate, Plateau: t.judge.plateau.State,
		BestScore: t.judge.bestScore, BestEpoch: t.judge.bestEpoch, Curves: t.curves,
	}, tensors)
}

// resume sets the training to the state that an interrupted run has left, if
// there is one, and returns the epoch to go on with.
func (t *training) resume() (epoch int, err error) {
	path := t.statePath()
	if path == "" {
		return 1, nil
	}
	var p progress
	file, err := checkpoint.Load(path, stateLayout, &p)
	if errors.Is(err, fs.ErrNotExist) {
		return 1, nil
	} else if err != nil {
		t.cell.Note("the checkpoint of an interrupted run is of no use, so the training starts anew: %v", err)
		return 1, nil
	}
	if err := t.restore(p, file); err != nil {
		return 0, err
	}
	t.cell.Logf("goes on after epoch %d, where an interrupted run had left a checkpoint", p.Epoch)
	return p.Epoch + 1, nil
}

func (t *training) restore(p progress, file safetensors.File) error {
	if err := t.model.SetState(file.Float32, p.Steps, p.HeadSteps); err != nil {
		return err
	}
	if err := t.streams.Restore(p.Streams); err != nil {
		return err
	}
	copy(t.users, file[orderTensor].I32)
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
