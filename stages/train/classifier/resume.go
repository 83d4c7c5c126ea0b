package classifier

import (
	"foil/internal/safetensors"
	"foil/internal/training"
)

// stateLayout is the version of the saved state.
const stateLayout = 1

// progress is a trainer's state without its arrays.
type progress struct {
	Steps int // of the optimizers
}

// State returns the state of the networks with their optimizers, and of the image order.
func (t *trainer) State() (training.State, error) {
	state, err := t.learner.state()
	if err != nil {
		return training.State{}, err
	}
	arrays := []safetensors.Tensor{t.batches.order.Tensor()}
	for _, a := range state.Arrays {
		arrays = append(arrays, safetensors.Tensor{Name: a.Name, Shape: a.Shape, F32: a.Data})
	}
	return training.State{Arrays: arrays, Value: progress{Steps: state.Steps}}, nil
}

// Restore sets a new trainer to a state.
func (t *trainer) Restore(state training.Restored) error {
	var p progress
	if err := state.Value(&p); err != nil {
		return err
	}
	if err := t.learner.setState(state.Arrays.Float32, p.Steps); err != nil {
		return err
	}
	return t.batches.order.Restore(state.Arrays)
}
