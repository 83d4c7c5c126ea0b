package spec

// A Spec is one experiment, parsed and checked as far as possible without the kinds. ${vars.*} and
// ${seed} have been replaced. With and Seed may still hold ${matrix.*} expressions, which are
// replaced for each cell.
type Spec struct {
	File   string // as given to Parse
	Name   string // names results/NAME
	Title  string
	Cites  string
	Seed   int64
	Vars   Value // a map, resolved
	Stages []*Stage

	sources sources // for the snippets of later errors
}

// A Stage is a named step of a spec.
type Stage struct {
	Name    string
	Pos     Pos // of the name
	Uses    string
	UsesPos Pos
	Needs   []Need // in file order
	Gather  []Need // in file order
	Matrix  []Axis // own axes, in file order; package graph adds inherited axes
	Exclude []Exclusion
	With    Value  // a map (empty when not given)
	Seed    *Value // the stage's own seed, if given; an Int or a ${matrix.*} expression
	Broken  bool   // Parse has reported an error in the stage, so its fields may be wrong

	Resources Resources
}

// A Need wires the output of a stage to a named input.
type Need struct {
	Name     string // of the input
	Pos      Pos    // of the name
	Stage    string // whose output
	StagePos Pos
}

// An Axis is a named list of values that a stage is multiplied by.
type Axis struct {
	Name   string
	Pos    Pos
	Values []Value // at least one, scalars, no two equal
}

// Options are the parts of a spec outside its file.
type Options struct {
	// Sets are changes in the form PATH=VALUE, such as "stages.model.with.epochs=5". They are
	// applied in this order before the spec is interpreted.
	Sets []string

	// Open reads the spec that another spec extends. The name is a path relative to the file given
	// to Parse, or the name of an experiment, as written after `extend:`. Nil: `extend:` is an
	// error.
	Open func(name string) ([]byte, error)
}

// Parse reads a spec. The error is Errors: all mistakes, each with its position. Parse does not
// check kinds, their parameters and inherited axes.
//
// Parse may return a Spec together with an error, so that the caller can do the remaining checks
// and report all errors at once. Stages with errors are marked as Broken.
func Parse(file string, src []byte, opts Options) (*Spec, error) {
	p := &problems{sources: sources{}}
	l := &loader{problems: p, open: opts.Open}
	root, ok := l.load(file, "", src)
	if !ok {
		return nil, p.err()
	}
	for _, set := range opts.Sets {
		applySet(p, &root, set)
	}
	s := interpret(p, file, root)
	return s, p.err()
}

// ParseValue reads one value in the form of Value.String. The error is Errors.
func ParseValue(file, text string) (Value, error) {
	p := &problems{sources: sources{file: splitLines(text)}}
	v, _ := parseTree(p, file, text, 0)
	return v, p.err()
}
