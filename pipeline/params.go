package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"foil/spec"
)

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
