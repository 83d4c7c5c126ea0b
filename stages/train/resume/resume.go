// Package resume lets a training go on where an interrupted run has left it.
package resume

import (
	"errors"
	"io/fs"
	"path/filepath"

	"foil/internal/checkpoint"
	"foil/internal/safetensors"
	"foil/pipeline"
)

// A Keeper keeps the state of a cell's training.
type Keeper struct {
	Cell   *pipeline.Cell
	Layout int // the version of what is kept

	unsaved bool // the last state could not be written
}

// A State is a training between two epochs: a value, written as JSON, and its arrays.
type State struct {
	Value  any
	Arrays []safetensors.Tensor
}

// Save keeps the state after an epoch. Where that cannot be done, on a full disk,
// say, the training goes on: it is what people wait for.
func (k *Keeper) Save(epoch int, state func() (State, error)) {
	path := pathOf(k.Cell)
	if path == "" {
		return
	}
	s, err := state()
	if err == nil {
		err = checkpoint.Save(path, k.Layout, s.Value, s.Arrays)
	}
	if err != nil && !k.unsaved {
		k.Cell.Note("epoch %d: an interruption would lose what is done until here: %v", epoch, err)
	}
	k.unsaved = err != nil
}

// pathOf is where a cell's state lies; empty where it has no place for one.
func pathOf(cell *pipeline.Cell) string {
	if cell.WorkDir == "" {
		return ""
	}
	return filepath.Join(cell.WorkDir, "training")
}

// Begin makes a training, in the state that an interrupted run has left if there is
// one of this layout, and returns the epoch to go on with. restore sets a new training
// to a state and says after which epoch that was saved; a training for which it fails
// is not used.
func Begin[T, V any](cell *pipeline.Cell, layout int, make func(*pipeline.Cell) (T, error),
	restore func(t T, value V, arrays safetensors.File) (epoch int, err error),
) (t T, epoch int, err error) {
	path := pathOf(cell)
	if t, err = make(cell); err != nil || path == "" {
		return t, 1, err
	}
	var value V
	arrays, err := checkpoint.Load(path, layout, &value)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return t, 1, nil
	case err == nil:
		epoch, err = restore(t, value, arrays)
	case !errors.Is(err, checkpoint.ErrUseless):
		return t, 0, err
	}
	if err != nil {
		cell.Note("the checkpoint of an interrupted run is of no use, so the training starts anew: %v", err)
		t, err = make(cell)
		return t, 1, err
	}
	cell.Logf("goes on after epoch %d, where an interrupted run had left a checkpoint", epoch)
	return t, epoch + 1, nil
}
