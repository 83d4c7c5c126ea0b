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
