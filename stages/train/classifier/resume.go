package classifier

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"foil/internal/checkpoint"
	"foil/internal/safetensors"
	"foil/internal/tables"
	"foil/models/random"
	"foil/pipeline"
	"foil/stages/classifierfile"
)

// stateLayout is the version of what save writes.
const stateLayout = 1

// progress is a training between two epochs, but for its arrays.
type progress struct {
	Epoch     int // the last one that is done
	Steps     int // of the optimizers
	Streams   map[string][]byte
	BestScore float64
	BestEpoch int
	Curves    []tables.Point
}

// Names of the arrays beside those of the learner's state.
const (
	orderTensor        = "order" // of the images, which every epoch shuffles anew
	bestPrefix         = "best.classifier."
	bestAttackerPrefix = "best.attacker."
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
	state, err := t.learner.state()
	if err != nil {
		return err
	}
	streams, err := t.streams.State()
	if err != nil {
		return err
	}
	tensors := []safetensors.Tensor{{Name: orderTensor, Shape: []int{len(t.batches.order)}, I32: t.batches.order}}
	for _, a := range state.Arrays {
		tensors = append(tensors, safetensors.Tensor{Name: a.Name, Shape: a.Shape, F32: a.Data})
	}
	tensors = append(tensors, prefixed(bestPrefix, t.best.Classifier)...)
	tensors = append(tensors, prefixed(bestAttackerPrefix, t.best.Attacker)...)
	return checkpoint.Save(path, stateLayout, progress{
		Epoch: epoch, Steps: state.Steps, Streams: streams,
		BestScore: t.bestScore, BestEpoch: t.bestEpoch, Curves: t.curves,
	}, tensors)
}

func prefixed(prefix string, tensors []safetensors.Tensor) []safetensors.Tensor {
	out := slices.Clone(tensors)
	for i := range out {
		out[i].Name = prefix + out[i].Name
	}
	return out
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
	if err := t.learner.setState(file.Float32, p.Steps); err != nil {
		return err
	}
	if err := t.streams.Restore(p.Streams); err != nil {
		return err
	}
	order := file[orderTensor].I32
	if !random.IsOrder(order, len(t.batches.order)) {
		return fmt.Errorf("%d numbers are no order of %d images", len(order), len(t.batches.order))
	}
	copy(t.batches.order, order)
	t.bestScore, t.bestEpoch, t.curves = p.BestScore, p.BestEpoch, p.Curves
	like, err := t.learner.tensors() // for the names and shapes
	if err != nil {
		return err
	}
	t.best = classifierfile.Tensors{}
	if t.best.Classifier, err = find(file, bestPrefix, like.Classifier); err != nil {
		return err
	}
	t.best.Attacker, err = find(file, bestAttackerPrefix, like.Attacker)
	return err
}

func find(file safetensors.File, prefix string, like []safetensors.Tensor) (out []safetensors.Tensor, err error) {
	for _, w := range like {
		data, err := file.Float32(prefix+w.Name, w.Shape)
		if err != nil {
			return nil, err
		}
		out = append(out, safetensors.Tensor{Name: w.Name, Shape: w.Shape, F32: data})
	}
	return out, nil
}
