package advxmultvae

import (
	"foil/internal/safetensors"
	"foil/internal/training"
	"foil/models/adversary"
	"foil/models/optim"
)

// stateLayout is the version of the saved state.
const stateLayout = 1

// progress is a trainer's state without its arrays.
type progress struct {
	Steps   int // of the optimizer
	Rate    float64
	Plateau optim.PlateauState
}

// State returns the state of the model with its optimizer, of the user order, and of the schedule.
func (t *trainer) State() (training.State, error) {
	state, err := t.model.State()
	if err != nil {
		return training.State{}, err
	}
	arrays := []safetensors.Tensor{t.order.Tensor()}
	arrays = append(arrays, tensors(state.Weights)...)
	arrays = append(arrays, tensors(state.Moments)...)
	return training.State{Arrays: arrays, Value: progress{Steps: state.Steps, Rate: t.plateau.Rate, Plateau: t.plateau.State}}, nil
}

// Restore sets a new trainer to a state.
func (t *trainer) Restore(state training.Restored) error {
	var p progress
	if err := state.Value(&p); err != nil {
		return err
	}
	if err := t.model.SetState(state.Arrays.Float32, p.Steps); err != nil {
		return err
	}
	t.plateau.Rate, t.plateau.State = p.Rate, p.Plateau
	return t.order.Restore(state.Arrays)
}

// tensors converts weights for a safetensors file.
func tensors(weights []adversary.Weight) []safetensors.Tensor {
	out := make([]safetensors.Tensor, len(weights))
	for i, w := range weights {
		out[i] = safetensors.Tensor{Name: w.Name, Shape: w.Shape, F32: w.Data}
	}
	return out
}
