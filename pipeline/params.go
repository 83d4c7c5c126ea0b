package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"foil/spec"
)

// encode serializes decoded parameters for a Task.
func (p *Parameters) encode() (json.RawMessage, error) {
	if p.Values == nil {
		return nil, nil
	}
	return json.Marshal(p.Values)
}

// decodeTask reads the output of encode into a new struct, because a kind may change it. It checks
// that the parameters agree with the key.
func (k *Kind) decodeTask(text json.RawMessage, canonical string) (any, error) {
	if k.Params == nil {
		return nil, nil
	}
	values := reflect.New(reflect.TypeOf(k.Params()).Elem()).Interface()
	read := json.NewDecoder(bytes.NewReader(text))
	read.DisallowUnknownFields() // a different program, whose kind has other parameters
	if err := read.Decode(values); err != nil {
		return nil, fmt.Errorf("parameters: %w", err)
	}
	if spec.Canonical(values) != canonical {
		return nil, fmt.Errorf("this program reads the parameters %s differently from the program that sent them; use the same program on both sides", text)
	}
	return values, nil
}
