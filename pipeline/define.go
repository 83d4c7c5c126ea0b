package pipeline

import (
	"context"
	"fmt"

	"foil/spec"
)

// Work is what a kind does with its parameters P.
type Work[P any] struct {
	// Run reads cell.Inputs and writes files with cell.Create. The parameters are the
	// cell's own, so it may change them. It must return ctx's error soon after ctx is
	// done, and must not read clocks, environment, or anything else from which two
	// identical runs could differ.
	Run func(ctx context.Context, cell *Cell, p *P) error

	// CheckInputs compares parameters that name inputs or axes with what a stage is given,
	// while the spec is checked. Nil: nothing to check.
	CheckInputs func(p *P, inputs []Input, report spec.Reporter)

	// Sources names what the kind reads from outside the pipeline: a data set in a folder,
	// the published checksum of one that would be downloaded, or a program beside the
	// spec. It is called while planning and must not download. The digests of the sources
	// are part of the key; where they lie is not. Nil: none.
	Sources func(ctx context.Context, env *Env, p *P) ([]Source, error)
}

// None is the parameters of a kind that takes none, and NoParams describes them.
type None struct{}

var NoParams = &spec.Params[None]{}

// Define makes a kind of its description, its parameters and its work:
//
//	pipeline.Define(pipeline.Kind{Name: "filter/k-core", ...}, coreParams,
//		pipeline.Work[Core]{Run: runCore})
func Define[P any](k Kind, params *spec.Params[P], w Work[P]) Kind {
	if w.Run == nil {
		panic(fmt.Sprintf("pipeline: kind %s has no Run", k.Name))
	}
	if len(params.Fields()) > 0 {
		k.params = params
		k.decode = func(with spec.Value) (any, error) {
			p, err := params.Decode(with)
			if err != nil {
				return nil, err
			}
			return p, nil
		}
		k.Params = func() any { return params.New() }
	}
	// Parameters travel through graph, plan and task without their type. Here, and nowhere
	// else, they get it back.
	typed := func(values any) (*P, error) {
		switch p := values.(type) {
		case *P:
			return p, nil
		case nil:
			if k.params == nil {
				return params.New(), nil
			}
		}
		return nil, fmt.Errorf("%s takes parameters of type %T, not %T", k.Name, (*P)(nil), values)
	}
	k.Run = func(ctx context.Context, cell *Cell) error {
		p, err := typed(cell.Params)
		if err != nil {
			return err
		}
		return w.Run(ctx, cell, p)
	}
	if w.CheckInputs != nil {
		k.CheckInputs = func(values any, inputs []Input, report spec.Reporter) {
			p, err := typed(values)
			if err != nil {
				report("", "%v", err)
				return
			}
			w.CheckInputs(p, inputs, report)
		}
	}
	if w.Sources != nil {
		k.Sources = func(ctx context.Context, env *Env, values any) ([]Source, error) {
			p, err := typed(values)
			if err != nil {
				return nil, err
			}
			return w.Sources(ctx, env, p)
		}
	}
	return k
}

// Parameters are those of a stage's cell, decoded.
type Parameters struct {
	Values    any    // a pointer to the kind's struct; nil where the kind takes none
	Canonical string // as they stand in the key, a line each
}

// Decode reads the parameters of a stage. The error is spec.Errors.
func (k *Kind) Decode(with spec.Value) (*Parameters, error) {
	if k.Params == nil {
		if len(with.Map) > 0 {
			f := with.Map[0]
			return nil, spec.Errors{{Pos: f.NamePos, Msg: k.Name + " takes no parameters"}}
		}
		return &Parameters{}, nil
	}
	decode := k.decode
	if decode == nil {
		decode = k.decodeByMethods
	}
	values, err := decode(with)
	if err != nil {
		return nil, err
	}
	return &Parameters{Values: values, Canonical: spec.Canonical(values)}, nil
}

// Fields lists the parameters.
func (k *Kind) Fields() []spec.FieldInfo {
	switch {
	case k.params != nil:
		return k.params.Fields()
	case k.Params != nil:
		return spec.Describe(k.Params())
	}
	return nil
}

// Problems lists what is wrong with the description of the kind, such as missing
// documentation. A test shows them.
func (k *Kind) Problems() []string {
	var problems []string
	if k.Doc == "" {
		problems = append(problems, "the kind has no documentation")
	}
	for _, p := range k.Inputs {
		if p.Doc == "" {
			problems = append(problems, fmt.Sprintf("input %q has no documentation", p.Name))
		}
	}
	for _, f := range k.Files {
		if f.Doc == "" {
			problems = append(problems, fmt.Sprintf("file %q has no documentation", f.Name))
		}
	}
	if k.params != nil {
		problems = append(problems, k.params.Problems()...)
	}
	return problems
}

// A settler is a struct of parameters, not described by spec.Params, of which some say
// what others mean: see spec.Params.Settle.
type settler interface{ Settle() }

// decodeByMethods reads the parameters of a kind that Define did not make.
func (k *Kind) decodeByMethods(with spec.Value) (any, error) {
	values := k.Params()
	if err := spec.Decode(with, values); err != nil {
		return nil, err
	}
	if s, ok := values.(settler); ok {
		s.Settle()
	}
	return values, nil
}
