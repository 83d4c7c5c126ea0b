package pipeline

import (
	"encoding/json"
	"fmt"

	"foil/spec"
)

// Parameters are those of a stage's cell, decoded.
type Parameters struct {
	Values    any    // a pointer to the kind's struct
	Canonical string // as they stand in the key, a line each
}

// Params makes the struct of the parameters with its defaults, and returns a pointer to it.
func (k Kind) Params() any { return k.definition.defaults() }

// Decode reads the parameters of a stage. The error is spec.Errors.
func (k Kind) Decode(with spec.Value) (*Parameters, error) {
	values, err := k.definition.decode(with)
	if err != nil {
		return nil, err
	}
	return &Parameters{Values: values, Canonical: spec.Canonical(values)}, nil
}

// decodeTask reads what Task.SetParams wrote into a struct of the task's own: a kind may
// change it. What is done has to be what the key says.
func (k Kind) decodeTask(text json.RawMessage, canonical string) (any, error) {
	values, err := k.definition.decodeTask(text)
	if err != nil {
		return nil, err
	}
	if spec.Canonical(values) != canonical {
		return nil, fmt.Errorf("this program reads the parameters %s differently from the program that sent them; use the same program on both sides", text)
	}
	return values, nil
}
