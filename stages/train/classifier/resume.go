package classifier

import (
	"fmt"
	"slices"

	"foil/internal/artifact"
	"foil/internal/safetensors"
	"foil/models/random"
	"foil/pipeline"
	"foil/stages/classifierfile"
	"foil/stages/train/resume"
)

// stateLayout is the version of what is saved.
const stateLayout = 1

// progress is a training between two epochs, but for its arrays.
type progress struct {
	Epoch     int // the last one that is done
	Steps     int // of the optimizers
	Streams   map[string][]byte
	BestScore float64
	BestEpoch int
	Curves    []artifact.Point
}

// Names of the arrays beside those of the learner's state.
const (
	orderTensor        = "order" // of the images, which every epoch shuffles anew
	bestPrefix         = "best.classifier."
	bestAttackerPrefix = "best.attacker."
)

func (t *training) save(epoch int) {
	t.keeper.Save(epoch, func() (resume.State, error) { return t.state(epoch) })
}

// state is the training's after an epoch.
func (t *training) state(epoch int) (resume.State, error) {
	state, err := t.learner.state()
	if err != nil {
		return resume.State{}, err
	}
	streams, err := t.streams.State()
	if err != nil {
		return resume.State{}, err
	}
	tensors := []safetensors.Tensor{{Name: orderTensor, Shape: []int{len(t.batches.order)}, I32: t.batches.order}}
	for _, a := range state.Arrays {
		tensors = append(tensors, safetensors.Tensor{Name: a.Name, Shape: a.Shape, F32: a.Data})
	}
	tensors = append(tensors, prefixed(bestPrefix, t.best.Classifier)...)
	tensors = append(tensors, prefixed(bestAttackerPrefix, t.best.Attacker)...)
	return resume.State{Arrays: tensors, Value: progress{
		Epoch: epoch, Steps: state.Steps, Streams: streams,
		BestScore: t.bestScore, BestEpoch: t.bestEpoch, Curves: t.curves,
	}}, nil
}

func prefixed(prefix string, tensors []safetensors.Tensor) []safetensors.Tensor {
	out := slices.Clone(tensors)
	for i := range out {
		out[i].Name = prefix + out[i].Name
	}
	return out
}

func begin(cell *pipeline.Cell) (t *training, epoch int, err error) {
	return resume.Begin(cell, stateLayout, newTraining, (*training).restore)
}

func (t *training) restore(p progress, file safetensors.File) (epoch int, err error) {
	if err := t.learner.setState(file.Float32, p.Steps); err != nil {
		return 0, err
	}
	if err := t.streams.Restore(p.Streams); err != nil {
		return 0, err
	}
	order := file[orderTensor].I32
	if !random.IsOrder(order, len(t.batches.order)) {
		return 0, fmt.Errorf("%d numbers are no order of %d images", len(order), len(t.batches.order))
	}
	copy(t.batches.order, order)
	t.bestScore, t.bestEpoch, t.curves = p.BestScore, p.BestEpoch, p.Curves
	like, err := t.learner.tensors() // for the names and shapes
	if err != nil {
		return 0, err
	}
	t.best = classifierfile.Tensors{}
	if t.best.Classifier, err = find(file, bestPrefix, like.Classifier); err != nil {
		return 0, err
	}
	t.best.Attacker, err = find(file, bestAttackerPrefix, like.Attacker)
	return p.Epoch, err
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
