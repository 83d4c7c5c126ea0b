package training

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"foil/internal/artifact/checkpoints"
	"foil/internal/checkpoint"
	"foil/internal/numeric"
	"foil/internal/safetensors"
	"foil/pipeline"
)

// layout is the version of what Run saves around a trainer's state.
const layout = 2

// A State is a trainer between two epochs: arrays, and a value that is written as JSON.
type State struct {
	Value  any
	Arrays []safetensors.Tensor
}

// A Restored is a State that was read from a checkpoint.
type Restored struct {
	Arrays safetensors.File

	value []byte
}

// Value reads the value of the state into a pointer.
func (r Restored) Value(into any) error { return json.Unmarshal(r.value, into) }

// saved is the JSON of a state.
type saved struct {
	progress
	Layout  int // of the trainer's state
	Numeric *numeric.Signature
	Streams map[string][]byte // states of the random streams
	Value   json.RawMessage   // the value of the trainer's state
}

// path is the path of the checkpoint, or "" if the cell has no folder for it.
func (r *run) path() string {
	if r.cell.WorkDir == "" {
		return ""
	}
	return filepath.Join(r.cell.WorkDir, "training")
}

// save writes a checkpoint. If that fails, for example on a full disk, the training continues,
// because its result matters more than the checkpoint.
func (r *run) save() {
	if r.path() == "" {
		return
	}
	err := r.trySave()
	if err != nil && !r.unsaved {
		r.cell.Note("epoch %d: the checkpoint could not be written, so an interruption would lose the work until here: %v", r.Epoch, err)
	}
	r.unsaved = err != nil
}

func (r *run) trySave() error {
	state, err := r.trainer.State()
	if err != nil {
		return err
	}
	value, err := json.Marshal(state.Value)
	if err != nil {
		return err
	}
	streams, err := r.streams.State()
	if err != nil {
		return err
	}
	arrays := slices.Clone(state.Arrays)
	for part, tensors := range r.best {
		for _, t := range tensors {
			t.Name = bestName(part, t.Name)
			arrays = append(arrays, t)
		}
	}
	return checkpoint.Save(r.path(), layout, saved{progress: r.progress, Layout: r.plan.Layout, Numeric: &r.numeric, Streams: streams, Value: value}, arrays)
}

// bestName is the name of an array of the best weights.
func bestName(part, name string) string { return "best/" + part + "/" + name }

// begin makes a run. It resumes from the checkpoint of an interrupted run, if there is one that
// fits.
func begin(cell *pipeline.Cell, newTrainer New) (*run, error) {
	r, err := newRun(cell, newTrainer)
	if err != nil || r.path() == "" {
		return r, err
	}
	var s saved
	arrays, err := checkpoint.Load(r.path(), layout, &s)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r, nil
	case err == nil:
		err = r.restore(s, arrays)
	case !errors.Is(err, checkpoint.ErrUseless):
		return nil, err
	}
	if err != nil {
		cell.Note("the checkpoint of an interrupted run cannot be used, so the training starts anew: %v", err)
		return newRun(cell, newTrainer)
	}
	cell.Logf("goes on after epoch %d, where an interrupted run had left a checkpoint", r.Epoch)
	return r, nil
}

func (r *run) restore(s saved, arrays safetensors.File) error {
	if s.Layout != r.plan.Layout {
		return fmt.Errorf("its layout is %d, not %d", s.Layout, r.plan.Layout)
	}
	// The rest of the training would round in another way. No machine could give its result again.
	if !numeric.Equal(s.Numeric, &r.numeric) {
		theirs, ours := numeric.Differences(s.Numeric, &r.numeric)
		return fmt.Errorf("it was written with %s, and this process computes with %s", theirs, ours)
	}
	if err := r.trainer.Restore(Restored{Arrays: arrays, value: s.Value}); err != nil {
		return err
	}
	if err := r.streams.Restore(s.Streams); err != nil {
		return err
	}
	like, err := r.trainer.Weights() // for the names and shapes
	if err != nil {
		return err
	}
	r.best = checkpoints.Weights{}
	for part, tensors := range like {
		for _, t := range tensors {
			if t.F32, err = arrays.Float32(bestName(part, t.Name), t.Shape); err != nil {
				return err
			}
			r.best[part] = append(r.best[part], t)
		}
	}
	r.progress = s.progress
	return nil
}
