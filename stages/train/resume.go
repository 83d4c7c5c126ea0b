package train

import (
	"fmt"

	"foil/internal/artifact"
	"foil/internal/safetensors"
	"foil/models/adversary"
	"foil/models/optim"
	"foil/models/random"
	"foil/pipeline"
	"foil/stages/modelfile"
	"foil/stages/train/resume"
)

// stateLayout is the version of what is saved.
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
	Curves    []artifact.Point
}

// Names of the arrays beside those of the model's state.
const (
	orderTensor = "order" // of the users, which every epoch shuffles anew
	bestPrefix  = "best."
)

func (t *training) save(epoch int) {
	t.keeper.Save(epoch, func() (resume.State, error) { return t.state(epoch) })
}

// state is the training's after an epoch.
func (t *training) state(epoch int) (resume.State, error) {
	state, err := t.model.State()
	if err != nil {
		return resume.State{}, err
	}
	streams, err := t.streams.State()
	if err != nil {
		return resume.State{}, err
	}
	tensors := []safetensors.Tensor{{Name: orderTensor, Shape: []int{len(t.users)}, I32: t.users}}
	tensors = append(tensors, modelfile.Tensors(state.Weights)...)
	tensors = append(tensors, modelfile.Tensors(state.Moments)...)
	for _, w := range t.best {
		tensors = append(tensors, safetensors.Tensor{Name: bestPrefix + w.Name, Shape: w.Shape, F32: w.Data})
	}
	return resume.State{Arrays: tensors, Value: progress{
		Epoch: epoch, Steps: state.Steps, Streams: streams,
		Rate: t.judge.plateau.Rate, Plateau: t.judge.plateau.State,
		BestScore: t.judge.bestScore, BestEpoch: t.judge.bestEpoch, Curves: t.curves,
	}}, nil
}

func begin(cell *pipeline.Cell) (t *training, epoch int, err error) {
	return resume.Begin(cell, stateLayout, newTraining, (*training).restore)
}

func (t *training) restore(p progress, file safetensors.File) (epoch int, err error) {
	if err := t.model.SetState(file.Float32, p.Steps); err != nil {
		return 0, err
	}
	if err := t.streams.Restore(p.Streams); err != nil {
		return 0, err
	}
	order := file[orderTensor].I32
	if !random.IsOrder(order, len(t.users)) {
		return 0, fmt.Errorf("%d numbers are no order of %d users", len(order), len(t.users))
	}
	copy(t.users, order)
	t.judge.plateau.Rate, t.judge.plateau.State = p.Rate, p.Plateau
	t.judge.bestScore, t.judge.bestEpoch = p.BestScore, p.BestEpoch
	t.curves = p.Curves
	weights, err := t.model.Weights() // for the names and shapes
	if err != nil {
		return 0, err
	}
	t.best = nil
	for _, w := range weights {
		data, err := file.Float32(bestPrefix+w.Name, w.Shape)
		if err != nil {
			return 0, err
		}
		t.best = append(t.best, adversary.Weight{Name: w.Name, Shape: w.Shape, Data: data})
	}
	return p.Epoch, nil
}
