package multvae

import (
	"fmt"

	"foil/models/adversary"
	"foil/models/optim"
)

// A State is everything that a training has changed about a model. A model that is set to it and
// gets the same noise continues with exactly the same bits.
type State struct {
	Weights []adversary.Weight // as Model.Weights gives them
	Moments []adversary.Weight // of the optimizer; layouts are the model's own

	Steps int // of the optimizer
}

// The names of an optimizer's averages are those of the weights with a prefix.
const (
	firstMoment  = "first."
	secondMoment = "second."
)

// slot is a set of moments with the name of its averages in a State.
type slot struct {
	name    string
	moments optim.Moments
}

func (m *Model) slots() []slot {
	m.prepare()
	list := []slot{
		{encoderWeightName, m.encoder.weightMoments}, {encoderBiasName, m.encoder.biasMoments},
		{decoderWeightName, m.decoderMoments}, {decoderBiasName, m.biasMoments},
	}
	for i, g := range m.groups {
		for p, moments := range g.Moments() {
			list = append(list, slot{fmt.Sprintf("%s.stacked.%d", groupPrefix(i), p), moments})
		}
	}
	return list
}

// State returns a copy of the weights. The moments are not copied: they change with the next step.
func (m *Model) State() (State, error) {
	weights, err := m.Weights()
	if err != nil {
		return State{}, err
	}
	s := State{Weights: weights, Steps: m.adam.Steps}
	for _, slot := range m.slots() {
		s.Moments = append(s.Moments,
			adversary.Weight{Name: firstMoment + slot.name, Shape: []int{len(slot.moments.First)}, Data: slot.moments.First},
			adversary.Weight{Name: secondMoment + slot.name, Shape: []int{len(slot.moments.Second)}, Data: slot.moments.Second})
	}
	return s, nil
}

// SetState sets the model to the state whose weights and moments lookup returns. The model must not
// be used after an error.
func (m *Model) SetState(lookup func(name string, shape []int) ([]float32, error), steps int) error {
	if err := m.SetWeights(lookup); err != nil {
		return err
	}
	for _, slot := range m.slots() {
		for prefix, into := range map[string][]float32{firstMoment: slot.moments.First, secondMoment: slot.moments.Second} {
			values, err := lookup(prefix+slot.name, []int{len(into)})
			if err != nil {
				return err
			}
			copy(into, values)
		}
	}
	m.adam.Steps = steps
	return nil
}
