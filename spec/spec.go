package spec

// A Spec is one experiment, parsed and checked as far as that can be done
// without knowing the kinds. ${vars.*} and ${seed} have been replaced; what
// remains in With and Seed are ${matrix.*} expressions, replaced cell by cell.
type Spec struct {
	File   string // as given to Parse
	Name   string // names results/NAME
	Title  string
	Cites  string
	Seed   int64
	Vars   Value // a map, resolved
	Stages []*Stage

	sources sources // for the snippets of errors that are found later
}

// A Stage is a named step of a spec.
type Stage struct {
	Name    string
	Pos     Pos // of the name
	Uses    string
	UsesPos Pos
	Needs   []Need // in file order
	Gather  []Need // in file order
	Matrix  []Axis // own axes, in file order; inherited ones are the pipeline's business
	Exclude []Exclusion
	With    Value  // a map (empty when not given)
	Seed    *Value // the stage's own seed, if given; an Int or a ${matrix.*} expression
	Broken  bool   // Parse has reported a problem within the stage: what is here may not be what was meant

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

// Options are the parts of a spec that do not stand in its file.
type Options struct {
	// Sets are changes in the form PATH=VALUE, such as "stages.model.with.epochs=5",
	// made in this order before anything is interpreted.
	Sets []string

	// Open reads the spec that another one extends. The name is a path
	// relative to the file given to Parse or the name of an experiment, as
	// written behind `extend:`. Nil: nothing can be extended.
	Open func(name string) ([]byte, error)
}

// Parse reads a spec. The error is Errors: everything that is wrong, each with
// its position. Kinds, their parameters and inherited axes are left to check.
//
// A Spec may come along with the error, so that what is left can be checked and
// all be told at once; stages with problems are marked as Broken.
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

// ParseValue reads one value, as Value.String writes it. The error is Errors.
func ParseValue(file, text string) (Value, error) {
	p := &problems{sources: sources{file: splitLines(text)}}
	v, _ := parseTree(p, file, text, 0)
	return v, p.err()
}
