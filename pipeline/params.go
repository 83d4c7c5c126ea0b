package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"foil/spec"
)

// Parameters are those of a stage's cell, decoded.
type Parameters struct {
	Values    any    // a pointer to the kind's struct; nil where the kind takes none
	Canonical string // as they stand in the key, a line each
}

// A settler is a struct of parameters of which some say what others mean. Settle
// fills in what follows from them, and clears what has no effect beside them, so
// that it is not part of the key.
type settler interface{ Settle() }

// Decode reads the parameters of a stage. The error is spec.Errors.
func (k *Kind) Decode(with spec.Value) (*Parameters, error) {
	if k.Params == nil {
		if len(with.Map) > 0 {
			f := with.Map[0]
			return &Parameters{}, spec.Errors{{Pos: f.NamePos, Msg: k.Name + " takes no parameters"}}
		}
		return &Parameters{}, nil
	}
	values := k.Params()
	if err := spec.Decode(with, values); err != nil {
		return &Parameters{Values: values}, err
	}
	if s, ok := values.(settler); ok {
		s.Settle()
	}
	return &Parameters{Values: values, Canonical: spec.Canonical(values)}, nil
}

// encode writes decoded parameters for a Task.
func (p *Parameters) encode() (json.RawMessage, error) {
	if p.Values == nil {
		return nil, nil
	}
	return json.Marshal(p.Values)
}

// decodeTask reads what encode wrote into a struct of the task's own: a kind may change
// it. What is done has to be what the key says.
func (k *Kind) decodeTask(text json.RawMessage, canonical string) (any, error) {
	if k.Params == nil {
		return nil, nil
	}
	values := reflect.New(reflect.TypeOf(k.Params()).Elem()).Interface()
	read := json.NewDecoder(bytes.NewReader(text))
	read.DisallowUnknownFields() // of a program whose kind has other parameters
	if err := read.Decode(values); err != nil {
		return nil, fmt.Errorf("parameters: %w", err)
	}
	if spec.Canonical(values) != canonical {
		return nil, fmt.Errorf("this program reads the parameters %s in another way than the one that sent them", text)
	}
	return values, nil
}
