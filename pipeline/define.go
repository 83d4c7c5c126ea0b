package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
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

	// CheckFacts compares parameters with what is known about the outputs of the inputs: see
	// Input.Cells. What it reports counts only if a cell of the stage is to run. A note is for what
	// may be a mistake, but does not stop Run. Nil: nothing to check.
	CheckFacts func(p *P, inputs []Input, report, note spec.Reporter)

	// Facts says what is known about the output, given the same about the needs, as far as it is
	// known (nil otherwise). Nil: nothing.
	Facts func(p *P, needs map[string]*Facts) *Facts

	// CheckMachine reports what Run needs on this machine besides its inputs and what is not there,
	// such as a program, or will not work. It must be quick, and report only what another stage
	// cannot make. foil validate calls it, and foil run before anything runs, which then runs nothing
	// if something is missing. Nil: nothing to check.
	CheckMachine func(env *Env, p *P, report spec.Reporter)

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
	k.definition = &typed[P]{kind: k.Name, params: params, takesNone: len(params.Fields()) == 0, work: w}
	return k
}

// Fields lists the parameters.
func (k Kind) Fields() []spec.FieldInfo { return k.definition.described().Fields() }

// Modes lists the modes of a spec in which the kind has other defaults, sorted.
func (k Kind) Modes() []string { return k.definition.described().ModeNames() }

// In returns the kind with the defaults of a mode. A kind that has no such mode has its usual
// defaults. A mode is part of no key: parameters are, with the defaults filled in.
func (k Kind) In(mode string) Kind {
	k.definition = k.definition.in(mode)
	return k
}

// Problems lists what is wrong with the description of the kind, such as missing
// documentation. A test shows them.
func (k Kind) Problems() []string {
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
	problems = append(problems, k.Cost.problems(k)...)
	return append(problems, k.definition.described().Problems()...)
}

// CheckInputs reports parameters that do not fit what a stage is given.
func (k Kind) CheckInputs(params any, inputs []Input, report spec.Reporter) {
	k.definition.checkInputs(params, inputs, report)
}

// CheckMachine reports what the kind needs on this machine and what is not there.
func (k Kind) CheckMachine(env *Env, params any, report spec.Reporter) {
	k.definition.checkMachine(env, params, report)
}

// CheckFacts reports parameters that do not fit what is known about the outputs of the inputs.
func (k Kind) CheckFacts(params any, inputs []Input, report, note spec.Reporter) {
	k.definition.checkFacts(params, inputs, report, note)
}

// Facts says what is known about the output of a cell before it runs; nil: nothing.
func (k Kind) Facts(params any, needs map[string]*Facts) *Facts {
	return k.definition.facts(params, needs)
}

// ReadsSources says whether the kind reads from outside the pipeline.
func (k Kind) ReadsSources() bool { return k.definition.readsSources() }

// Sources lists what the kind reads from outside the pipeline.
func (k Kind) Sources(ctx context.Context, env *Env, params any) ([]Source, error) {
	return k.definition.sources(ctx, env, params)
}

// Run does the work of a cell.
func (k Kind) Run(ctx context.Context, cell *Cell, params any) error {
	cell.By = KindVersion{k.Name, k.Version}
	return k.definition.run(ctx, cell, params)
}

// A definition is what Define was given. Parameters travel through graph, plan and task
// without their type: `any` stands for a pointer to the struct.
type definition interface {
	described() spec.Described
	in(mode string) definition
	defaults() any
	decode(with spec.Value) (any, error)
	decodeTask(text json.RawMessage) (any, error)
	checkInputs(params any, inputs []Input, report spec.Reporter)
	checkFacts(params any, inputs []Input, report, note spec.Reporter)
	checkMachine(env *Env, params any, report spec.Reporter)
	facts(params any, needs map[string]*Facts) *Facts
	readsSources() bool
	sources(ctx context.Context, env *Env, params any) ([]Source, error)
	run(ctx context.Context, cell *Cell, params any) error
}

// typed gives parameters their type back. Nothing else does.
type typed[P any] struct {
	kind      string
	params    *spec.Params[P]
	takesNone bool
	work      Work[P]
}

func (d *typed[P]) described() spec.Described { return d.params }

func (d *typed[P]) in(mode string) definition {
	other := *d
	other.params = d.params.In(mode)
	return &other
}

func (d *typed[P]) defaults() any { return d.params.New() }

func (d *typed[P]) decode(with spec.Value) (any, error) {
	if d.takesNone && len(with.Map) > 0 {
		return nil, spec.Errors{{Pos: with.Map[0].NamePos, Msg: d.kind + " takes no parameters"}}
	}
	return d.params.Decode(with)
}

func (d *typed[P]) decodeTask(text json.RawMessage) (any, error) {
	p := new(P)
	if d.takesNone {
		return p, nil
	}
	read := json.NewDecoder(bytes.NewReader(text))
	read.DisallowUnknownFields() // of a program whose kind has other parameters
	if err := read.Decode(p); err != nil {
		return nil, fmt.Errorf("parameters: %w", err)
	}
	return p, nil
}

func (d *typed[P]) of(params any) (*P, error) {
	p, ok := params.(*P)
	if !ok {
		return nil, fmt.Errorf("%s takes parameters of type %T, not %T", d.kind, p, params)
	}
	return p, nil
}

func (d *typed[P]) checkInputs(params any, inputs []Input, report spec.Reporter) {
	if d.work.CheckInputs == nil {
		return
	}
	p, err := d.of(params)
	if err != nil {
		report("", "%v", err)
		return
	}
	d.work.CheckInputs(p, inputs, report)
}

func (d *typed[P]) checkMachine(env *Env, params any, report spec.Reporter) {
	if d.work.CheckMachine == nil {
		return
	}
	p, err := d.of(params)
	if err != nil {
		report("", "%v", err)
		return
	}
	d.work.CheckMachine(env, p, report)
}

func (d *typed[P]) checkFacts(params any, inputs []Input, report, note spec.Reporter) {
	if p, err := d.of(params); err == nil && d.work.CheckFacts != nil {
		d.work.CheckFacts(p, inputs, report, note)
	}
}

func (d *typed[P]) facts(params any, needs map[string]*Facts) *Facts {
	p, err := d.of(params)
	if err != nil || d.work.Facts == nil {
		return nil
	}
	return d.work.Facts(p, needs)
}

func (d *typed[P]) readsSources() bool { return d.work.Sources != nil }

func (d *typed[P]) sources(ctx context.Context, env *Env, params any) ([]Source, error) {
	if d.work.Sources == nil {
		return nil, nil
	}
	p, err := d.of(params)
	if err != nil {
		return nil, err
	}
	return d.work.Sources(ctx, env, p)
}

func (d *typed[P]) run(ctx context.Context, cell *Cell, params any) error {
	p, err := d.of(params)
	if err != nil {
		return err
	}
	return d.work.Run(ctx, cell, p)
}
