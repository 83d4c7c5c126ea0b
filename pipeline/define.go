package pipeline

import "foil/spec"

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
			return nil, spec.Errors{{Pos: f.NamePos, Msg: k.Name + " takes no parameters"}}
		}
		return &Parameters{}, nil
	}
	values := k.Params()
	if err := spec.Decode(with, values); err != nil {
		return nil, err
	}
	if s, ok := values.(settler); ok {
		s.Settle()
	}
	return &Parameters{Values: values, Canonical: spec.Canonical(values)}, nil
}
